"""Draw the plain scene in every kind of file that users sent."""

import struct
import zlib
from io import BytesIO

import numpy as np
from PIL import Image, ImageDraw

WIDTH, HEIGHT = 240, 160
DISCS = ((60, 80, 35), (140, 50, 28), (190, 115, 30))
"""Centre x, y and radius."""
RED_ORIENTATION_6 = b"MM\0*\0\0\0\x08\0\x01" + struct.pack(">HHIHH", 0x112, 3, 1, 6, 0) + bytes(4)


def scene(mode="RGB"):
    """Dark discs on light ground, without noise."""
    large = Image.new("L", (4 * WIDTH, 4 * HEIGHT), 220)
    for x, y, radius in DISCS:
        box = [4 * (x - radius), 4 * (y - radius), 4 * (x + radius), 4 * (y + radius)]
        ImageDraw.Draw(large).ellipse(box, fill=40)
    return large.resize((WIDTH, HEIGHT), Image.Resampling.BOX).convert(mode)


def grey():
    """The scene as numbers from 0 to 255."""
    return np.asarray(scene("L"))


def encode(image, kind, **options):
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def chunk(name, body, crc=None):
    checksum = zlib.crc32(name + body) if crc is None else crc
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", checksum)


def png(values=None, *, colour=2, depth=8, before=b"", behind=b""):
    """A PNG of values (height, width, channels), with chunks before and behind its data."""
    values = np.asarray(scene()) if values is None else values
    height, width = values.shape[:2]
    kind = ">u2" if depth == 16 else "u1"
    rows = b"".join(b"\0" + row.astype(kind).tobytes() for row in values)
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    parts = [chunk(b"IHDR", head), before, chunk(b"IDAT", zlib.compress(rows)), behind]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts) + chunk(b"IEND", b"")


def bmp(masks, depth=32, *, top_down=False):
    """A BMP whose pixels have red's, green's, blue's bits at masks."""
    image = np.asarray(scene()).astype(np.uint64)
    pixels = np.zeros(image.shape[:2], np.uint64)
    for channel, mask in enumerate(masks):
        shift, most = (mask & -mask).bit_length() - 1, mask >> ((mask & -mask).bit_length() - 1)
        pixels |= (image[..., channel] * most // 255) << shift
    rows = pixels.astype("<u4" if depth == 32 else "<u2")
    body = (rows if top_down else rows[::-1]).tobytes()
    height = -HEIGHT if top_down else HEIGHT
    head = struct.pack("<IiiHHIIiiII", 40, WIDTH, height, 1, depth, 3, len(body), 0, 0, 0, 0)
    offset = 14 + 40 + 12
    file = b"BM" + struct.pack("<IHHI", offset + len(body), 0, 0, offset)
    return file + head + struct.pack("<III", *masks) + body


def tiff(values, *, order="<", big=False, planar=False, tile=None, photometric=1, extra=(), more=(),
         compressed=False, predictor=1, thumbnail=False):  # fmt: skip
    """
    A TIFF of values (height, width, channels), uncompressed or deflated, in one strip or in tiles.

    more are further tags, (tag, kind, values); thumbnail puts a small page first, and the picture
    below it.
    """
    values = values[..., None] if values.ndim == 2 else values
    height, width, channels = values.shape
    planes = [values[..., n : n + 1] for n in range(channels)] if planar else [values]
    pieces = [_packed(each, order, compressed, predictor)
              for plane in planes for each in _pieces(plane, tile)]  # fmt: skip
    kind = {"u": 1, "i": 2, "f": 3}[values.dtype.kind]
    tags = [(256, 4, [width]), (257, 4, [height]), (258, 3, [8 * values.dtype.itemsize] * channels),
            (259, 3, [8 if compressed else 1]), (262, 3, [photometric]), (277, 3, [channels]),
            (284, 3, [2 if planar else 1]), (339, 3, [kind] * channels), *more]  # fmt: skip
    tags += [(338, 3, list(extra))] if extra else []
    tags += [(317, 3, [predictor])] if predictor != 1 else []
    return _write(tags, pieces, order, big, tile, height, thumbnail)


def _pieces(plane, tile):
    if tile is None:
        return [plane]
    height, width = plane.shape[:2]
    padded = np.pad(plane, ((0, -height % tile), (0, -width % tile), (0, 0)))
    return [padded[y : y + tile, x : x + tile]
            for y in range(0, height, tile) for x in range(0, width, tile)]  # fmt: skip


def _packed(values, order, compressed, predictor):
    if predictor == 2:
        first = np.zeros_like(values[:, :1])
        values = np.diff(values, axis=1, prepend=first)
    data = values.astype(values.dtype.newbyteorder(order)).tobytes()
    return zlib.compress(data) if compressed else data


def _write(tags, pieces, order, big, tile, height, thumbnail):
    at, offsets = 16 if big else 8, []
    for piece in pieces:
        offsets.append(at)
        at += len(piece)
    at += at % 2
    if tile:
        tags += [(322, 4, [tile]), (323, 4, [tile]), (324, 4, offsets)]
        tags += [(325, 4, [len(piece) for piece in pieces])]
    else:
        tags += [(273, 4, offsets), (278, 4, [height]), (279, 4, [len(each) for each in pieces])]
    data = b"".join(pieces)
    data += bytes(len(data) % 2)
    first = at
    if thumbnail:
        picture_values, picture = _directory(tags, at, order, big)
        data += picture_values + picture
        small = bytes([90]) * 64
        picture_at, at = at + len(picture_values), at + len(picture_values) + len(picture)
        small_at, at = at, at + 64
        data += small
        tags = [(254, 4, [1]), (256, 4, [8]), (257, 4, [8]), (258, 3, [8]), (259, 3, [1]),
                (262, 3, [1]), (273, 4, [small_at]), (277, 3, [1]), (278, 4, [8]), (279, 4, [64]),
                (330, 4, [picture_at])]  # fmt: skip
        first = at
    values, directory = _directory(tags, first, order, big)
    mark = b"II" if order == "<" else b"MM"
    if big:
        head = mark + struct.pack(order + "HHHQ", 43, 8, 0, first + len(values))
    else:
        head = mark + struct.pack(order + "HI", 42, first + len(values))
    return head + data + values + directory


def _directory(tags, at, order, big):
    values, entries = b"", struct.pack(order + ("Q" if big else "H"), len(tags))
    inline = 8 if big else 4
    for tag, kind, given in sorted(tags):
        body = given if isinstance(given, bytes) else _numbers(order, kind, given)
        count = len(given)
        if len(body) > inline:
            place = struct.pack(order + ("Q" if big else "I"), at + len(values))
            body, values = place, values + body + bytes(len(body) % 2)
        entries += struct.pack(order + ("HHQ" if big else "HHI"), tag, kind, count)
        entries += body.ljust(inline, b"\0")
    return values, entries + bytes(8 if big else 4)


def _numbers(order, kind, given):
    return struct.pack(f"{order}{len(given)}{ {3: 'H', 4: 'I'}[kind] }", *given)
