"""Seeds of every format, and seeded ways to damage them."""

import struct
from io import BytesIO
from random import Random

import numpy as np
import pillow_heif
from PIL import Image

from tests.pictures.drawing import bmp, chunk, encode, grey, png, scene, tiff

EXIF = Image.Exif()
EXIF[0x112] = 6
_EDGES = [0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF]


def draw_seeds():
    """Return name and bytes of one small file for each format and way of reading it."""
    small = scene().resize((48, 32))
    values = np.asarray(small)
    deep = grey()[:32, :48].astype(np.uint16) * 200
    frames = [small.rotate(angle) for angle in (90, 180)]
    heic = BytesIO()
    pillow_heif.from_pillow(small).save(heic, quality=50)
    return {
        "jpeg": encode(small, "JPEG", exif=EXIF),
        "progressive jpeg": encode(small, "JPEG", progressive=True, restart_marker_rows=1),
        "cmyk jpeg": encode(small.convert("CMYK"), "JPEG"),
        "png": png(values, before=chunk(b"tEXt", b"a\0b")),
        "deep png": png(np.dstack([deep] * 3), depth=16),
        "palette png": encode(small.quantize(16), "PNG", transparency=2, exif=EXIF),
        "gif": encode(small, "GIF", save_all=True, append_images=frames),
        "webp": encode(small, "WEBP", exif=EXIF),
        "lossless webp": encode(small.convert("RGBA"), "WEBP", lossless=True),
        "moving webp": encode(small, "WEBP", save_all=True, append_images=frames),
        "bmp": bmp((0xFF00, 0xFF0000, 0xFF)),
        "palette bmp": encode(small.quantize(16), "BMP"),
        "tiff": tiff(values, photometric=2),
        "big tiff": tiff(values, photometric=2, big=True, order=">", tile=16),
        "deep tiff": tiff(deep, compressed=True, order=">"),
        "tiff with predictor": tiff(values, photometric=2, compressed=True, predictor=2),
        "floating tiff": tiff(deep.astype(np.float32), tile=16, compressed=True),
        "planes apart": tiff(np.dstack([deep] * 3), photometric=2, planar=True),
        "lzw tiff": encode(small, "TIFF", compression="tiff_lzw"),
        "jpeg in tiff": encode(small, "TIFF", compression="jpeg"),
        "fax": encode(small.convert("1"), "TIFF", compression="group4"),
        "packbits tiff": encode(small.convert("L"), "TIFF", compression="packbits"),
        "heic": heic.getvalue(),
        "avif": encode(small, "AVIF", speed=10),
    }


def mutate(random: Random, data: bytes, others: list[bytes]) -> bytes:
    """Damage a file in one to four ways."""
    damaged = bytearray(data)
    for _ in range(random.choice((1, 1, 1, 2, 2, 3, 4))):
        random.choice(_WAYS)(random, damaged, others)
    return bytes(damaged)


def _place(random, data):
    """Return a place, every other time in the header."""
    end = min(len(data), 300) if random.random() < 0.5 else len(data)
    return random.randrange(max(end, 1))


def _flip(random, data, others):
    for _ in range(random.choice((1, 2, 8))):
        if data:
            data[_place(random, data)] ^= 1 << random.randrange(8)


def _number(random, data, others):
    """Write an edge value as two or four bytes, in either order."""
    at, letter = _place(random, data), random.choice(("<H", ">H", "<I", ">I"))
    value = random.choice(_EDGES) & (0xFFFF if letter[1] == "H" else 0xFFFFFFFF)
    data[at : at + struct.calcsize(letter)] = struct.pack(letter, value)


def _cut(random, data, others):
    del data[_place(random, data) :]


def _remove(random, data, others):
    at = _place(random, data)
    del data[at : at + random.choice((1, 4, 12, 100))]


def _repeat(random, data, others):
    at = _place(random, data)
    data[at:at] = data[at : at + random.choice((1, 4, 12, 100))] * random.choice((1, 2, 50))


def _splice(random, data, others):
    other = random.choice(others)
    data[_place(random, data) :] = other[_place(random, other) :]


def _noise(random, data, others):
    at = _place(random, data)
    data[at : at + 8] = random.randbytes(8)


_WAYS = (_flip, _flip, _number, _number, _cut, _remove, _repeat, _splice, _noise)
