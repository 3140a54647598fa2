"""TIFFs deeper than 8 bits a sample, signed or floating, in bands."""

from collections.abc import Iterator
from functools import partial

from PIL import Image

from circles_pictures import deep
from circles_pictures.deep import Rows, Samples, interleaved, spans
from circles_pictures.formats.tiff import layout as tiff
from circles_pictures.formats.tiff.kinds import (
    INK,
    RAWMODES,
    WHITE_IS_ZERO,
    sample_format,
)
from circles_pictures.formats.tiff.layout import UNSIGNED, Layout
from circles_pictures.formats.tiff.pieces import decode, packed_pieces, rows_of
from circles_pictures.formats.tiff.pieces import spans as piece_spans
from circles_pictures.formats.tiff.raw import order, read_rows
from circles_pictures.rgb import converter
from circles_pictures.source import Band, ToRgb

_NODATA = 42113
"""GDAL's tag: a number as text."""
_UNSIGN = bytes(value ^ 0x80 for value in range(256))


def bands(layout: Layout, inks: ToRgb | None) -> Iterator[Band]:
    """Yield RGB. inks is as in Source. Raises Undecodable."""
    if layout.photometric == INK:
        return _ink(layout, inks)
    if layout.bits == 8:
        return _signed_bytes(layout)
    form = (layout.bits, sample_format(layout))
    return deep.bands(
        Samples(
            layout.width,
            layout.height,
            layout.colours,
            RAWMODES[(*form, order(layout))],
            layout.bits // 8,
            partial(_rows, layout),
            inverted=layout.photometric == WHITE_IS_ZERO,
            unsigned_32=form == (32, UNSIGNED),
            nodata=_nodata(layout),
        )
    )


def twelve_bits(layout: Layout, inks: ToRgb | None) -> Iterator[Band]:
    """Yield RGB of grey with 12 bits, two samples in three bytes, which Pillow takes apart."""
    return deep.bands(
        Samples(layout.width, layout.height, 1, "I;16", 2, partial(_twelve_bit_rows, layout))
    )


def read_all(layout: Layout) -> None:
    """Unpack everything once, and drop it. Raises Undecodable."""
    for _ in _rows(layout):
        pass


def _nodata(layout: Layout) -> float | None:
    text = layout.page.text(_NODATA)
    try:
        return float(text.partition(b"\0")[0]) if text else None
    except ValueError:
        return None


def _rows(layout: Layout) -> Iterator[Rows]:
    """Yield the colours, interleaved, and alpha where there is."""
    size, samples = layout.bits // 8, layout.samples_read
    row_bytes = layout.width * samples * size
    for first, last in piece_spans(layout, row_bytes):
        top, height = rows_of(layout, first, last)
        read = read_rows(layout, first, last)
        for start, end in spans(layout.width * samples, height):
            values = read[start * row_bytes : end * row_bytes]
            colours = _colours(values, layout.colours, samples, size)
            yield Rows(top + start, end - start, colours, _alpha(layout, values, end - start))


def _colours(values: bytes, colours: int, samples: int, size: int) -> bytes:
    """Drop the extra samples."""
    if colours == samples:
        return values
    step = samples * size
    return interleaved([values[byte::step] for byte in range(colours * size)])


def _alpha(layout: Layout, values: bytes, height: int) -> Image.Image | None:
    if not layout.has_alpha or sample_format(layout) != UNSIGNED:
        return None
    size = layout.bits // 8
    highest = size - 1 if order(layout) == "<" else 0
    alpha = values[layout.colours * size + highest :: layout.samples_read * size]
    return Image.frombytes("L", (layout.width, height), alpha)


def _signed_bytes(layout: Layout) -> Iterator[Band]:
    """Shift -128..127 to 0..255."""
    mode = "L" if layout.colours == 1 else "RGB"
    for rows in _rows(layout):
        grey = rows.values.translate(_UNSIGN)
        if layout.photometric == WHITE_IS_ZERO:
            grey = grey.translate(bytes(range(255, -1, -1)))
        yield rows.top, Image.frombytes(mode, (layout.width, rows.height), grey).convert("RGB")


def _ink(layout: Layout, inks: ToRgb | None) -> Iterator[Band]:
    """Keep the high byte of each ink, whose numbers have a meaning of their own."""
    highest = 1 if order(layout) == "<" else 0
    for rows in _rows(layout):
        band = Image.frombytes("CMYK", (layout.width, rows.height), rows.values[highest::2])
        yield rows.top, converter(band, inks)(band)


def _twelve_bit_rows(layout: Layout) -> Iterator[Rows]:
    tags = {tiff.BITS: [12], tiff.SAMPLES: [1], tiff.PHOTOMETRIC: [1]}
    for first, last in piece_spans(layout, 4 * layout.width):
        top, height = rows_of(layout, first, last)
        pieces = packed_pieces(layout, first, last)
        image = decode(layout, layout.width, height, dict(tags), pieces)
        for start, end in spans(layout.width, height):
            band = image.crop((0, start, layout.width, end))
            yield Rows(top + start, end - start, band.tobytes())
