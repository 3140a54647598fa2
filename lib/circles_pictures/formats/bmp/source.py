"""Checking and decoding a BMP whose header is known."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from circles_pictures.errors import TooLarge, Undecodable
from circles_pictures.formats.bmp.header import RLE4, RLE8, read_header, read_profile
from circles_pictures.limits import MAX_BMP_RLE_BYTES, MIB
from circles_pictures.source import FIXED_BYTES, Source

if TYPE_CHECKING:
    from PIL.Image import Image

    from circles_pictures.source import Band

_INDEXED = {1: "P;1", 4: "P;4", 8: "P"}
"""Pillow's raw modes of a palette's indices by depth."""


class BmpSource(Source):
    """A BMP. Alpha counts where the file has a mask for it and any pixel is not transparent."""

    name = "BMP"
    media_type = "image/bmp"

    def __init__(self, data: bytes) -> None:
        header = read_header(data)
        super().__init__(header.width, header.height)
        self._data = data
        self._header = header
        self._packed = header.compression in (RLE8, RLE4)
        if self._packed and len(data) - header.offset > MAX_BMP_RLE_BYTES:
            raise TooLarge(
                f"The BMP has more than {MAX_BMP_RLE_BYTES:,} bytes of run lengths: save it as PNG."
            )

    def read_profile(self) -> bytes:
        return read_profile(self._data)

    @property
    def check_bytes(self) -> int:
        return self.pixels + 2 * MAX_BMP_RLE_BYTES if self._packed else MIB

    @property
    def decoding_bytes(self) -> int:
        looked_through = 2 * len(self._data) if self._header.masks[3] else 0
        return self.check_bytes + looked_through

    @property
    def holding_bytes(self) -> int:
        return self.check_bytes + FIXED_BYTES

    def check(self) -> None:
        if self._packed:
            self._unpacked()
            return
        header = self._header
        last_row = (header.width * header.depth + 7) // 8
        if len(self._data) < header.offset + header.stride * (header.height - 1) + last_row:
            raise Undecodable("The BMP is cut off or damaged.")

    def bands(self) -> "Iterator[Band]":
        from circles_pictures.rgb import spans

        header = self._header
        indices = self._unpacked() if self._packed else None
        if indices is None:
            self.check()
        to_rgb = self._converter()
        for top, bottom in spans(self.width, self.height):
            if indices is None:
                rows = self._rows(self._data, header.offset, header.stride, top, bottom)
            else:
                rows = self._rows(indices, 0, self.width, top, bottom)
            yield top, to_rgb(rows, bottom - top)

    def _unpacked(self) -> bytearray:
        from circles_pictures.formats.bmp.run_lengths import unpack

        header = self._header
        packed = self._data[header.offset :]
        four_bits = header.compression == RLE4
        return unpack(packed, self.width, self.height, four_bits=four_bits)

    def _rows(
        self, data: bytes | bytearray, offset: int, stride: int, top: int, bottom: int
    ) -> bytes:
        """Return the bytes of rows top to bottom as in the file, the last one padded."""
        first, last = top, bottom
        if not self._header.top_down:
            first, last = self.height - bottom, self.height - top
        rows = bytes(data[offset + first * stride : offset + last * stride])
        return rows.ljust((last - first) * stride, b"\0")

    def _converter(self) -> "Callable[[bytes, int], Image]":
        """Return what makes a band of RGB of rows in the file's order."""
        from circles_pictures.formats.bmp.pixels import indexed, masked, plain

        header = self._header
        if header.depth <= 8:
            rawmode = "P" if self._packed else _INDEXED[header.depth]
            return indexed(header, rawmode, self.width if self._packed else header.stride)
        if header.depth == 24:
            return plain(header)
        return masked(header, self._has_alpha())

    def _has_alpha(self) -> bool:
        """Many writers have a mask for alpha and leave all of it 0, which is no transparency."""
        header = self._header
        alpha = header.masks[3]
        if not alpha:
            return False
        size = header.depth // 8
        rows = self._data[header.offset : header.offset + header.stride * header.height]
        for byte, mask in enumerate(alpha.to_bytes(size, "little")):
            masked = bytes(bool(value & mask) for value in range(256))
            if mask and b"\1" in rows[byte::size].translate(masked):
                return True
        return False
