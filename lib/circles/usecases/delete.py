"""
Deletion: the row goes first and leaves a tombstone, then the blob, then the tombstone is finished.

While a tombstone is there, nobody can add an image that has its blob: so whoever deletes the blob takes it from nobody.
A finished one is kept for a day, because a request that looked before may write after.
"""

import logging
from datetime import timedelta

from circles.domain.errors import CirclesError, NotFound, Unavailable
from circles.domain.identifiers import new_id, object_id
from circles.domain.images import Tombstone
from circles.domain.services import Services
from circles.usecases.announce import DELETED, announcing, send_soon

log = logging.getLogger("circles")

KEPT = timedelta(days=1)
"""Longer than any request lasts."""


def delete_image(image_id: str, services: Services) -> None:
    """
    Delete an image with everything that was found in it. Its blob may outlive the call until the next repair, but
    nobody can read it any more, and an event about it makes no image.

    Raises:
        NotFound: there is no such image.
        Unavailable: the catalogue is away; nothing was deleted.
    """
    tombstone = services.catalogue.delete(
        image_id, now=services.now(), announce=announcing(DELETED, services)
    )
    send_soon(services)
    try:
        finish_deletion(tombstone, services)
    except Unavailable as error:
        log.warning("the blob of the deleted image %s is left to repair: %s", image_id, error)


def finish_deletion(tombstone: Tombstone, services: Services) -> None:
    """Delete the blob of a deleted image unless it is another's, and finish the tombstone. Raises Unavailable."""
    if _is_its_own(tombstone, services):
        services.store.delete(tombstone.key)
    services.upkeep.finish_tombstone(tombstone.image_id, now=services.now())


def forget_blob(key: str, services: Services) -> None:
    """Delete a blob that cannot have a row. Raises nothing: repair finds it."""
    try:
        services.store.delete(key)
    except CirclesError:
        log.exception("blob %s has no row and could not be removed", key)


def forget_if_unused(key: str, services: Services) -> None:
    """Delete an own blob that was put for an image that was not added, unless another has it. Raises nothing."""
    tombstone = Tombstone(new_id(), key, "upload", services.now())
    try:
        if services.upkeep.bury(tombstone):
            finish_deletion(tombstone, services)
    except CirclesError:
        log.exception("blob %s has no row and could not be removed", key)


def _is_its_own(tombstone: Tombstone, services: Services) -> bool:
    """
    Whether what lies under the key belonged to this image and belongs to no other.

    Own keys are written once, with one content. A file that others put may have been replaced: it is another's then.
    """
    if tombstone.source == "upload":
        return not services.upkeep.key_in_use(tombstone.key)
    try:
        stored = services.store.stat(tombstone.key)
    except NotFound:
        return False
    return object_id(stored.bucket, stored.key, stored.etag) == tombstone.image_id
