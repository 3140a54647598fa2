"""Encoded pictures, uploads, and the port that decodes them."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

EXTENSIONS = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/webp": ".webp",
    "image/gif": ".gif",
    "image/bmp": ".bmp",
    "image/tiff": ".tif",
    "image/heic": ".heic",
    "image/avif": ".avif",
}
"""Supported media types, detected by content, with the suffixes of their blobs' keys."""


@dataclass(frozen=True, slots=True)
class Picture:
    """
    Encoded bytes that were checked to decode.

    width and height are upright pixels; orientation is EXIF's 1..8.
    needs_copy: the detector may not read these bytes, or not the right way up.
    copy: the JPEG for it, where checking made one.
    costly: it takes far longer than usual photographs.
    """

    data: bytes
    media_type: str
    width: int
    height: int
    orientation: int = 1
    needs_copy: bool = False
    copy: bytes | None = None
    costly: bool = False


@dataclass(frozen=True, slots=True)
class Upload:
    """
    What a client sends: the bytes and an optional idempotency key.

    The optional file name is never used as a blob's key. batch is the name of a batch, created_by
    the principal.
    """

    data: bytes
    file_name: str | None = None
    idempotency_key: str | None = None
    batch: str | None = None
    created_by: str | None = None


class Pictures(Protocol):
    """Decodes pictures. Only its adapter imports an image library."""

    def read(self, data: bytes) -> Picture:
        """
        Check that data is a supported picture and decodes completely.

        Of an animation only the first frame is decoded.

        Raises:
            UnsupportedPicture: the content is not one of EXTENSIONS; name and header do not count.
            TooLarge: pixels, sides or the memory of decoding, by the header, before decoding.
            UndecodablePicture: it is truncated or corrupt.
            Overloaded: other pictures use the memory; a later retry may succeed.
        """

    def upright(self, picture: Picture) -> Picture:
        """
        Return the picture with orientation 1 and without EXIF, as a JPEG if a copy is needed.

        Raises as read does.
        """

    def hold(self, size_bytes: int) -> AbstractContextManager[None]:
        """Count encoded bytes against this process's memory. Raises TooLarge, Overloaded."""
