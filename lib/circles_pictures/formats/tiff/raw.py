"""The numbers of a deep TIFF as bytes, interleaved and in rows, whatever lies how in the file."""

from PIL import Image

from circles_pictures.deep import interleaved
from circles_pictures.formats.tiff import layout as tiff
from circles_pictures.formats.tiff.kinds import BLACK_IS_ZERO, RGB, predictor
from circles_pictures.formats.tiff.layout import Layout
from circles_pictures.formats.tiff.pieces import (
    Tags,
    decode,
    open_pieces,
    packed_pieces,
    rows_of,
)
from circles_pictures.rgb import decoding

_REVERSED = bytes(int(f"{value:08b}"[::-1], 2) for value in range(256))


def order(layout: Layout) -> str:
    """Return the order of the bytes that read_rows gives."""
    return "<" if predictor(layout) != 1 else layout.order


def read_rows(layout: Layout, first: int, last: int) -> bytes:
    """
    Return the samples of some rows of pieces, samples_read of each pixel.

    Raises Undecodable.
    """
    _, height = rows_of(layout, first, last)
    planes = range(layout.samples_read if layout.apart else 1)
    read = [_read(layout, height, packed_pieces(layout, first, last, plane)) for plane in planes]
    return read[0] if len(read) == 1 else join_planes(read, layout.bits // 8)


def join_planes(planes: list[bytes], size: int) -> bytes:
    """Interleave planes whose samples have size bytes."""
    return interleaved([plane[byte::size] for plane in planes for byte in range(size)])


def _read(layout: Layout, height: int, pieces: list[bytes]) -> bytes:
    if predictor(layout) != 1:
        return _predicted(layout, height, pieces)
    if layout.compression == tiff.NO_COMPRESSION:
        return _stored(layout, height, pieces)
    return _unpacked(layout, height, pieces)


def _row_bytes(layout: Layout) -> int:
    return layout.width * layout.samples_per_piece * layout.bits // 8


def _stored(layout: Layout, height: int, pieces: list[bytes]) -> bytes:
    if layout.tiled:
        rows = _from_tiles(layout, height, pieces)
    else:
        rows = b"".join(pieces)
    return rows.translate(_REVERSED) if layout.fill_order == 2 else rows


def _from_tiles(layout: Layout, height: int, pieces: list[bytes]) -> bytes:
    """Put tiles side by side and below each other, and cut what reaches over the picture."""
    step, wanted = layout.row_bytes, _row_bytes(layout)
    rows = []
    for row in range(height):
        start = row // layout.piece_height * layout.across
        at = row % layout.piece_height * step
        line = b"".join(each[at : at + step] for each in pieces[start : start + layout.across])
        rows.append(line[:wanted])
    return b"".join(rows)


def _unpacked(layout: Layout, height: int, pieces: list[bytes]) -> bytes:
    """Let libtiff unpack the bytes as if each were a grey pixel."""
    tags: Tags = {tiff.BITS: [8], tiff.SAMPLES: [1], tiff.PHOTOMETRIC: [BLACK_IS_ZERO]}
    if layout.fill_order == 2:
        tags[tiff.FILL_ORDER] = [2]
    if layout.tiled:
        tags[tiff.TILE_WIDTH] = [layout.row_bytes]
    return decode(layout, _row_bytes(layout), height, tags, pieces).tobytes()


def _predicted(layout: Layout, height: int, pieces: list[bytes]) -> bytes:
    """Let libtiff undo the predictor, which it does for numbers in the modes that Pillow knows."""
    count = layout.samples_per_piece
    tags: Tags = {
        tiff.BITS: [layout.bits] * count,
        tiff.SAMPLES: [count],
        tiff.PHOTOMETRIC: [BLACK_IS_ZERO if count == 1 else RGB],
        tiff.PREDICTOR: [predictor(layout)],
    }
    if predictor(layout) == 3:
        tags[tiff.SAMPLE_FORMAT] = [tiff.FLOAT]
    if count == 4:
        tags[tiff.EXTRA_SAMPLES] = [2]
    if count == 1 or layout.bits == 8:
        return _little_endian(decode(layout, layout.width, height, tags, pieces))
    halves = [
        _half(layout, height, dict(tags), pieces, which) for which in ("B", "L")
    ]  # libtiff gives numbers in this machine's order: their first byte is the low one
    return interleaved(halves)


def _half(layout: Layout, height: int, tags: Tags, pieces: list[bytes], which: str) -> bytes:
    image = open_pieces(layout, layout.width, height, tags, pieces)
    rawmode = f"{image.mode};16{which}"
    [tile] = image.tile
    assert isinstance(tile.args, tuple)
    image.tile = [tile._replace(args=(rawmode, *tile.args[1:]))]
    with decoding():
        image.load()
    return image.tobytes()


def _little_endian(image: Image.Image) -> bytes:
    numbers = image.tobytes()
    if image.mode != "I;16B":
        return numbers
    return interleaved([numbers[1::2], numbers[0::2]])
