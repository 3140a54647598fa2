"""TIFFs of up to 8 bits a sample, in bands that Pillow interprets."""

from collections.abc import Iterator
from io import BytesIO

from PIL import Image
from PIL.TiffImagePlugin import TiffImageFile

from circles_pictures.formats.tiff import layout as tiff
from circles_pictures.formats.tiff.kinds import BLACK_IS_ZERO, INDEXED, INK, RGB, YCBCR, predictor
from circles_pictures.formats.tiff.layout import Layout
from circles_pictures.formats.tiff.pieces import Tags, decode, packed_pieces, rows_of, spans
from circles_pictures.rgb import converter, decoding, split
from circles_pictures.source import Band, ToRgb

_T4_OPTIONS, _T6_OPTIONS, _JPEG_TABLES, _SUBSAMPLING = 292, 293, 347, 530
_COPIED = (_T4_OPTIONS, _T6_OPTIONS, _SUBSAMPLING, tiff.FILL_ORDER, tiff.PALETTE)
_MOST_VALUES = 768
"""Of a palette of 256 colours."""
_UNASSOCIATED, _ASSOCIATED = 2, 1


def bands(layout: Layout, inks: ToRgb | None) -> Iterator[Band]:
    """Yield RGB. inks is as in Source. Raises Undecodable."""
    tags = _tags(layout)
    for first, last in spans(layout, 4 * layout.width):
        top, height = rows_of(layout, first, last)
        pieces = packed_pieces(layout, first, last)
        yield from _shifted(decode(layout, layout.width, height, dict(tags), pieces), top, inks)


def bands_apart(layout: Layout, inks: ToRgb | None) -> Iterator[Band]:
    """Yield RGB of planes that lie apart. inks is as in Source."""
    mode = {BLACK_IS_ZERO: "L", RGB: "RGB", INK: "CMYK"}[layout.photometric]
    for first, last in spans(layout, 4 * layout.width):
        top, height = rows_of(layout, first, last)
        planes = [
            _plane(layout, height, packed_pieces(layout, first, last, plane))
            for plane in range(layout.samples_read)
        ]
        band = Image.merge(mode, planes[: layout.colours])
        band = converter(band, inks)(band)
        if layout.has_alpha:
            with_alpha = "RGBa" if layout.extra[0] == _ASSOCIATED else "RGBA"
            band = Image.merge(with_alpha, [*band.split(), planes[-1]]).convert("RGBA")
        yield from _shifted(band, top)


def whole(layout: Layout, inks: ToRgb | None) -> Iterator[Band]:
    """Yield RGB of a file in old-style JPEG, whose parts refer to each other's places."""
    with decoding():
        image = TiffImageFile(BytesIO(layout.page.data))
        image.load()
    return split(image, inks)


def _shifted(image: Image.Image, top: int, inks: ToRgb | None = None) -> Iterator[Band]:
    for row, band in split(image, inks):
        yield top + row, band


def _plane(layout: Layout, height: int, pieces: list[bytes]) -> Image.Image:
    tags: Tags = {tiff.BITS: [8], tiff.SAMPLES: [1], tiff.PHOTOMETRIC: [BLACK_IS_ZERO]}
    if predictor(layout) != 1:
        tags[tiff.PREDICTOR] = [predictor(layout)]
    return decode(layout, layout.width, height, tags, pieces)


def _tags(layout: Layout) -> Tags:
    page, single = layout.page, layout.samples == 1
    photometric = BLACK_IS_ZERO if single and layout.photometric == YCBCR else layout.photometric
    tags: Tags = {
        tiff.BITS: [layout.bits] * layout.samples,
        tiff.SAMPLES: [layout.samples],
        tiff.PHOTOMETRIC: [photometric],
    }
    if predictor(layout) != 1:
        tags[tiff.PREDICTOR] = [predictor(layout)]
    if extra := _extra(layout):
        tags[tiff.EXTRA_SAMPLES] = extra
    if tables := page.text(_JPEG_TABLES):
        tags[_JPEG_TABLES] = tables
    copied = {tag: list(page.numbers(tag)[:_MOST_VALUES]) for tag in _COPIED}
    return tags | {tag: values for tag, values in copied.items() if values}


def _extra(layout: Layout) -> list[int]:
    """Return the kinds of extra samples as Pillow knows them; from the second on none counts."""
    count = layout.samples - layout.colours
    if not count:
        return []
    first = layout.extra[0] if layout.extra else _UNASSOCIATED
    if first not in (0, _ASSOCIATED, _UNASSOCIATED) or layout.photometric == INK:
        first = 0 if layout.photometric == INK else _UNASSOCIATED
    if layout.photometric == INDEXED and first == _ASSOCIATED:
        first = _UNASSOCIATED
    return [first] + [0] * (count - 1)
