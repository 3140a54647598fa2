"""
Which kinds of TIFF come out right, tried against other readers; every other is refused.

Plain ones have up to 8 bits, unsigned, and are Pillow's to interpret. Deep ones are unpacked to
bytes and interpreted by deep.py.
"""

from enum import Enum, auto

from circles_pictures.errors import UnsupportedKind
from circles_pictures.formats.tiff.layout import (
    FLOAT,
    INK_SET,
    JPEG,
    OLD_JPEG,
    SIGNED,
    UNSIGNED,
    Layout,
)

WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, INDEXED, INK, YCBCR, LAB = 0, 1, 2, 3, 5, 6, 8
_VOID = 4
"""The sample format of writers that do not know theirs."""
_MOST_EXTRA = {WHITE_IS_ZERO: 0, BLACK_IS_ZERO: 1, RGB: 3, INDEXED: 1, INK: 2, YCBCR: 0, LAB: 0}
"""How many samples behind the colours Pillow can skip."""
_DEEP_COMPRESSIONS = {1, 5, 8, 32773, 32946, 34925, 50000}
_PREDICTED = {5, 8, 32946, 34925, 50000}
"""The compressions that have a predictor."""
RAWMODES = {
    (8, SIGNED, "<"): "I;8S",
    (8, SIGNED, ">"): "I;8S",
    (16, UNSIGNED, "<"): "I;16",
    (16, UNSIGNED, ">"): "I;16B",
    (16, SIGNED, "<"): "I;16S",
    (16, SIGNED, ">"): "I;16BS",
    (32, UNSIGNED, "<"): "I;32S",
    (32, UNSIGNED, ">"): "I;32BS",
    (32, SIGNED, "<"): "I;32S",
    (32, SIGNED, ">"): "I;32BS",
    (32, FLOAT, "<"): "F;32F",
    (32, FLOAT, ">"): "F;32BF",
    (64, FLOAT, "<"): "F;64F",
    (64, FLOAT, ">"): "F;64BF",
}
"""Pillow's raw mode by bits, sample format and order; unsigned 32 bits are read as signed."""


class Kind(Enum):
    PLAIN = auto()
    PLAIN_APART = auto()
    OLD_JPEG = auto()
    TWELVE_BITS = auto()
    DEEP = auto()


def read_kind(layout: Layout) -> Kind:
    """Raises UnsupportedKind."""
    if layout.compression == OLD_JPEG:
        return Kind.OLD_JPEG
    if layout.bits <= 8 and sample_format(layout) == UNSIGNED:
        return _plain(layout)
    if layout.bits == 12 and _is_packed_grey(layout):
        return Kind.TWELVE_BITS
    return _deep(layout)


def sample_format(layout: Layout) -> int:
    return UNSIGNED if layout.sample_format == _VOID else layout.sample_format


def predictor(layout: Layout) -> int:
    return layout.predictor if layout.compression in _PREDICTED else 1


def _plain(layout: Layout) -> Kind:
    photometric, extra = layout.photometric, layout.samples - layout.colours
    single = layout.samples == 1 and photometric in (WHITE_IS_ZERO, BLACK_IS_ZERO, INDEXED, YCBCR)
    _require(photometric in _MOST_EXTRA, f"photometric interpretation {photometric}")
    _require(layout.bits == 8 or (layout.bits in (1, 2, 4) and single), f"{layout.bits} bits")
    _require(photometric != INK or layout.page.number(INK_SET, 1) == 1, "other inks than CMYK")
    _require(layout.samples == layout.colours + extra >= _least(photometric), "too few channels")
    if layout.apart:
        _require(photometric in (BLACK_IS_ZERO, RGB, INK), "planes apart")
        _require(layout.compression != JPEG and layout.fill_order == 1, "planes apart")
        return Kind.PLAIN_APART
    _require(extra <= _MOST_EXTRA[photometric], f"{layout.samples} channels")
    plain_order = layout.fill_order == 1 or single or (photometric == RGB and not extra)
    _require(plain_order, "bits in reverse order")
    return Kind.PLAIN


def _least(photometric: int) -> int:
    """How many samples a picture of a photometric interpretation has at least."""
    return {RGB: 3, INK: 4, LAB: 3}.get(photometric, 1)


def _deep(layout: Layout) -> Kind:
    form = (layout.bits, sample_format(layout))
    _require((*form, "<") in RAWMODES, f"{layout.bits} bits of sample format {form[1]}")
    _require(layout.photometric in (WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, INK), "deep colours")
    _require(layout.photometric != INK or form == (16, UNSIGNED), "deep inks")
    _require(layout.samples >= _least(layout.photometric), "too few channels")
    _require(layout.compression in _DEEP_COMPRESSIONS, f"compression {layout.compression}")
    _require(layout.fill_order == 1 or predictor(layout) == 1, "bits in reverse order")
    _require(predictor(layout) == 1 or _undoes_predictor(layout, form), "this predictor")
    return Kind.DEEP


def _undoes_predictor(layout: Layout, form: tuple[int, int]) -> bool:
    """Whether libtiff gives Pillow the numbers as they were before the predictor."""
    single = layout.samples_per_piece == 1
    if predictor(layout) == 3:
        return single and form == (32, FLOAT) and layout.order == "<"
    if predictor(layout) != 2 or form[1] == FLOAT:
        return False
    if layout.bits == 32:
        return single and layout.order == "<"
    return single or layout.samples_per_piece in (3, 4)


def _is_packed_grey(layout: Layout) -> bool:
    return (
        (layout.samples, layout.photometric, layout.order) == (1, BLACK_IS_ZERO, "<")
        and layout.compression == 1
        and sample_format(layout) == UNSIGNED
        and layout.fill_order == 1
        and not layout.tiled
    )


def _require(known: bool, what: str) -> None:
    if not known:
        raise UnsupportedKind(f"This kind of TIFF is not read: {what}. Save it with 8 bits as RGB.")
