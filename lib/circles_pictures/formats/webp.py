"""WebP (RFC 9649), decoded by Pillow's libwebp: the first frame on its canvas."""

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

from circles_pictures.errors import Undecodable
from circles_pictures.exif import UPRIGHT, read_orientation
from circles_pictures.limits import MAX_EXIF_BYTES, MAX_PROFILE_BYTES, MAX_WEBP_CHUNKS, MIB
from circles_pictures.source import FIXED_BYTES, Source

if TYPE_CHECKING:
    from PIL.Image import Image

    from circles_pictures.source import Band

_PIXEL_BYTES = 16
"""Two canvases of the decoder's, the bytes that it gives, and Pillow's image: 4 each."""
_HELD_BYTES = 12
"""Without the bytes, which Pillow drops once it has its image."""
_COPIES = 3
"""Of the coded frame: put together, read by Pillow, and libwebp's."""
_ALPHA_FLAG = 0x10
_DAMAGED = "The WebP's header is cut off or damaged."

Bytes = bytes | memoryview


@dataclass(slots=True)
class _Frame:
    """Where a frame lies on the canvas, and its chunks ALPH, VP8 or VP8L with their headers."""

    left: int = 0
    top: int = 0
    alpha: Bytes = b""
    pixels: Bytes = b""

    @property
    def coded_bytes(self) -> int:
        return len(self.alpha) + len(self.pixels)

    @property
    def size(self) -> tuple[int, int]:
        """What the coded pixels say themselves (RFC 6386, 9.1; RFC 9649, 3.4)."""
        name, body = bytes(self.pixels[:4]), bytes(self.pixels[8:18])
        if name == b"VP8 " and body[3:6] == b"\x9d\x01\x2a" and len(body) == 10:
            width, height = (int.from_bytes(body[at : at + 2], "little") for at in (6, 8))
            return width & 0x3FFF, height & 0x3FFF
        if name == b"VP8L" and body[:1] == b"\x2f" and len(body) >= 5:
            bits = int.from_bytes(body[1:5], "little")
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        raise Undecodable(_DAMAGED)


class WebpSource(Source):
    """A WebP; of an animation the first frame, white where it does not cover the canvas."""

    name = "WebP"
    media_type = "image/webp"

    def __init__(self, data: bytes) -> None:
        canvas, frame, exif, self._profile = _read(data)
        width, height = canvas or frame.size
        super().__init__(width, height, read_orientation(exif) if exif else UPRIGHT)
        self._frame = frame
        right, bottom = frame.left + frame.size[0], frame.top + frame.size[1]
        if right > width or bottom > height:
            raise Undecodable(_DAMAGED)

    def read_profile(self) -> bytes:
        return bytes(self._profile) if len(self._profile) <= MAX_PROFILE_BYTES else b""

    @property
    def check_bytes(self) -> int:
        return self.decoding_bytes

    @property
    def decoding_bytes(self) -> int:
        return _PIXEL_BYTES * self._frame_pixels + _COPIES * self._frame.coded_bytes + 2 * MIB

    @property
    def holding_bytes(self) -> int:
        partial = 8 * self.pixels if self._frame_pixels != self.pixels else 0
        return _HELD_BYTES * self._frame_pixels + partial + FIXED_BYTES

    @property
    def copy_bytes(self) -> int:
        return max(super().copy_bytes - FIXED_BYTES + 8 * MIB, self.decoding_bytes)

    @property
    def _frame_pixels(self) -> int:
        width, height = self._frame.size
        return width * height

    def check(self) -> None:
        self._load()

    def bands(self) -> "Iterator[Band]":
        from PIL import Image

        from circles_pictures.rgb import split

        image = self._load()
        if image.size != (self.width, self.height):
            canvas = Image.new("RGBA", (self.width, self.height))
            canvas.paste(image, (self._frame.left, self._frame.top))
            image = canvas
        return split(image)

    def _load(self) -> "Image":
        from PIL.WebPImagePlugin import WebPImageFile

        from circles_pictures.rgb import decoding

        with decoding(), BytesIO(_still(self._frame)) as file:
            image = WebPImageFile(file)
            image.load()
        return image


def _read(data: bytes) -> tuple[tuple[int, int] | None, _Frame, bytes, Bytes]:
    """Return the canvas, where it is told, the first frame, the EXIF block and the ICC profile."""
    canvas, frame, exif, view = None, _Frame(), b"", memoryview(data)
    profile: Bytes = b""
    looks = iter(range(MAX_WEBP_CHUNKS))
    for name, start, end in _chunks(data, 12, len(data), looks):
        body = view[start + 8 : end]
        if name == b"VP8X" and len(body) >= 10:
            canvas = (
                1 + int.from_bytes(body[4:7], "little"),
                1 + int.from_bytes(body[7:10], "little"),
            )
        elif name == b"EXIF":
            exif = bytes(body[:MAX_EXIF_BYTES])
        elif name == b"ICCP":
            profile = body
        elif name == b"ANMF" and not frame.pixels and len(body) >= 16:
            left, top = (2 * int.from_bytes(body[at : at + 3], "little") for at in (0, 3))
            frame = _Frame(left, top)
            for inner, first, last in _chunks(data, start + 24, end, looks):
                _keep(frame, inner, view[first:last])
        elif not frame.pixels:
            _keep(frame, name, view[start:end])
    if not frame.pixels:
        raise Undecodable("The WebP is cut off or damaged.")
    return canvas, frame, exif, profile


def _keep(frame: _Frame, name: bytes, chunk: Bytes) -> None:
    if name == b"ALPH":
        frame.alpha = chunk
    elif name in (b"VP8 ", b"VP8L") and not frame.pixels:
        frame.pixels = chunk


def _chunks(
    data: bytes, at: int, end: int, looks: Iterator[int]
) -> Iterator[tuple[bytes, int, int]]:
    """Yield (name, start, end) of complete chunks, without padding, one for each look."""
    for _ in looks:
        last = at + 8 + int.from_bytes(data[at + 4 : at + 8], "little")
        if at + 8 > end or last > end:
            return
        yield data[at : at + 4], at, last
        at = last + last % 2


def _still(frame: _Frame) -> bytes:
    """Return a file of this frame alone."""
    parts = _padded(frame.pixels)
    if frame.alpha and frame.pixels[:4] == b"VP8 ":
        width, height = ((side - 1).to_bytes(3, "little") for side in frame.size)
        head = b"VP8X" + (10).to_bytes(4, "little") + bytes([_ALPHA_FLAG, 0, 0, 0])
        parts = [head, width, height, *_padded(frame.alpha), *parts]
    size = 4 + sum(map(len, parts))
    return b"".join([b"RIFF", size.to_bytes(4, "little"), b"WEBP", *parts])


def _padded(chunk: Bytes) -> list[Bytes]:
    """Return a chunk and the byte that makes its length even."""
    return [chunk, bytes(len(chunk) % 2)]
