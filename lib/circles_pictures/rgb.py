"""Pillow's modes of 8 bits a channel to RGB, in bands: no second large picture exists."""

from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image

from circles_pictures.errors import Undecodable
from circles_pictures.source import BAND_BYTES, Band, ToRgb

Image.MAX_IMAGE_PIXELS = None  # opening.py has checked the size, and bands are wider than pictures


@contextmanager
def decoding() -> Iterator[None]:
    """Turn whatever Pillow raises at a damaged picture into Undecodable; MemoryError stays."""
    try:
        yield
    except (MemoryError, Undecodable):
        raise
    except Exception as error:  # a decoder raises OSError, SyntaxError, struct.error, EOFError …
        raise Undecodable("The picture is cut off or damaged.") from error


def split(image: Image.Image, inks: ToRgb | None = None) -> Iterator[Band]:
    """Yield a loaded image of 8 bits a channel in bands. inks is as in Source."""
    to_rgb = converter(image, inks)
    for top, bottom in spans(image.width, image.height):
        yield top, to_rgb(image.crop((0, top, image.width, bottom)))


def spans(width: int, height: int) -> Iterator[tuple[int, int]]:
    """Yield first row and end of each band."""
    rows = max(1, BAND_BYTES // (4 * width))
    for top in range(0, height, rows):
        yield top, min(top + rows, height)


def converter(image: Image.Image, inks: ToRgb | None = None) -> ToRgb:
    """Return what makes RGB of an image like this one. inks is as in Source."""
    if inks and image.mode == "CMYK":
        return inks
    if image.has_transparency_data:
        return on_white
    return lambda band: band if band.mode == "RGB" else band.convert("RGB")


def on_white(band: Image.Image) -> Image.Image:
    """Lay an image with transparency on white paper."""
    if band.mode == "La":
        band = band.convert("LA")
    rgba = band.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba).convert("RGB")
