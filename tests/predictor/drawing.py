"""Draw test pictures and write them in every format that must be read."""

import base64
import io
import struct
import zlib

from PIL import Image, ImageDraw

WIDTH, HEIGHT = 240, 160
CENTRE, RADIUS = (70.0, 55.0), 30.0
"""The disc of disc(). It is off all axes and diagonals, so that each rotation moves it."""

STORED = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
"""EXIF orientation to the operation that turns an upright picture into the stored one."""


def disc(mode="RGB", *, ink="white", paper="black"):
    """Draw an upright picture of WIDTH x HEIGHT pixels with one disc."""
    large = Image.new("RGB", (WIDTH * 4, HEIGHT * 4), paper)
    (x, y), r = CENTRE, RADIUS
    ImageDraw.Draw(large).ellipse([4 * (x - r), 4 * (y - r), 4 * (x + r), 4 * (y + r)], fill=ink)
    return large.resize((WIDTH, HEIGHT), Image.Resampling.BOX).convert(mode)


def encoded(image, kind="JPEG", **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def oriented(orientation, kind="JPEG", **options):
    """Encode disc() as a camera in this orientation stores it."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = disc()
    turned = image if STORED[orientation] is None else image.transpose(STORED[orientation])
    return encoded(turned, kind, exif=exif, **options)


def b64(data):
    return base64.b64encode(data).decode()


def png_bomb(width, height, *, rows):
    """Return a PNG of one-bit black pixels with this size in its header and this number of rows."""
    packer = zlib.compressobj(9)
    row = bytes(1 + (min(width, 10_000) + 7) // 8)
    packed = b"".join(packer.compress(row) for _ in range(rows)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + _chunk(b"IDAT", packed)
        + _chunk(b"IEND", b"")
    )


def _chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def many_scans(count):
    """Return a progressive JPEG with its last scan repeated. Each costs the work of a picture."""
    data = encoded(disc(), progressive=True)
    last = data.rindex(b"\xff\xda")
    return data[:last] + data[last:-2] * count + b"\xff\xd9"
