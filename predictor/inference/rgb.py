"""
Convert every mode that Pillow reads to 8-bit RGB.

The modes are grey, palette, CMYK, alpha, 16 and 32 bits, and floats.
"""

from collections.abc import Callable, Iterator

import numpy as np
from PIL import Image

from predictor.detector import Pixels

BAND_BYTES = 8 * 1024 * 1024
"""The memory of one band in Pillow, where a pixel has four bytes."""


def rgb_pixels(image: Image.Image) -> Pixels:
    """
    Return a loaded image's pixels, shape (height, width, 3).

    Transparent pixels are blended with white. The image is converted band by band, so that a large
    picture does not have a second copy beside Pillow's own.
    """
    to_rgb = _converter(image)
    pixels = np.empty((image.height, image.width, 3), np.uint8)
    for top, band in _bands(image):
        pixels[top : top + band.height] = to_rgb(band)
    return pixels


def _bands(image: Image.Image) -> Iterator[tuple[int, Image.Image]]:
    rows = max(1, BAND_BYTES // (4 * image.width))
    for top in range(0, image.height, rows):
        yield top, image.crop((0, top, image.width, min(top + rows, image.height)))


def _converter(image: Image.Image) -> Callable[[Image.Image], Pixels]:
    if image.mode.startswith(("I", "F")):
        return _grey_scaler(image)
    if image.has_transparency_data:
        return _on_white
    return lambda band: np.asarray(band if band.mode == "RGB" else band.convert("RGB"))


def _on_white(band: Image.Image) -> Pixels:
    rgba = band.convert("RGBA")
    paper = Image.new("RGBA", rgba.size, "white")
    return np.asarray(Image.alpha_composite(paper, rgba).convert("RGB"))


def _grey_scaler(image: Image.Image) -> Callable[[Image.Image], Pixels]:
    """
    Scale grey deeper than 8 bits to 0..255 instead of clipping it.

    16-bit files keep their full range unless no value exceeds 12 bits, which is what most cameras
    of microscopes write. 32-bit integers and floats have no agreed range, so they get the picture's
    own.
    """
    low, high = _extremes(image)
    if image.mode.startswith("I;16"):
        low, high = 0.0, 4095.0 if high < 4096 else 65535.0
    scale = 255.0 / (high - low) if high > low else 0.0

    def grey(band: Image.Image) -> Pixels:
        scaled = np.nan_to_num(
            (np.asarray(band, np.float64) - low) * scale, posinf=255.0, neginf=0.0
        )
        levels = np.clip(np.rint(scaled), 0, 255).astype(np.uint8)
        return np.repeat(levels[:, :, None], 3, axis=2)

    return grey


def _extremes(image: Image.Image) -> tuple[float, float]:
    """Return the smallest and the largest finite value, or (0, 0) without any."""
    bands = (np.asarray(band) for _, band in _bands(image))
    finite = [values for values in (band[np.isfinite(band)] for band in bands) if values.size]
    ends = [(float(values.min()), float(values.max())) for values in finite] or [(0.0, 0.0)]
    return min(low for low, _ in ends), max(high for _, high in ends)
