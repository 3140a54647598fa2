"""
Some strips or tiles of a page as a small TIFF of their own, for Pillow and libtiff to unpack.

It has no tag but those that are given, so no other tag of a file ever reaches a decoder.
"""

import ctypes
import struct
from collections.abc import Iterator, Sequence
from contextlib import suppress
from io import BytesIO

from PIL import _imaging
from PIL.TiffImagePlugin import TiffImageFile

from circles_pictures.errors import Undecodable
from circles_pictures.formats.tiff import layout as tiff
from circles_pictures.formats.tiff.layout import Layout
from circles_pictures.rgb import decoding
from circles_pictures.source import BAND_BYTES

Tags = dict[int, Sequence[int] | bytes]
_SHORT, _LONG, _OPAQUE = 3, 4, 7


def spans(layout: Layout, row_bytes: int) -> Iterator[tuple[int, int]]:
    """Yield the first row of pieces and the one after the last, as many as fill a band."""
    step = max(1, BAND_BYTES // max(1, row_bytes * layout.piece_height))
    for first in range(0, layout.down, step):
        yield first, min(first + step, layout.down)


def rows_of(layout: Layout, first: int, last: int) -> tuple[int, int]:
    """Return the first row of the picture, and the number of rows, of some rows of pieces."""
    top = first * layout.piece_height
    return top, min(last * layout.piece_height, layout.height) - top


def packed_pieces(layout: Layout, first: int, last: int, plane: int = 0) -> list[bytes]:
    """Return the bytes of the pieces in some rows of pieces. Raises Undecodable."""
    start = plane * layout.across * layout.down
    numbers = range(start + first * layout.across, start + last * layout.across)
    return [_packed(layout, number) for number in numbers]


def _packed(layout: Layout, number: int) -> bytes:
    data, at = layout.page.data, layout.offsets[number]
    if layout.compression == tiff.NO_COMPRESSION:
        rows = layout.piece_height
        if not layout.tiled:  # the last strip is shorter
            top = number % layout.down * layout.piece_height
            rows = min(rows, layout.height - top)
        size = rows * layout.row_bytes
        told = layout.sizes[number] if layout.sizes else size
        if at + size > len(data) or told < size:
            raise Undecodable("The TIFF is cut off or damaged.")
    else:
        size = layout.sizes[number] if layout.sizes else len(data) - at
    if at >= len(data) or size < 1:
        raise Undecodable("The TIFF is cut off or damaged.")
    return data[at : at + size]


def silence_libtiff() -> None:
    """
    Keep libtiff from writing a line to stderr for each damaged row: a picture has thousands.

    What it cannot read raises, and is logged once as this picture's refusal. Where Pillow does not
    share libtiff's functions (TIFFSetErrorHandler(3)), the lines stay.
    """
    library = ctypes.CDLL(_imaging.__file__)
    for name in ("TIFFSetErrorHandler", "TIFFSetWarningHandler"):
        with suppress(AttributeError):
            getattr(library, name)(None)


silence_libtiff()


def decode(
    layout: Layout, width: int, height: int, tags: Tags, pieces: list[bytes]
) -> TiffImageFile:
    """Unpack pieces into an image of a size. Raises Undecodable."""
    image = open_pieces(layout, width, height, tags, pieces)
    with decoding():
        image.load()
    return image


def open_pieces(
    layout: Layout, width: int, height: int, tags: Tags, pieces: list[bytes]
) -> TiffImageFile:
    """Open pieces without unpacking them, so that the raw mode can still be changed."""
    tags = {tiff.WIDTH: [width], tiff.HEIGHT: [height], **tags}
    if layout.compression != tiff.NO_COMPRESSION:
        tags[tiff.COMPRESSION] = [layout.compression]
    with decoding():
        return TiffImageFile(BytesIO(_write(layout, tags, pieces)))


def _write(layout: Layout, tags: Tags, pieces: list[bytes]) -> bytes:
    """Return a classic TIFF: header, pieces, values, tags."""
    if layout.tiled:
        at_tag, size_tag = tiff.TILE_OFFSETS, tiff.TILE_SIZES
        tags.setdefault(tiff.TILE_WIDTH, [layout.piece_width])
        tags[tiff.TILE_HEIGHT] = [layout.piece_height]
    else:
        at_tag, size_tag = tiff.STRIP_OFFSETS, tiff.STRIP_SIZES
        tags[tiff.ROWS_PER_STRIP] = [layout.piece_height]
    offsets, at = [], 8
    for piece in pieces:
        offsets.append(at)
        at += len(piece)
    tags |= {at_tag: offsets, size_tag: [len(piece) for piece in pieces]}
    values, entries = _write_values(layout.order, tags, at + at % 2)
    magic = b"II*\0" if layout.order == "<" else b"MM\0*"
    header = magic + struct.pack(layout.order + "I", at + at % 2 + len(values))
    return b"".join([header, *pieces, bytes(at % 2), values, entries])


def _write_values(order: str, tags: Tags, at: int) -> tuple[bytes, bytes]:
    """Return the values that lie outside the directory, from a place on, and the directory."""
    values, entries = b"", struct.pack(order + "H", len(tags))
    for tag, given in sorted(tags.items()):
        kind, body = _encoded(order, given)
        if len(body) > 4:
            place = struct.pack(order + "I", at + len(values))
            body, values = place, values + body + bytes(len(body) % 2)
        entries += struct.pack(order + "HHI", tag, kind, len(given)) + body.ljust(4, b"\0")
    return values, entries + bytes(4)


def _encoded(order: str, given: Sequence[int] | bytes) -> tuple[int, bytes]:
    """Return kind and bytes of a tag's values."""
    if isinstance(given, bytes):
        return _OPAQUE, given
    kind, letter = (_LONG, "I") if max(given) >= 1 << 16 else (_SHORT, "H")
    return kind, struct.pack(f"{order}{len(given)}{letter}", *given)
