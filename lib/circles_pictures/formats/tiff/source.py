"""Checking and decoding a TIFF whose tags are known."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from circles_pictures.errors import UnsupportedKind
from circles_pictures.exif import UPRIGHT, checked
from circles_pictures.formats.tiff.kinds import (
    BLACK_IS_ZERO,
    INK,
    LAB,
    WHITE_IS_ZERO,
    Kind,
    predictor,
    read_kind,
)
from circles_pictures.formats.tiff.layout import check_pieces, read_layout
from circles_pictures.formats.tiff.pages import find_page
from circles_pictures.limits import MAX_PROFILE_BYTES
from circles_pictures.source import FIXED_BYTES, Source

if TYPE_CHECKING:
    from circles_pictures.source import Band

_ORIENTATION, _PROFILE = 274, 34675
_COLOURS = {WHITE_IS_ZERO: "GRAY", BLACK_IS_ZERO: "GRAY", INK: "CMYK", LAB: "Lab "}
"""ICC's names by photometric interpretation, where it is not RGB in the end."""
_LOOKING_BACK = {34925, 50000}
"""LZMA and Zstd, whose decoders may keep all that they have unpacked of a piece."""


class TiffSource(Source):
    """A TIFF; of several pages the first that is not a thumbnail."""

    name = "TIFF"
    media_type = "image/tiff"

    def __init__(self, data: bytes) -> None:
        page, first = find_page(data)
        layout = read_layout(page)
        orientation = page.number(_ORIENTATION, first.number(_ORIENTATION, UPRIGHT))
        super().__init__(layout.width, layout.height, checked(orientation))
        self._layout = layout
        self._kind = read_kind(layout)
        self.colours = _COLOURS.get(layout.photometric, "RGB ")
        if self._kind is Kind.OLD_JPEG and (page is not first or self.orientation != UPRIGHT):
            raise UnsupportedKind("This kind of TIFF is not read: old-style JPEG. Save it as JPEG.")

    def confirm(self) -> None:
        check_pieces(self._layout)

    @property
    def check_bytes(self) -> int:
        return self.holding_bytes

    @property
    def decoding_bytes(self) -> int:
        return self.holding_bytes

    @property
    def holding_bytes(self) -> int:
        """One band: pieces side by side as they are packed, in libtiff, and unpacked."""
        layout = self._layout
        if self._kind is Kind.OLD_JPEG:
            return 8 * self.pixels + FIXED_BYTES
        rows = min(layout.piece_height, layout.height)
        unpacked = rows * layout.width * self._unpacked_pixel_bytes
        packed = min(2 * len(layout.page.data), 2 * unpacked)
        copies = 2 if layout.compression in _LOOKING_BACK else 1
        return unpacked + packed + copies * layout.piece_bytes + FIXED_BYTES

    @property
    def _unpacked_pixel_bytes(self) -> int:
        """Bytes of a pixel in Pillow; of a deep one in Pillow, and as bytes."""
        if self._kind in (Kind.PLAIN, Kind.TWELVE_BITS):
            return 4
        if self._kind is Kind.PLAIN_APART:
            return 8 + self._layout.samples_read
        halves = 8 if predictor(self._layout) != 1 else 0
        return 3 * self._layout.samples_read * self._layout.bits // 8 + halves

    def check(self) -> None:
        if self._kind is Kind.DEEP:
            from circles_pictures.formats.tiff.deep import read_all

            return read_all(self._layout)
        for _ in self.bands():
            pass

    def bands(self) -> "Iterator[Band]":
        from circles_pictures.formats.tiff import deep, plain

        read = {
            Kind.PLAIN: plain.bands,
            Kind.PLAIN_APART: plain.bands_apart,
            Kind.OLD_JPEG: plain.whole,
            Kind.TWELVE_BITS: deep.twelve_bits,
            Kind.DEEP: deep.bands,
        }
        return read[self._kind](self._layout, self.inks)

    def read_profile(self) -> bytes:
        return self._layout.page.block(_PROFILE, MAX_PROFILE_BYTES)
