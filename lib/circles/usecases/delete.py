"""
Delete images: first the row, which leaves a tombstone, then the blob.

Finishing the tombstone is the last step. While a tombstone is open, the catalogue adds no image
that has its blob, so that deleting the blob takes it from no other image. A finished tombstone is
kept for a day, because a request that read before the deletion may write after it.
"""

import logging
from datetime import timedelta

from circles.domain.errors import CirclesError, NotFound
from circles.domain.identifiers import new_id, object_id
from circles.domain.images import Tombstone
from circles.domain.services import Services
from circles.usecases.events.announce import DELETED, announcing, send_soon
from circles.usecases.exports.renditions import delete_renditions

log = logging.getLogger("circles")

KEPT = timedelta(days=1)
"""Longer than any request lasts."""


def delete_image(image_id: str, services: Services) -> None:
    """
    Delete an image with everything that was found in it.

    Its blob may remain until the next repair, but no client can read it any more, and an event
    about it does not register an image.

    Raises:
        NotFound: there is no such image.
        Unavailable: the catalogue is unavailable; nothing was deleted.
    """
    tombstone = services.catalogue.delete(
        image_id, now=services.now(), announce=announcing(DELETED, services)
    )
    send_soon(services)
    try:
        finish_deletion(tombstone, services)
    except CirclesError as error:
        log.warning("the blob of the deleted image %s is left to repair: %s", image_id, error)


def finish_deletion(tombstone: Tombstone, services: Services) -> None:
    """
    Delete the blob of a deleted image and what was made of it, and finish the tombstone.

    A blob that another image uses is kept.

    Raises:
        Unavailable: the store or the catalogue is unavailable; the tombstone stays open.
    """
    if _is_its_own(tombstone, services):
        services.store.delete(tombstone.key)
    delete_renditions(tombstone.image_id, services)
    services.upkeep.finish_tombstone(tombstone.image_id, now=services.now())


def forget_blob(key: str, services: Services) -> None:
    """Delete a blob that cannot have a row. Errors are only logged, because repair finds it."""
    try:
        services.store.delete(key)
    except CirclesError:
        log.exception("blob %s has no row and could not be removed", key)


def forget_if_unused(key: str, services: Services) -> None:
    """
    Delete an own blob unless an image uses it.

    The blob was put for an image that was not added. Errors are only logged, because repair finds
    it.
    """
    tombstone = Tombstone(new_id(), key, "upload", services.now())
    try:
        if services.upkeep.bury(tombstone):
            finish_deletion(tombstone, services)
    except CirclesError:
        log.exception("blob %s has no row and could not be removed", key)


def _is_its_own(tombstone: Tombstone, services: Services) -> bool:
    """
    Return whether the blob belonged to this image only.

    Own keys are written once, with one content. Another program may have replaced its own file,
    which then belongs to another image.
    """
    if tombstone.source == "upload":
        return not services.upkeep.key_in_use(tombstone.key)
    try:
        stored = services.store.stat(tombstone.key)
    except NotFound:
        return False
    return object_id(stored.bucket, stored.key, stored.etag) == tombstone.image_id
