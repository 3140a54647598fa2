"""Decode pictures with Pillow. Only this file imports PIL."""

import re
import threading
from io import BytesIO
from typing import TYPE_CHECKING

from PIL import Image as PillowImage
from PIL import ImageOps, UnidentifiedImageError

from circles.domain.errors import TooLarge, UndecodablePicture, UnsupportedPicture
from circles.domain.pictures import Picture

_MEDIA_TYPES = {
    "JPEG": "image/jpeg",
    "MPO": "image/jpeg",  # a phone's JPEG with a second picture behind the first
    "PNG": "image/png",
    "WEBP": "image/webp",
    "GIF": "image/gif",
    "BMP": "image/bmp",
    "TIFF": "image/tiff",
}
_EXIF_ORIENTATION = 0x0112  # Exif 2.32, table 4
# Pillow's JPEG plugin detects an MPO itself.
_FORMATS = ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"]
_ROTATED_BY_A_QUARTER = (5, 6, 7, 8)
_BEGINNINGS = re.compile(
    rb"\xff\xd8\xff|\x89PNG\r\n\x1a\n|RIFF....WEBP|GIF8[79]a|II\*\0|MM\0\*", re.DOTALL
)
_COPIES = {"image/jpeg": ("JPEG", {"quality": 95}), "image/tiff": ("TIFF", {})}
"""
Encodings of upright copies; all others use PNG.

PNG has all modes of those others. Only TIFF has all modes of a TIFF.
"""

# max_pixels is checked before decoding; Pillow's own limit would warn at another number.
PillowImage.MAX_IMAGE_PIXELS = None

_decoding = threading.BoundedSemaphore(2)
"""Limits the pictures decoded in memory at the same time, for any number of threads."""


class PillowPictures:
    """Detects and decodes pictures by content. Only the decoders of _FORMATS can run."""

    def __init__(self, max_pixels: int) -> None:
        self._max_pixels = max_pixels

    def read(self, data: bytes) -> Picture:
        with _open(data) as image:
            width, height = image.size
            # Pillow's WebP reader holds three copies of the pixels. The predictor has the same
            # limit.
            most = self._max_pixels * 2 // 3 if image.format == "WEBP" else self._max_pixels
            if width * height > most:
                raise TooLarge(
                    f"The picture has {width} x {height} pixels; at most {most:,} are taken."
                )
            orientation = _decode(image)
            media_type = _MEDIA_TYPES[image.format or ""]
        # Pillow rotates a TIFF itself, so its size is already upright.
        if orientation in _ROTATED_BY_A_QUARTER and media_type != "image/tiff":
            width, height = height, width
        return Picture(data, media_type, width, height, orientation)

    def upright(self, picture: Picture) -> Picture:
        if picture.orientation == 1:
            return picture
        with _decoding, _open(picture.data) as image:
            turned = ImageOps.exif_transpose(image)
            file_format, options = _COPIES.get(picture.media_type, ("PNG", {"compress_level": 1}))
            encoded = BytesIO()
            (turned.convert("RGB") if file_format == "JPEG" else turned).save(
                encoded, file_format, **options
            )
        return Picture(encoded.getvalue(), _MEDIA_TYPES[file_format], picture.width, picture.height)


def _open(data: bytes) -> PillowImage.Image:
    """Open a picture, reading only its header."""
    try:
        return PillowImage.open(BytesIO(data), formats=_FORMATS)
    except UnidentifiedImageError as error:
        if _BEGINNINGS.match(data):
            raise UndecodablePicture("The picture's header is broken.") from error
        raise UnsupportedPicture("Send a JPEG, PNG, WebP, GIF, BMP or TIFF picture.") from error
    except Exception as error:  # a broken header raises OSError, SyntaxError, struct.error, …
        raise UndecodablePicture("The picture's header is broken.") from error


def _decode(image: PillowImage.Image) -> int:
    """Check that a picture decodes completely. Returns its EXIF orientation, 1..8."""
    try:
        orientation = image.getexif().get(_EXIF_ORIENTATION, 1)
        # At an eighth of the size a JPEG costs its entropy decoding, but neither its transform nor
        # the memory of its pixels.
        image.draft(None, (max(image.width // 8, 1), max(image.height // 8, 1)))
        with _decoding:
            image.load()
    except Exception as error:
        raise UndecodablePicture("The picture is cut off or broken.") from error
    return orientation if orientation in range(1, 9) else 1


if TYPE_CHECKING:
    from circles.domain.pictures import Pictures

    _: type[Pictures] = PillowPictures
