"""Checking and decoding a JPEG whose outline is known."""

from collections.abc import Iterator
from io import BytesIO
from typing import TYPE_CHECKING
from zlib import crc32

from circles_pictures.errors import Undecodable
from circles_pictures.exif import read_orientation
from circles_pictures.formats.jpeg.endings import end_of_coded
from circles_pictures.formats.jpeg.segments import read_outline
from circles_pictures.limits import MAX_JPEG_SCANNED_BLOCKS, MAX_PICTURE_BYTES, MIB
from circles_pictures.source import FIXED_BYTES, Source

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.JpegImagePlugin import JpegImageFile

    from circles_pictures.source import Band

_COLOURS = {1: "GRAY", 3: "RGB ", 4: "CMYK"}
_BLOCK_BYTES = 128
"""A block's 64 coefficients in libjpeg, which keeps them all where there are several scans."""
_TRIED_BYTES = 64 * 1024
"""This amount of coded data shows whether a decoder can begin."""
_LIBJPEG_BYTES = 8 * MIB
"""Rows of samples on their way, of the widest picture."""
_EOI = b"\xff\xd9"
_ENDINGS = (b"", b"\x55" * 16, b"\xa5\x3c\xd2\x69" * 4)
"""
Bits to try behind coded data: all 0, and two mixtures.

Of 2,377 pictures without their last 1 to 40 bytes, all 1 as a fourth told no other from whole ones.
"""
_AHEAD = b"\xff\0" * 8
"""libjpeg-turbo reads up to 64 bits ahead of what it decodes; as ones they decode to two blocks."""


class JpegSource(Source):
    """A JPEG, also one without its end marker; of several pictures behind each other the first."""

    name = "JPEG"
    media_type = "image/jpeg"

    def __init__(self, data: bytes) -> None:
        outline = read_outline(data)
        frame = outline.frame
        super().__init__(frame.width, frame.height, read_orientation(outline.exif))
        self.colours = _COLOURS[len(frame.components)]
        self._data = data
        self._outline = outline
        if not outline.ended:
            outline.end = end_of_coded(data, outline.scans_at)
        scans = len(outline.scans)
        if scans > 1 and scans * frame.blocks > MAX_JPEG_SCANNED_BLOCKS:
            raise Undecodable(f"The JPEG has {scans} scans, too many for a picture of its size.")

    @property
    def check_bytes(self) -> int:
        if not self._outline.ended:
            return max(self.decoding_bytes, self.holding_bytes)
        copied = self._copied if self._outline.is_buffered else _TRIED_BYTES
        return self._coefficient_bytes + copied + self.pixels // 16 + _LIBJPEG_BYTES

    @property
    def decoding_bytes(self) -> int:
        return self._coefficient_bytes + self._copied + self._pixel_bytes + _LIBJPEG_BYTES

    @property
    def holding_bytes(self) -> int:
        return self._pixel_bytes + FIXED_BYTES

    def reduced_bytes(self, factor: int) -> int:
        if not self._is_scaled(factor):
            return super().reduced_bytes(factor)
        pixels = self._pixel_bytes // factor**2
        kept = 3 * -(-self.width // factor) * -(-self.height // factor)
        decoding = self._coefficient_bytes + self._copied + pixels + _LIBJPEG_BYTES
        return max(decoding, pixels + FIXED_BYTES + kept, 2 * kept)

    def reduced_bands(self, factor: int) -> "Iterator[Band]":
        """Let libjpeg scale: it transforms fewer coefficients to fewer pixels."""
        from circles_pictures.rgb import split

        if not self._is_scaled(factor):
            return super().reduced_bands(factor)
        return split(self._load(self._coded(), factor=factor), self.inks)

    def _is_scaled(self, factor: int) -> bool:
        """Whether it can be decoded smaller; without its end marker every pixel is compared."""
        large = min(self.width, self.height) >= factor
        return self._outline.ended and large and factor in (2, 4, 8)

    @property
    def copy_bytes(self) -> int:
        return max(self.decoding_bytes, 8 * self.pixels + MAX_PICTURE_BYTES)

    @property
    def _copied(self) -> int:
        """The coded data, put behind the header that is kept."""
        return self._outline.end - self._outline.scans_at

    @property
    def _pixel_bytes(self) -> int:
        return self.pixels * (1 if len(self._outline.frame.components) == 1 else 4)

    @property
    def _coefficient_bytes(self) -> int:
        outline = self._outline
        return _BLOCK_BYTES * outline.frame.blocks if outline.is_buffered else 0

    def check(self) -> None:
        outline = self._outline
        if not outline.ended:
            self._check_end()
        elif outline.is_buffered:
            self._load(self._coded(), factor=8)
        else:
            # The entropy coding of one scan has no other errors than where it begins and ends.
            self._load(self._coded()[:_TRIED_BYTES], factor=8)

    def bands(self) -> "Iterator[Band]":
        from circles_pictures.rgb import split

        return split(self._whole(), self.inks)

    def image(self) -> "Image":
        from circles_pictures.rgb import converter

        image = self._whole()
        return converter(image, self.inks)(image) if image.mode == "CMYK" else image

    def read_profile(self) -> bytes:
        return self._outline.join_profile()

    def _whole(self) -> "JpegImageFile":
        return self._load(self._coded()) if self._outline.ended else self._check_end()

    def _check_end(self) -> "JpegImageFile":
        """
        Return the picture if only the end marker is missing, else raise Undecodable.

        Coded data that is cut off goes on into whatever follows it: what follows shows then.
        """
        outline = self._outline
        if not outline.is_refined:
            raise Undecodable("The JPEG is cut off or damaged.")
        if not outline.is_buffered:
            self._load(self._coded(), (_AHEAD,))
        checksums = set()
        for each in _ENDINGS:
            image = None  # one at a time
            image = self._load(self._coded(), (each, _EOI))
            checksums.add(_checksum(image))
        if image is None or len(checksums) > 1:
            raise Undecodable("The JPEG is cut off or damaged.")
        return image

    def _coded(self) -> memoryview:
        return memoryview(self._data)[self._outline.scans_at : self._outline.end]

    def _load(
        self, coded: memoryview, ending: tuple[bytes, ...] = (_EOI,), *, factor: int = 1
    ) -> "JpegImageFile":
        from PIL.JpegImagePlugin import JpegImageFile

        from circles_pictures.rgb import decoding

        with decoding(), BytesIO(b"".join((self._outline.head, coded, *ending))) as file:
            image = JpegImageFile(file)
            if factor > 1:  # an eighth needs neither the transform nor most of the pixels' memory
                image.draft(None, (max(self.width // factor, 1), max(self.height // factor, 1)))
            image.load()
        return image


def _checksum(image: "JpegImageFile") -> int:
    from circles_pictures.rgb import spans

    checksum = 0
    for top, bottom in spans(image.width, image.height):
        checksum = crc32(image.crop((0, top, image.width, bottom)).tobytes(), checksum)
    return checksum
