"""Small files that cost far more to read than their size tells, at the limits and beyond."""

import lzma
import struct
import zlib
from io import BytesIO

from PIL import Image

from tests.pictures.drawing import RED_ORIENTATION_6, chunk, encode

SIDE = 7071  # 50 megapixels


def png_of_one_colour(width, height, colour, exif=b"", depth=8):
    """A PNG that is never held in memory: colour 6 is RGBA, 2 RGB, 0 grey."""
    packer = zlib.compressobj(9)
    row = bytes(1 + width * {6: 4, 2: 3, 0: 1}[colour] * depth // 8)
    data = b"".join([*(packer.compress(row) for _ in range(height)), packer.flush()])
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    parts = [chunk(b"IHDR", head), chunk(b"eXIf", exif) if exif else b"", chunk(b"IDAT", data)]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts) + chunk(b"IEND", b"")


def one_tile(width, height, tile):
    """A deflated TIFF of few pixels in one tile of tile x tile RGB pixels."""
    packer = zlib.compressobj(9)
    row = bytes(tile * 3)
    data = b"".join([*(packer.compress(row) for _ in range(tile)), packer.flush()])
    tags = [(256, width), (257, height), (259, 8), (262, 2), (277, 3), (284, 1), (322, tile),
            (323, tile), (324, 8 + 2 + 11 * 12 + 4 + 6), (325, len(data))]  # fmt: skip
    entries = [struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags]
    entries.insert(2, struct.pack("<HHII", 258, 3, 3, 8 + 2 + 11 * 12 + 4))
    head = b"II*\0" + struct.pack("<IH", 8, len(entries))
    return head + b"".join(entries) + bytes(4) + struct.pack("<3H", 8, 8, 8) + data


def shared_strips(with_sizes=True):
    """A TIFF whose 60,000 strips are the same long deflated data, or all that follows."""
    packed = zlib.compress(bytes(3_000_000), 9)
    count, at = 60_000, 8
    offsets_at = at + len(packed)
    arrays = struct.pack(f"<{count}I", *[at] * count)
    sizes = struct.pack(f"<{count}I", *[len(packed)] * count)
    tags = [(256, 1, 500), (257, 1, count), (258, 1, 8), (259, 1, 8), (262, 1, 1),
            (273, count, offsets_at), (277, 1, 1), (278, 1, 1),
            (279, count, offsets_at + len(arrays))][: None if with_sizes else -1]  # fmt: skip
    directory = struct.pack("<H", len(tags))
    directory += b"".join(struct.pack("<HHII", tag, 4, n, value) for tag, n, value in tags)
    first = offsets_at + len(arrays) + len(sizes)
    return b"II*\0" + struct.pack("<I", first) + packed + arrays + sizes + directory + bytes(4)


def progressive_in_tiff():
    """A TIFF of one strip, which libjpeg can only unpack as a whole."""
    strip = encode(Image.new("RGB", (4000, 4000)), "JPEG", progressive=True)
    return one_strip(4000, 7, 6, strip)


def far_looking_strip():
    """A TIFF in one strip of LZMA that asks for a dictionary of a gigabyte."""
    packed = bytearray(lzma.compress(bytes(3 * 6500 * 6500)))
    end = 12 + 4 * packed[12]  # of the block's header, without its checksum
    packed[16] = 36
    packed[end : end + 4] = struct.pack("<I", zlib.crc32(packed[12:end]))
    return one_strip(6500, 34925, 2, packed)


def one_strip(side, compression, photometric, strip):
    """A TIFF of side x side pixels of three bytes in one strip."""
    tags = [(256, side), (257, side), (259, compression), (262, photometric), (273, 8), (277, 3),
            (278, side), (279, len(strip))]  # fmt: skip
    entries = [struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags]
    entries.insert(2, struct.pack("<HHII", 258, 3, 3, 8 + len(strip)))
    bits = struct.pack("<3H", 8, 8, 8)
    head = b"II*\0" + struct.pack("<I", 8 + len(strip) + len(bits))
    return head + strip + bits + struct.pack("<H", len(entries)) + b"".join(entries) + bytes(4)


def run_lengths():
    """A BMP of 50 megapixels in run lengths."""
    row = bytes([255, 7]) * (SIDE // 255) + bytes([SIDE % 255, 7]) + b"\0\0"
    bits = row * SIDE + b"\0\1"
    head = struct.pack("<IiiHHIIiiII", 40, SIDE, SIDE, 1, 8, 1, len(bits), 0, 0, 0, 0)
    start = 14 + 40 + 1024
    file = b"BM" + struct.pack("<IHHI", start + len(bits), 0, 0, start)
    return file + head + bytes(1024) + bits


def runs_of_one_pixel():
    """A BMP of 4 megapixels in more runs than are read."""
    head = struct.pack("<IiiHHIIiiII", 40, 2000, 2000, 1, 8, 1, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 0, 0, 0, 1078) + head + bytes(1024) + b"\1\7" * 2_000_000


def many_chunks():
    return png_of_one_colour(8, 8, 2)[:33] + chunk(b"zzZz", b"") * 2_000_000


def scans(count):
    """A progressive JPEG whose last scan is repeated."""
    data = encode(Image.new("L", (64, 64), 128), "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    return data[:last] + data[last:-2] * count + b"\xff\xd9"


def jpeg_with(before_scan=b"", in_scan=b""):
    """A small JPEG with bytes of no meaning in its header, or behind its coded data."""
    data = encode(Image.new("L", (64, 64), 128), "JPEG")
    return data[:2] + before_scan + data[2:-2] + in_scan + data[-2:]


def gif_with(extension, count):
    """A small GIF with an extension of a kind many times before its frame."""
    data = encode(Image.new("P", (8, 8)), "GIF")
    start = 13 + (3 << (data[10] & 7) + 1)
    return data[:start] + extension * count + data[start:]


def turned(file_format, side, **options):
    exif = Image.Exif()
    exif[0x112] = 6
    out = BytesIO()
    Image.new("RGB", (side, side), (90, 40, 20)).save(out, file_format, exif=exif, **options)
    return out.getvalue()


AT_THE_LIMIT = {
    "baseline JPEG": lambda: turned("JPEG", SIDE, quality=50),
    "progressive JPEG": lambda: turned("JPEG", SIDE, progressive=True, subsampling=0, quality=50),
    "RGBA PNG": lambda: png_of_one_colour(SIDE, SIDE, 6, RED_ORIENTATION_6),
    "16-bit PNG": lambda: png_of_one_colour(SIDE, SIDE, 0, depth=16),
    "16-bit RGB PNG": lambda: png_of_one_colour(6000, 6000, 2, depth=16),
    "WebP": lambda: turned("WEBP", 5700, method=0, quality=20),
    "GIF": lambda: encode(Image.new("P", (SIDE, SIDE)), "GIF"),
    "run lengths": run_lengths,
    "LZW TIFF": lambda: encode(Image.new("RGB", (5000, 5000)), "TIFF", compression="tiff_lzw"),
}
"""What is read, and costs as much as is allowed."""

CHEAP = {
    "fill bytes": lambda: jpeg_with(before_scan=b"\xff" * 30_000_000),
    "GIF of a long comment": lambda: gif_with(b"!\xfe" + b"\1a" * 120_000 + b"\0", 1),
}
"""What is read, and would cost much if what means nothing were looked at."""

BEYOND = {
    "wide PNG": lambda: png_of_one_colour(4_000_000, 1, 0),
    "tall PNG": lambda: png_of_one_colour(1, 4_000_000, 0),
    "one tile": lambda: one_tile(16, 16, 26752),
    "one smaller tile": lambda: one_tile(16, 16, 16384),
    "shared strips": shared_strips,
    "strips to the end": lambda: shared_strips(with_sizes=False),
    "150 scans": lambda: scans(150),
    "2,000 scans": lambda: scans(2000),
    "2 million chunks": many_chunks,
    "2 million runs": runs_of_one_pixel,
    "7 million segments": lambda: jpeg_with(in_scan=b"\xff\xc4\0\2" * 7_000_000),
    "tables of 30 MB": lambda: jpeg_with(before_scan=(b"\xff\xdb\xff\xff" + bytes(65533)) * 450),
    "15 million TEM markers": lambda: jpeg_with(in_scan=b"\xff\x01" * 15_000_000),
    "10 million extensions": lambda: gif_with(b"!\xf0\0", 10_000_000),
    "far-looking strip": far_looking_strip,
    "60-megapixel PNG": lambda: png_of_one_colour(10_000, 6_000, 6),
    "large WebP": lambda: encode(Image.new("L", (7_000, 5_000)), "WEBP", method=0),
}
"""What is refused."""
