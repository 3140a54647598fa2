"""Encode pictures for people, which are sRGB, without metadata."""

from io import BytesIO
from typing import IO

from PIL import Image
from PIL.PngImagePlugin import PngInfo

_PNG_LEVEL = 1
"""zlib's fastest. A photograph becomes 10 % smaller with its default, in five times the time."""


def to_jpeg(image: Image.Image, *, quality: int) -> bytes:
    """Return a JPEG of an sRGB image, which is what readers take one without a profile for."""
    out = BytesIO()
    image.info.clear()  # Pillow writes comments and profiles of what it read
    image.save(out, "JPEG", quality=quality)
    return out.getvalue()


def write_png(image: Image.Image, file: IO[bytes]) -> None:
    """Write a PNG of an sRGB image, with the chunk that says so (PNG, 11.3.2.5)."""
    image.info.clear()
    said = PngInfo()
    said.add(b"sRGB", b"\0")
    image.save(file, "PNG", compress_level=_PNG_LEVEL, pnginfo=said)


def count_png_bytes(width: int, height: int) -> int:
    """Return the most that write_png writes: deflate stores what does not become smaller."""
    raw = (3 * width + 1) * height
    return raw + raw // 1000 + 64 * 1024
