"""Checking and decoding a TIFF whose tags are known."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from circles_pictures.errors import UnsupportedKind
from circles_pictures.exif import UPRIGHT, checked
from circles_pictures.formats.tiff.kinds import Kind, predictor, read_kind
from circles_pictures.formats.tiff.layout import NO_COMPRESSION, read_layout
from circles_pictures.formats.tiff.pages import find_page
from circles_pictures.source import BAND_BYTES, FIXED_BYTES, Source

if TYPE_CHECKING:
    from circles_pictures.source import Band

_ORIENTATION = 274


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
        if self._kind is Kind.OLD_JPEG and (page is not first or self.orientation != UPRIGHT):
            raise UnsupportedKind("This kind of TIFF is not read: old-style JPEG. Save it as JPEG.")

    @property
    def check_bytes(self) -> int:
        layout = self._layout
        if self._kind is Kind.OLD_JPEG:
            return 8 * self.pixels + FIXED_BYTES
        # A band's pieces side by side; and one of them in libtiff.
        band = max(BAND_BYTES, layout.piece_height * layout.width * self._unpacked_pixel_bytes)
        if layout.compression == NO_COMPRESSION and not layout.tiled:
            return band + FIXED_BYTES
        return 2 * band + layout.piece_bytes + FIXED_BYTES

    @property
    def bands_bytes(self) -> int:
        return self.check_bytes + FIXED_BYTES

    @property
    def _unpacked_pixel_bytes(self) -> int:
        """Bytes of a pixel in Pillow, or unpacked."""
        if self._kind in (Kind.PLAIN, Kind.PLAIN_APART, Kind.TWELVE_BITS):
            return 4
        halves = 4 if predictor(self._layout) != 1 else 0
        return self._layout.samples_read * self._layout.bits // 8 + halves

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
        return read[self._kind](self._layout)


