"""GIF (CompuServe, version 89a), decoded by Pillow: the first frame on its screen."""

from collections.abc import Iterator
from io import BytesIO
from typing import TYPE_CHECKING

from circles_pictures.errors import Undecodable
from circles_pictures.limits import MAX_GIF_BLOCKS, MAX_GIF_EXTENSIONS, MIB
from circles_pictures.source import FIXED_BYTES, Source

if TYPE_CHECKING:
    from PIL.GifImagePlugin import GifImageFile

    from circles_pictures.source import Band

_EXTENSION, _IMAGE, _CONTROL, _TRAILER = 0x21, 0x2C, 0xF9, b";"
_CONTROL_BYTES = 4
"""The size of a graphic control extension, which tells the transparent colour."""
_DAMAGED = "The GIF's header is cut off or damaged."


class GifSource(Source):
    """A GIF. A frame that reaches over its screen makes the picture larger, as in Pillow."""

    name = "GIF"
    media_type = "image/gif"

    def __init__(self, data: bytes) -> None:
        try:
            width, height, self._still = _read(data)
        except IndexError as error:
            raise Undecodable(_DAMAGED) from error
        super().__init__(width, height)

    @property
    def check_bytes(self) -> int:
        return self.decoding_bytes

    @property
    def decoding_bytes(self) -> int:
        return 2 * self.pixels + sum(map(len, self._still)) + 4 * MIB

    @property
    def holding_bytes(self) -> int:
        return self.pixels + FIXED_BYTES

    def check(self) -> None:
        self._load()

    def bands(self) -> "Iterator[Band]":
        from circles_pictures.rgb import split

        return split(self._load())

    def _load(self) -> "GifImageFile":
        from PIL.GifImagePlugin import GifImageFile

        from circles_pictures.rgb import decoding

        with decoding(), BytesIO(b"".join(self._still)) as file:
            image = GifImageFile(file)
            image.load()
        return image


def _read(data: bytes) -> tuple[int, int, list[bytes | memoryview]]:
    """
    Return the extent of screen and first frame, and the parts of a GIF of that frame alone.

    Raises IndexError where the file ends before.
    """
    width, height = (int.from_bytes(data[at : at + 2], "little") for at in (6, 8))
    at, left, extensions = 13 + _palette_bytes(data[10]), MAX_GIF_BLOCKS, 0
    head, control = data[:at], b""
    while data[at] == _EXTENSION:
        extensions += 1
        if extensions > MAX_GIF_EXTENSIONS:
            raise Undecodable(f"The GIF has more than {MAX_GIF_EXTENSIONS:,} extensions.")
        if data[at + 1] == _CONTROL and data[at + 2] == _CONTROL_BYTES:
            control = data[at : at + 3 + _CONTROL_BYTES] + b"\0"
        at, left = _skip_blocks(data, at + 2, left)
    if data[at] != _IMAGE:
        raise Undecodable(_DAMAGED)
    frame = [int.from_bytes(data[at + n : at + n + 2], "little") for n in (1, 3, 5, 7)]
    end = _skip_data(data, at + 10 + _palette_bytes(data[at + 9]) + 1, left)
    size = max(width, frame[0] + frame[2]), max(height, frame[1] + frame[3])
    return *size, [head, control, memoryview(data)[at:end], _TRAILER]


def _palette_bytes(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _skip_data(data: bytes, at: int, left: int) -> int:
    """Return where a frame ends. It may end with the file: the decoder tells what lacks."""
    try:
        return _skip_blocks(data, at, left)[0]
    except IndexError:
        return len(data)


def _skip_blocks(data: bytes, at: int, left: int) -> tuple[int, int]:
    """Return where the sub-blocks at a place end, and how many more are allowed."""
    while (size := data[at]) and left >= 0:
        at += 1 + size
        left -= 1
    if left < 0:
        raise Undecodable(f"The GIF has more than {MAX_GIF_BLOCKS:,} blocks.")
    return at + 1, left
