"""Checking and decoding a HEIC or AVIF whose header is known."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING

from circles_pictures.errors import Undecodable
from circles_pictures.formats.heif.boxes import read_outline
from circles_pictures.formats.heif.process import Wanted, decoding_process, read_exactly
from circles_pictures.limits import MAX_PICTURE_BYTES, MAX_PROFILE_BYTES, MIB
from circles_pictures.source import FIXED_BYTES, Source

if TYPE_CHECKING:
    from typing import IO

    from circles_pictures.source import Band

_CHILD_BYTES = 40 * MIB
"""The process itself, with its libraries."""
_SLACK_BYTES = 32 * MIB
"""Addresses, which are what a process can be limited by; a decoder needs 8 MiB more than memory."""
_MEDIA_TYPES = {"HEIC": "image/heic", "AVIF": "image/avif"}
_RGB_BYTES = {"HEIC": 4, "AVIF": 6}
"""A pixel as RGB; Pillow has an AVIF's once more as bytes for a while."""


class HeifSource(Source):
    """
    A HEIC or AVIF, which its decoder turns upright.

    The header's size may be larger than the picture's: check, bands and upright_jpeg correct it.
    """

    def __init__(self, data: bytes) -> None:
        outline = read_outline(data)
        super().__init__(outline.width, outline.height)
        self.name = outline.codec
        self.media_type = _MEDIA_TYPES[outline.codec]
        self._data = data
        self._outline = outline

    def read_profile(self) -> bytes:
        profile = self._outline.profile
        return bytes(profile) if len(profile) <= MAX_PROFILE_BYTES else b""

    @property
    def check_bytes(self) -> int:
        return _CHILD_BYTES + self._child_may_take

    @property
    def decoding_bytes(self) -> int:
        return self.check_bytes

    @property
    def holding_bytes(self) -> int:
        """The process holds RGB, and what it decoded that from."""
        return self.check_bytes + FIXED_BYTES

    @property
    def rgb_bytes(self) -> int:
        # While rows come over, only RGB is left in the process.
        held = (_RGB_BYTES[self.name] + self._outline.sample_bytes) * self.pixels
        coming = round(held) + 3 * self.pixels + _CHILD_BYTES + FIXED_BYTES
        return max(self.check_bytes, coming)

    @property
    def copy_bytes(self) -> int:
        return self.check_bytes + MAX_PICTURE_BYTES

    @property
    def _child_may_take(self) -> int:
        outline = self._outline
        pixel_bytes = 2 * outline.sample_bytes + _RGB_BYTES[outline.codec]
        pixels = max(outline.largest, self.pixels)
        return round(pixel_bytes * pixels) + 2 * len(self._data) + _SLACK_BYTES

    @property
    def must_be_copied(self) -> bool:
        return True

    def check(self) -> None:
        with ExitStack() as stack:
            self._start("size", stack)

    def copy_of_check(self) -> bytes:
        """Decode once: every detector gets the JPEG in the end."""
        return self.upright_jpeg()

    def bands(self) -> "Iterator[Band]":
        stack = ExitStack()
        pixels = self._start("rgb", stack)
        return self._read_bands(pixels, stack)

    def upright_jpeg(self) -> bytes:
        with ExitStack() as stack:
            jpeg = self._start("jpeg", stack).read()
            if not jpeg.endswith(b"\xff\xd9"):
                raise Undecodable("The picture is damaged, or takes too long to decode.")
        return jpeg

    def _start(self, wanted: Wanted, stack: ExitStack) -> "IO[bytes]":
        process = decoding_process(self.name, wanted, self._data, self._child_may_take)
        width, height, stream = stack.enter_context(process)
        if not 0 < width * height <= self.pixels:
            stack.close()
            raise Undecodable(f"The {self.name} has another size than its header says.")
        self.width, self.height = width, height
        return stream

    def _read_bands(self, stream: "IO[bytes]", stack: ExitStack) -> "Iterator[Band]":
        from PIL import Image

        from circles_pictures.rgb import spans

        with stack:
            for top, bottom in spans(self.width, self.height):
                size = (self.width, bottom - top)
                yield top, Image.frombytes("RGB", size, read_exactly(stream, 3 * size[0] * size[1]))
