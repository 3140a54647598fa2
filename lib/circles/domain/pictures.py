"""Encoded pictures, uploads, and the port that decodes them."""

from dataclasses import dataclass
from typing import Protocol

EXTENSIONS = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/webp": ".webp",
    "image/gif": ".gif",
    "image/bmp": ".bmp",
    "image/tiff": ".tif",
}
"""Supported media types, detected by content, with the suffixes of their blobs' keys."""


@dataclass(frozen=True, slots=True)
class Picture:
    """
    Encoded bytes that were checked to decode.

    width and height are upright pixels; orientation is EXIF's 1..8.
    """

    data: bytes
    media_type: str
    width: int
    height: int
    orientation: int = 1


@dataclass(frozen=True, slots=True)
class Upload:
    """
    What a client sends: the bytes and an optional idempotency key.

    The optional file name is never used as a blob's key.
    """

    data: bytes
    file_name: str | None = None
    idempotency_key: str | None = None


class Pictures(Protocol):
    """Decodes pictures. Only its adapter imports an image library."""

    def read(self, data: bytes) -> Picture:
        """
        Check that data is a supported picture and decodes completely.

        Of an animation only the first frame is decoded.

        Raises:
            UnsupportedPicture: the content is not one of EXTENSIONS; name and header do not count.
            TooLarge: the header, read before decoding, has more than Settings.max_pixels pixels.
            UndecodablePicture: it is truncated or corrupt.
        """

    def upright(self, picture: Picture) -> Picture:
        """Return the picture with orientation 1 and without EXIF. An upright one is unchanged."""
