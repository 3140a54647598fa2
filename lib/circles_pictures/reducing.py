"""Bands of a picture made smaller by a whole number, while they come."""

from collections.abc import Iterator

from PIL import Image

from circles_pictures.source import Band


def reduce_bands(bands: Iterator[Band], factor: int, height: int) -> Iterator[Band]:
    """
    Yield bands whose pixels are means of factor times factor pixels.

    Rows that do not fill a row of the smaller picture are kept for the next band.

    Args:
        height: of the whole picture in pixels.
    """
    kept: Image.Image | None = None
    for top, band in bands:
        if kept:
            top, band = top - kept.height, _joined(kept, band)
        rows = band.height
        if top + rows < height:
            rows -= rows % factor
        kept = band.crop((0, rows, band.width, band.height)) if rows < band.height else None
        if rows:
            yield top // factor, band.reduce(factor, (0, 0, band.width, rows))


def _joined(upper: Image.Image, lower: Image.Image) -> Image.Image:
    both = Image.new("RGB", (lower.width, upper.height + lower.height))
    both.paste(upper, (0, 0))
    both.paste(lower, (0, upper.height))
    return both
