"""Large files of the smallest units of their format: a reader that takes each singly is slow."""

import struct
from io import BytesIO

import pillow_heif
from PIL import Image

from tests.pictures.bombs import gif_with, jpeg_with, png_of_one_colour
from tests.pictures.drawing import chunk, encode

SIZE = 30_000_000


def repeated(unit):
    return unit * (SIZE // len(unit))


def jpeg_without_end(unit):
    return jpeg_with()[:-2] + repeated(unit)


def png_with(unit):
    data = png_of_one_colour(8, 8, 2)
    return data[:33] + repeated(unit) + data[33:]


def gif_of_tiny_blocks():
    return encode(Image.new("P", (8, 8)), "GIF")[:-2] + repeated(b"\1a") + b"\0;"


def webp_of(body):
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body


def webp_chunk(name, body=b""):
    return name + struct.pack("<I", len(body)) + body


def box(name, body=b""):
    return struct.pack(">I", 8 + len(body)) + name + body


def heic():
    out = BytesIO()
    pillow_heif.from_pillow(Image.new("RGB", (64, 64))).save(out)
    return out.getvalue()


def heic_of_boxes():
    data = heic()
    start = int.from_bytes(data[:4])
    return data[:start] + repeated(box(b"free")) + data[start:]


def heic_of_properties():
    """A HEIC's header with 4,096 items of 255 properties each."""
    size = b"\0\0\0\0" + struct.pack(">II", 64, 64)
    properties = box(b"ipco", box(b"ispe", size) + box(b"hvcC", bytes(16) + b"\xfd\xf8" + bytes(9)))
    item = struct.pack(">HB", 2, 255) + struct.pack(">H", 1) * 255
    associated = box(b"ipma", b"\0\0\0\1" + struct.pack(">I", 4096) + item * 4096)
    main = box(b"pitm", b"\0\0\0\0\0\1")
    meta = box(b"meta", b"\0\0\0\0" + main + box(b"iprp", properties + associated))
    return box(b"ftyp", b"heic\0\0\0\0mif1heic") + meta


def tiff_of(pages, tags, values=0):
    """A TIFF of thumbnails, each with tags of some values."""
    out, size = bytearray(b"II*\0\x08\0\0\0"), 2 + 12 * tags + 4
    at = 8 + size * pages if values else 1
    for page in range(1, pages + 1):
        out += struct.pack("<HHHII", tags, 254, 4, 1, 1)
        out += b"".join(struct.pack("<HHII", 255 + n, 4, values or 1, at) for n in range(tags - 1))
        out += struct.pack("<I", 8 + size * page if page < pages else 0)
    return bytes(out) + bytes(4 * values)


def tiff_of_jpegs(side, tile, jpeg):
    """A grey TIFF of side x side pixels whose tiles are all the same JPEG."""
    count = (-(-side // tile)) ** 2
    tags = [(256, 1, side), (257, 1, side), (258, 1, 8), (259, 1, 7), (262, 1, 1), (322, 1, tile),
            (323, 1, tile), (324, count, 8 + 2 + 10 * 12 + 4),
            (325, count, 8 + 2 + 10 * 12 + 4 + 4 * count), (277, 1, 1)]  # fmt: skip
    at = 8 + 2 + 10 * 12 + 4 + 8 * count
    head = b"II*\0" + struct.pack("<IH", 8, len(tags))
    head += b"".join(struct.pack("<HHII", tag, 4, *of) for tag, *of in tags) + bytes(4)
    offsets = struct.pack(f"<{count}I", *range(at, at + count * len(jpeg), len(jpeg)))
    return head + offsets + struct.pack("<I", len(jpeg)) * count + jpeg * count


_ANIMATED = webp_chunk(b"ANMF", bytes(16) + webp_chunk(b"zzzz") * 1024)
_TILE = jpeg_with(b"\xff\xfe\0\2" * 40)
_MANY_SEGMENTS = b"\xff\xd8" + b"\xff\xfe\0\2" * 40_000
_STILL = encode(Image.new("RGB", (8, 8)), "WEBP")[12:]

READ = {
    "JPEG: fill bytes": lambda: jpeg_with(before_scan=repeated(b"\xff")),
    "JPEG: fill bytes in the scan": lambda: jpeg_with(in_scan=repeated(b"\xff")),
    "JPEG: zeros behind it": lambda: jpeg_without_end(b"\0"),
    "JPEG: as many restarts as 50 megapixels have": lambda: jpeg_with(
        in_scan=b"a\xff\xd0" * 781_250
    ),
    "JPEG: large comments": lambda: jpeg_with(repeated(b"\xff\xfe\xff\xff" + bytes(65533))),
    "PNG: data in pieces of 1 KiB": lambda: png_with(chunk(b"teXt", bytes(1024))),
    "WebP: unknown chunks behind it": lambda: webp_of(_STILL + repeated(webp_chunk(b"zzzz"))),
    "HEIC: properties of other items": heic_of_properties,
    "TIFF: JPEG in tiles of 32 pixels": lambda: tiff_of_jpegs(7040, 32, _TILE),
}
"""Their headers are read."""

REFUSED = {
    **{
        f"JPEG: {name}": lambda unit=unit: jpeg_with(before_scan=repeated(unit))
        for name, unit in {
            "TEM": b"\xff\1",
            "starts of image": b"\xff\xd8",
            "restarts": b"\xff\xd0",
            "coded FF": b"\xff\0",
            "short runs of fill bytes": b"\xff" * 4000 + b"\0",
            "empty comments": b"\xff\xfe\0\2",
            "empty application data": b"\xff\xe5\0\2",
            "empty tables": b"\xff\xc4\0\2",
        }.items()
    },
    "JPEG: restarts in the scan": lambda: jpeg_with(in_scan=repeated(b"\xff\xd0")),
    "JPEG: restarts without an end": lambda: jpeg_without_end(b"\xff\xd0"),
    **{
        f"PNG: {name}": lambda unit=unit: png_with(unit)
        for name, unit in {
            "empty data": chunk(b"IDAT", b""),
            "empty texts": chunk(b"teXt", b""),
            "empty EXIF": chunk(b"eXIf", b""),
            "damaged EXIF": chunk(b"eXIf", b"II*\0", crc=1),
            "palettes": chunk(b"PLTE", b"abc"),
            "transparent colours": chunk(b"tRNS", b"abcabc"),
        }.items()
    },
    "GIF: empty extensions": lambda: gif_with(b"!\xf0\0", SIZE // 3),
    "GIF: controls": lambda: gif_with(b"!\xf9\4\0\0\0\0\0", SIZE // 8),
    "GIF: tiny blocks of a comment": lambda: gif_with(b"!\xfe" + repeated(b"\1a") + b"\0", 1),
    "GIF: tiny blocks of a frame": gif_of_tiny_blocks,
    "WebP: empty chunks": lambda: webp_of(repeated(webp_chunk(b"zzzz")) + _STILL),
    "WebP: empty chunks in frames": lambda: webp_of(repeated(_ANIMATED) + _STILL),
    "HEIC: empty boxes": heic_of_boxes,
    "TIFF: pages of many tags": lambda: tiff_of(64, 4096),
    "TIFF: tags of many values": lambda: tiff_of(64, 64, 600_000),
    "TIFF: JPEG in tiles of 16 pixels": lambda: tiff_of_jpegs(7040, 16, _TILE[:100]),
    "TIFF: JPEG of many segments": lambda: tiff_of_jpegs(32, 32, _MANY_SEGMENTS),
}
