"""Pictures made of an image, where they are kept, and the port that makes them."""

import hashlib
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import IO, Protocol

from circles.domain.detections import Bbox
from circles.domain.exports.drawings import Drawing
from circles.domain.images import Image

PREFIX = "derived/"
"""Of the keys of renditions that are kept: derived/<image_id>/<name>-<basis>-<sha256>.jpg."""
WIDTHS = (256, 1024, 2048)
"""Of thumbnails, in pixels."""
OVERLAY_PX = 2048
"""The longer side of an overlay, and of the picture in an SVG."""

_EDITION = "2"
"""To be changed when the same image gives another rendition, so that all are made anew."""


@dataclass(frozen=True, slots=True)
class Rendition:
    """An encoded picture for people: upright, sRGB, without metadata."""

    media_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class RenditionFile:
    """The same in a temporary file, at its beginning. Closing it deletes it."""

    media_type: str
    file: IO[bytes]
    size_bytes: int


class Renderer(Protocol):
    """
    Makes renditions. Only its adapter imports an image library.

    Every method raises as Pictures.read does: a picture that was accepted once may be refused by
    now.
    """

    def hold(self, size_bytes: int) -> AbstractContextManager[None]:
        """Count encoded bytes against this process's memory. Raises TooLarge, Overloaded."""

    def shrink(self, data: bytes, side_px: int) -> Rendition:
        """Return the picture as a JPEG whose longer side has at most side_px pixels."""

    def draw(self, data: bytes, drawing: Drawing, side_px: int | None) -> RenditionFile:
        """
        Return the picture with a drawing on it, as a PNG.

        Raises Unavailable, too, while others take the temporary space.

        Args:
            side_px: the most pixels of its longer side; None is the picture's own size.
        """

    def crop(self, data: bytes, bbox: Bbox) -> Rendition:
        """Return a part of the upright picture, which is inside it, as a JPEG."""


def folder_of(image_id: str) -> str:
    """Return the prefix of all keys of an image's renditions."""
    return f"{PREFIX}{image_id}/"


def compute_basis(image: Image, *more: object) -> str:
    """Return a digest of what a rendition follows from: the image's bytes, and more."""
    said = "\n".join(map(str, (_EDITION, image.sha256, *more)))
    return hashlib.sha256(said.encode()).hexdigest()[:32]
