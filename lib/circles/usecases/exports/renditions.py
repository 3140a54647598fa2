"""
Make renditions of an image, and keep some until the image is deleted.

The key of a kept one has a digest of what it follows from, and the SHA-256 of its bytes: an
outdated or a changed one is noticed and made anew, without a row in the catalogue.
"""

import hashlib
import logging
from collections.abc import Callable
from typing import TypeVar

from circles.domain.blobs import StoredObject
from circles.domain.errors import CirclesError, Damaged, NotFound, ObjectRefused, TooLarge
from circles.domain.exports.renditions import PREFIX, Rendition, RenditionFile, folder_of
from circles.domain.identifiers import parse_id
from circles.domain.images import Image
from circles.domain.services import Services
from circles.usecases.content import read_content

log = logging.getLogger("circles")

_SUFFIXES = {"image/jpeg": ".jpg", "image/png": ".png", "image/svg+xml": ".svg"}
_MAX_BYTES = 32 * 1024 * 1024
"""A larger object is not a kept rendition."""

Make = Callable[[bytes], Rendition]
"""Makes a rendition of an image's bytes."""

_Made = TypeVar("_Made", Rendition, RenditionFile)


def make_rendition(image: Image, make: Callable[[bytes], _Made], services: Services) -> _Made:
    """
    Make a rendition of the image's stored bytes.

    Raises:
        NotFound, Damaged, Unavailable: as read_content.
        UnsupportedPicture, TooLarge, UndecodablePicture: it cannot be decoded by now.
        Overloaded: other pictures use the memory; a later retry may succeed.
    """
    with services.renderer.hold(image.size_bytes):
        return make(read_content(image, services.store))


def keep_rendition(
    image: Image, name: str, basis: str, make: Make, services: Services
) -> Rendition:
    """
    Return the kept rendition of this name, or make and keep it.

    Other ones of the same name are deleted: they follow from something else, or were changed.
    Raises as make_rendition does.

    Args:
        basis: a digest of what it follows from.
    """
    folder = folder_of(image.image_id)
    outdated = []
    for stored in services.store.list(folder):
        if not stored.key.startswith(f"{folder}{name}-"):
            continue
        if found := _read_kept(stored, f"{folder}{name}-{basis}-", services):
            return found
        outdated.append(stored.key)
    made = make_rendition(image, make, services)
    _put(f"{folder}{name}-{basis}", made, outdated, services)
    return made


def delete_renditions(image_id: str, services: Services) -> None:
    """Delete what was kept of an image. Raises Unavailable, ObjectRefused."""
    for stored in list(services.store.list(folder_of(image_id))):
        services.store.delete(stored.key)


def find_image_id(key: str) -> str | None:
    """Return the image of a kept rendition, None for a key that is not one's."""
    try:
        return parse_id(key.removeprefix(PREFIX).partition("/")[0])
    except CirclesError:
        return None


def _read_kept(stored: StoredObject, prefix: str, services: Services) -> Rendition | None:
    """Return a kept rendition unless it is of another basis or not the one that was put."""
    sha256, dot, suffix = stored.key.removeprefix(prefix).partition(".")
    media_type = {each: name for name, each in _SUFFIXES.items()}.get(dot + suffix)
    if not stored.key.startswith(prefix) or media_type is None:
        return None
    try:
        data = services.store.get(stored.key, sha256=sha256, max_bytes=_MAX_BYTES)
    except (Damaged, NotFound, ObjectRefused, TooLarge) as error:
        log.warning("the rendition %r is made anew: %s", stored.key, error)
        return None
    return Rendition(media_type, data)


def _put(key: str, made: Rendition, outdated: list[str], services: Services) -> None:
    """Keep a rendition. Errors are only logged, because the next client makes it again."""
    sha256 = hashlib.sha256(made.data).hexdigest()
    whole = f"{key}-{sha256}{_SUFFIXES[made.media_type]}"
    try:
        services.store.put(whole, made.data, media_type=made.media_type, sha256=sha256)
        for each in outdated:
            if each != whole:
                services.store.delete(each)
    except CirclesError as error:
        log.warning("the rendition %r is not kept: %s", whole, error)
