"""Pictures through Pillow: the only file that imports PIL."""

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
_FORMATS = [
    "JPEG",
    "PNG",
    "WEBP",
    "GIF",
    "BMP",
    "TIFF",
]  # Pillow finds an MPO by itself behind JPEG
_ROTATED_BY_A_QUARTER = (5, 6, 7, 8)
_BEGINNINGS = re.compile(
    rb"\xff\xd8\xff|\x89PNG\r\n\x1a\n|RIFF....WEBP|GIF8[79]a|II\*\0|MM\0\*", re.DOTALL
)
_COPIES = {"image/jpeg": ("JPEG", {"quality": 95}), "image/tiff": ("TIFF", {})}
"""How an upright copy is encoded; PNG for the others, which has all their modes, as TIFF alone has all of TIFF's."""

# Our own limit is checked before anything is decoded; Pillow's would warn at another number.
PillowImage.MAX_IMAGE_PIXELS = None

_decoding = threading.BoundedSemaphore(2)
"""At most so many pictures are unpacked in memory at once, however many threads serve."""


class PillowPictures:
    """Tells pictures by content. Formats are listed, so that no other decoder of Pillow's is ever reached."""

    def __init__(self, max_pixels: int) -> None:
        self._max_pixels = max_pixels

    def read(self, data: bytes) -> Picture:
        with _open(data) as image:
            width, height = image.size
            # Pillow's WebP reader holds three copies of the pixels; our own predictor draws the same line.
            most = self._max_pixels * 2 // 3 if image.format == "WEBP" else self._max_pixels
            if width * height > most:
                raise TooLarge(
                    f"The picture has {width} x {height} pixels; at most {most:,} are taken."
                )
            orientation = _decode(image)
            media_type = _MEDIA_TYPES[image.format or ""]
        # Pillow turns a TIFF by itself: what it opens has its upright size already.
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
    """Read the header only."""
    try:
        return PillowImage.open(BytesIO(data), formats=_FORMATS)
    except UnidentifiedImageError as error:
        if _BEGINNINGS.match(data):
            raise UndecodablePicture("The picture's header is broken.") from error
        raise UnsupportedPicture("Send a JPEG, PNG, WebP, GIF, BMP or TIFF picture.") from error
    except Exception as error:  # a decoder raises what it likes at a broken header: OSError, SyntaxError, struct.error
        raise UndecodablePicture("The picture's header is broken.") from error


def _decode(image: PillowImage.Image) -> int:
    """Unpack the picture, as cheaply as shows that it is whole, and return its EXIF orientation, 1..8."""
    try:
        orientation = image.getexif().get(_EXIF_ORIENTATION, 1)
        # An eighth of the size costs a JPEG's entropy decoding but neither its transform nor its pixels' memory.
        image.draft(None, (max(image.width // 8, 1), max(image.height // 8, 1)))
        with _decoding:
            image.load()
    except Exception as error:
        raise UndecodablePicture("The picture is cut off or broken.") from error
    return orientation if orientation in range(1, 9) else 1


if TYPE_CHECKING:
    from circles.domain.pictures import Pictures

    _: type[Pictures] = PillowPictures
