"""
Encoded pictures to upright RGB pixels: circles_pictures reads them, as it does for the functions.

Orientation is EXIF tag 274 (CIPA DC-008, 4.6.5): 1 upright, 2..8 the other turns and mirrorings.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np

from circles_pictures import errors
from circles_pictures.limits import MAX_PICTURE_BYTES
from circles_pictures.opening import open_picture
from circles_pictures.source import Source
from predictor.detector import Pixels
from predictor.errors import Refusal

_STATUSES: dict[type[errors.PictureError], int] = {
    errors.UnsupportedKind: 415,
    errors.TooLarge: 413,
    errors.Undecodable: 422,
    errors.Overloaded: 503,
}
_MOST_PIXELS_OF_FILES = 50_000_000
"""As many as the functions take by default."""

UPRIGHT: dict[int, Callable[[Pixels], Pixels]] = {
    2: lambda p: p[:, ::-1],
    3: lambda p: p[::-1, ::-1],
    4: lambda p: p[::-1],
    5: lambda p: p.transpose(1, 0, 2),
    6: lambda p: p.transpose(1, 0, 2)[:, ::-1],
    7: lambda p: p.transpose(1, 0, 2)[::-1, ::-1],
    8: lambda p: p.transpose(1, 0, 2)[::-1],
}
"""EXIF orientation to what makes the stored pixels upright, as a view."""


def open_source(data: bytes, *, max_pixels: int) -> Source:
    """
    Read the header of an encoded picture. No pixel is decoded yet.

    Raises Refusal: 400 empty, 415 of a kind that is not read, 413 too costly, 422 damaged.
    """
    if not data:
        raise Refusal(400, "The picture is empty: send the bytes of one.")
    if len(data) > MAX_PICTURE_BYTES:
        raise Refusal(413, f"The picture is larger than {MAX_PICTURE_BYTES:,} bytes.")
    with refusing():
        return open_picture(data, max_pixels=max_pixels)


def read_pixels(source: Source, factor: int = 1) -> Pixels:
    """
    Return the upright pixels, shape (height, width, 3).

    Of an animation only the first frame is decoded. Raises Refusal 422 if it is cut off or damaged.

    Args:
        factor: both sides are divided by it and rounded up.
    """
    with refusing():
        bands = source.bands() if factor == 1 else source.reduced_bands(factor)
        height, width = -(-source.height // factor), -(-source.width // factor)
        pixels = np.empty((height, width, 3), np.uint8)
        for top, band in bands:
            pixels[top : top + band.height] = np.asarray(band)
    del bands  # and with them the decoder's own copy, before another is made
    turn = UPRIGHT.get(source.orientation)
    return pixels if turn is None else np.ascontiguousarray(turn(pixels))


def read_file(data: bytes) -> Pixels:
    """
    Return the upright pixels of a picture of training or evaluation, shape (height, width, 3).

    Raises OSError where it is not one that is read here.
    """
    try:
        return read_pixels(open_source(data, max_pixels=_MOST_PIXELS_OF_FILES))
    except Refusal as error:
        raise OSError(str(error)) from error


@contextmanager
def refusing() -> Iterator[None]:
    """Turn what circles_pictures raises into a Refusal."""
    try:
        yield
    except errors.PictureError as error:
        retry_after_s = 2 if isinstance(error, errors.Overloaded) else None
        raise Refusal(_STATUSES[type(error)], str(error), retry_after_s=retry_after_s) from None
