"""
Decode pictures to upright RGB pixels, safely.

Sizes are checked before decoding, and all modes become 8-bit RGB.

Orientation is EXIF tag 274 (CIPA DC-008, 4.6.5): 1 upright, 2..8 the seven other turns and
mirrorings.
"""

import struct
import warnings
from collections.abc import Callable
from io import BytesIO

import numpy as np
from PIL import ExifTags, Image, UnidentifiedImageError
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from predictor.detector import Pixels
from predictor.errors import Refusal
from predictor.inference.rgb import rgb_pixels

READERS = (JpegImageFile, PngImageFile, WebPImageFile, GifImageFile, BmpImageFile, TiffImageFile)
"""Imported by name: otherwise Pillow imports all its forty for the first WebP or TIFF."""
FORMATS = tuple(reader.format for reader in READERS)
MAX_JPEG_SCANS = 100

# Pillow only warns at its own, wider limit; as an exception that is refused like our limit.
warnings.simplefilter("error", Image.DecompressionBombWarning)

UPRIGHT: dict[int, Callable[[Pixels], Pixels]] = {
    2: lambda p: p[:, ::-1],
    3: lambda p: p[::-1, ::-1],
    4: lambda p: p[::-1],
    5: lambda p: p.transpose(1, 0, 2),
    6: lambda p: p.transpose(1, 0, 2)[:, ::-1],
    7: lambda p: p.transpose(1, 0, 2)[::-1, ::-1],
    8: lambda p: p.transpose(1, 0, 2)[::-1],
}
"""
EXIF orientation to the function that makes stored pixels upright, as a view.

Not ImageOps.exif_transpose: that makes a second picture beside Pillow's own, at four bytes a pixel.
A view is copied after Pillow's picture is closed, at three bytes a pixel.
"""


def open_picture(data: bytes, *, max_pixels: int) -> Image.Image:
    """
    Read the header of an encoded picture.

    No pixel is decoded yet, and of an animation only the first frame ever is.

    Raises:
        Refusal: 400 empty, 415 not one of FORMATS, 413 more than max_pixels, 422 an invalid header
            or more than MAX_JPEG_SCANS scans.
    """
    if not data:
        raise Refusal(400, "The picture is empty: send the bytes of one.")
    try:
        image = Image.open(BytesIO(data), formats=FORMATS)
    except UnidentifiedImageError:
        raise _unidentified(data) from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_large(max_pixels) from None
    except Exception:
        raise _broken() from None
    # Pillow's WebP reader holds three copies of the pixels.
    most = max_pixels * 2 // 3 if image.format == "WEBP" else max_pixels
    if image.width * image.height > most:
        raise _too_large(most)
    if image.format in ("JPEG", "MPO") and data.count(b"\xff\xda") > MAX_JPEG_SCANS:
        raise Refusal(
            422,
            f"The JPEG has more than {MAX_JPEG_SCANS} scans, which only keeps a decoder busy.",
        )
    return image


def decode(image: Image.Image) -> Pixels:
    """
    Return the upright pixels, shape (height, width, 3), and close image.

    Raises:
        Refusal: 422 if the picture is cut off or damaged.
    """
    try:
        image.load()
        pixels = rgb_pixels(image)
        turn = UPRIGHT.get(_orientation(image))
        image.close()  # gives Pillow's copy of the pixels back before another is made
    except MemoryError:
        raise
    except Exception:
        raise _broken() from None
    return pixels if turn is None else np.ascontiguousarray(turn(pixels))


def _orientation(image: Image.Image) -> int:
    """
    Return the EXIF orientation. An unreadable one counts as upright.

    Call it after load, which turns a TIFF by itself.
    """
    try:
        value = image.getexif().get(ExifTags.Base.Orientation, 1)
    except (SyntaxError, ValueError, TypeError, KeyError, OSError, struct.error):
        return 1
    return value if isinstance(value, int) else 1


def _unidentified(data: bytes) -> Refusal:
    """Return 422 for a damaged header of a known format, else 415."""
    if any(accept and accept(data[:16]) for _, accept in map(Image.OPEN.__getitem__, FORMATS)):
        return _broken()
    return Refusal(415, f"Not a picture this server reads: send one of {', '.join(FORMATS)}.")


def _too_large(max_pixels: int) -> Refusal:
    return Refusal(413, f"The picture has more than {max_pixels:,} pixels: send a smaller one.")


def _broken() -> Refusal:
    return Refusal(422, "The picture cannot be decoded: it is cut off or damaged.")
