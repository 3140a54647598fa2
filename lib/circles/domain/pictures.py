"""Encoded pictures, uploads, and the port that reads pictures."""

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
"""The media types we take, told by content, and what their blobs' keys end with."""


@dataclass(frozen=True, slots=True)
class Picture:
    """Encoded bytes that were seen to decode. width and height are upright pixels; orientation is EXIF's 1..8."""

    data: bytes
    media_type: str
    width: int
    height: int
    orientation: int = 1


@dataclass(frozen=True, slots=True)
class Upload:
    """What a client sends: the bytes, and perhaps a file name (never used as a key) and a key against doubles."""

    data: bytes
    file_name: str | None = None
    idempotency_key: str | None = None


class Pictures(Protocol):
    """Reads encoded pictures; the only place that knows an image library."""

    def read(self, data: bytes) -> Picture:
        """
        Check that data is a picture we take and decodes to its end; of an animation the first frame counts.

        Raises:
            UnsupportedPicture: the content is none of EXTENSIONS, whatever its name or header says.
            TooLarge: more than Settings.max_pixels pixels, told by the header before anything is decoded.
            UndecodablePicture: it is cut off or broken.
        """

    def upright(self, picture: Picture) -> Picture:
        """Return the same picture with orientation 1 and no EXIF: itself where it is upright already."""
