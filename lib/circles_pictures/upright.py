"""Copies for detectors that know nothing of orientations, depths or rare formats: upright JPEGs."""

from io import BytesIO
from typing import Any

from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile, get_sampling

from circles_pictures.errors import TooLarge
from circles_pictures.limits import MAX_PICTURE_BYTES

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""EXIF orientation to what makes the stored picture upright."""
_QUALITIES: tuple[dict[str, Any], ...] = (
    {"quality": 95, "subsampling": 0},
    {"quality": 85},
    {"quality": 60},
)


def turn(image: Image.Image, orientation: int) -> Image.Image:
    """Return a stored image turned upright; the same one if it is."""
    turned = _TURNS.get(orientation)
    return image if turned is None else image.transpose(turned)


def encode(image: Image.Image, orientation: int) -> bytes:
    """
    Return a JPEG of an image in mode L or RGB, turned upright.

    One that comes from a JPEG keeps its quantization, and so about its size. Raises TooLarge.
    """
    options = [*_as_before(image), *_QUALITIES]
    turned = turn(image, orientation)
    del image
    for each in options:
        out = BytesIO()
        turned.save(out, "JPEG", **each)
        if out.tell() <= MAX_PICTURE_BYTES:
            return out.getvalue()
    raise TooLarge("The picture is too large as an upright JPEG. Send it upright, or smaller.")


def _as_before(image: Image.Image) -> list[dict[str, Any]]:
    if not isinstance(image, JpegImageFile):
        return []
    return [{"qtables": image.quantization, "subsampling": get_sampling(image)}]
