"""
Detect the circles of one image under a claim.

The image's attempts number the claim, and a lost claim writes nothing.
"""

import logging
from datetime import timedelta

from circles.domain.errors import (
    CirclesError,
    Damaged,
    NotFound,
    TooLarge,
    Unavailable,
    UndecodablePicture,
    UnsupportedPicture,
)
from circles.domain.images import Image, Status
from circles.domain.pictures import Picture
from circles.domain.services import Services
from circles.telemetry.metrics import metrics
from circles.usecases.announce import DETECTED, FAILED, announcing, send_soon
from circles.usecases.content import read_content

log = logging.getLogger("circles")

_LONGEST_WAIT = timedelta(hours=1)
_BLOB_IS_LOST = (NotFound, Damaged)
"""Errors of reading a once valid blob that a retry will raise again."""


def detect_again(image_id: str, services: Services) -> Image:
    """
    Detect an image once more, whatever its status.

    The new run is served, and earlier runs are kept. If a detection of the image is already
    running, no other is started: the record is returned with claimed_until set.

    Raises:
        NotFound: there is no such image, or its blob is gone.
        Damaged: its blob is not what was stored, or changed settings no longer accept it.
        DetectorFailed: the earlier run is still served; the error is noted in the record.
        Unavailable: the store or the catalogue is unavailable.
    """
    image = claim(image_id, services, again=True)
    if image is None:
        return services.catalogue.get(image_id)
    try:
        picture = _load(image, services)
        return _run(image, picture, services)
    except CirclesError as error:
        _note(image, error, services)
        raise


def take_up(image: Image, services: Services, picture: Picture | None = None) -> Image:
    """
    Detect a pending image unless it is claimed, and return its record.

    Args:
        picture: the content of its blob, if the caller has it already.

    Raises:
        NotFound: the image was deleted.
        Unavailable: the catalogue is unavailable.
    """
    if image.status is not Status.PENDING:
        return image
    claimed = claim(image.image_id, services)
    return detect(claimed, services, picture) if claimed else services.catalogue.get(image.image_id)


def claim(image_id: str, services: Services, *, again: bool = False) -> Image | None:
    """
    Claim an image and return it, or None.

    None means that it is claimed already or, unless again is set, that it is not pending.
    """
    now = services.now()
    return services.catalogue.claim(
        image_id, now=now, until=now + services.rules.lease, again=again
    )


def detect(image: Image, services: Services, picture: Picture | None = None) -> Image:
    """
    Detect and record under a claim that the caller holds.

    Expected errors are not raised: they leave the image pending and due later, or failed if its
    blob is lost.
    """
    try:
        return _run(image, picture or _load(image, services), services)
    except CirclesError as error:
        return _note(image, error, services)


def retry_wait(attempts: int, services: Services) -> timedelta:
    """
    Return how long an image waits after its last attempt.

    The wait is Rules.repair_after, doubled with each further attempt and limited to an hour.
    """
    first = services.rules.repair_after
    return min(first * (1 << min(attempts - 1, 20)), max(_LONGEST_WAIT, first))


def give_up(image: Image, error: str, services: Services) -> Image:
    """
    Mark a pending image failed unless another process has claimed it since.

    Raises:
        NotFound: the image was deleted.
        Unavailable: the catalogue is unavailable.
    """
    log.error("image %s failed: %s", image.image_id, error)
    announce = announcing(FAILED, services)
    failed = services.catalogue.give_up(
        image.image_id, claim=image.attempts, error=error, announce=announce
    )
    send_soon(services)
    return failed


def _load(image: Image, services: Services) -> Picture:
    data = read_content(image, services.store)
    try:
        return services.pictures.read(data)
    except (TooLarge, UnsupportedPicture, UndecodablePicture) as error:  # it was accepted once
        raise Damaged(f"The stored picture is no longer accepted. {error}") from error


def _run(image: Image, picture: Picture, services: Services) -> Image:
    detection = services.detector.detect(services.pictures.upright(picture))
    announce = announcing(DETECTED, services)
    try:
        detected = services.catalogue.record(
            image.image_id, detection, claim=image.attempts, now=services.now(), announce=announce
        )
    except NotFound as error:
        raise _Deleted("The image was deleted during its detection.") from error
    if detected.attempts == image.attempts:
        metrics.objects_found(detected.object_count)
        send_soon(services)
    return detected


class _Deleted(NotFound):
    """The row is gone, not the blob."""


def _note(image: Image, error: CirclesError, services: Services) -> Image:
    """Record why a detection failed. Without the catalogue, the claim expires by itself."""
    log.warning("image %s was not detected: %s", image.image_id, error)
    try:
        if (
            isinstance(error, _BLOB_IS_LOST)
            and image.status is Status.PENDING
            and not isinstance(error, _Deleted)
        ):
            return give_up(image, str(error), services)
        due_at = services.now() + retry_wait(image.attempts, services)
        return services.catalogue.release(
            image.image_id, claim=image.attempts, error=str(error), due_at=due_at
        )
    except (Unavailable, NotFound):
        return image
