"""Detect the circles of one image under a claim. A lost claim writes nothing."""

import logging
from typing import NamedTuple

from circles.domain.access.quotas import Quota
from circles.domain.detections import count_doubt
from circles.domain.errors import (
    CirclesError,
    Damaged,
    DetectorRefused,
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
from circles.usecases.access.limits import detection_quota
from circles.usecases.chances import is_hopeless, retry_wait
from circles.usecases.content import read_content
from circles.usecases.events.announce import DETECTED, FAILED, announcing, send_soon

log = logging.getLogger("circles")

_BLOB_IS_LOST = (NotFound, Damaged)
"""Errors of reading a once valid blob that a retry will raise again."""

_REFUSALS = (DetectorRefused, TooLarge, UndecodablePicture)
"""Errors about the picture: the predictor refuses it, or an upright copy cannot be made."""


class Outcome(NamedTuple):
    """An image after a detection, with the error that ended it, if any."""

    image: Image
    error: CirclesError | None


def detect_again(image_id: str, services: Services, *, asked_by: str | None = None) -> Image:
    """
    Detect an image once more at a client's request, whatever its status.

    The new run is served. If a detection of the image is already running, no other is started: the
    record is returned with claimed_until set.

    Raises:
        NotFound: there is no such image, or its blob is gone.
        Damaged: its blob is not what was stored, or changed settings no longer accept it.
        DetectorFailed: the earlier run is still served; the error is noted in the record.
        ObjectRefused: the store refuses the blob.
        TooManyRequests: the principal has used up its detections of this minute.
        Unavailable: the store or the catalogue is unavailable.
    """
    quota = detection_quota(asked_by, services)
    image = claim(image_id, services, again=True, quota=quota)
    if image is None:
        return services.catalogue.get(image_id)
    after, error = try_detection(image, services, asked=True)
    if error:
        raise error
    return after


def detect_on_request(image: Image, services: Services, picture: Picture | None = None) -> Image:
    """
    Detect an image without a result because a client or a broker sent it again.

    The attempt does not count towards giving up and does not delay repair. Returns the current
    record if the image is detected or claimed.

    Args:
        picture: the content of its blob, if the caller has it already.

    Raises:
        NotFound: the image was deleted.
        Unavailable: the catalogue is unavailable.
    """
    if image.status is Status.DETECTED:
        return image
    claimed = claim(image.image_id, services, again=image.status is Status.FAILED)
    if claimed is None:
        return services.catalogue.get(image.image_id)
    return detect(claimed, services, picture, asked=True)


def claim(
    image_id: str, services: Services, *, again: bool = False, quota: Quota | None = None
) -> Image | None:
    """
    Claim an image and return it, or None.

    None means that it is claimed already or, unless again is set, that it is not pending.
    """
    now = services.now()
    return services.catalogue.claim(
        image_id, now=now, until=now + services.rules.lease, again=again, quota=quota
    )


def detect(
    image: Image, services: Services, picture: Picture | None = None, *, asked: bool = False
) -> Image:
    """
    Detect and record under a claim that the caller holds.

    Expected errors are not raised: they leave the image pending and due later, or failed if no
    attempt is left.
    """
    return try_detection(image, services, picture, asked=asked).image


def try_detection(
    image: Image, services: Services, picture: Picture | None = None, *, asked: bool = False
) -> Outcome:
    """Detect as detect does, and return the error with the image."""
    try:
        return Outcome(_load_and_run(image, picture, services, asked), None)
    except CirclesError as error:
        return Outcome(_note(image, error, services, asked), error)


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
        image.image_id, claim=image.claim, error=error, announce=announce
    )
    send_soon(services)
    return failed


def _load_and_run(image: Image, picture: Picture | None, services: Services, asked: bool) -> Image:
    if picture:  # the caller counts its bytes
        return _run(image, picture, services, asked)
    with services.pictures.hold(image.size_bytes):
        return _run(image, _load(image, services), services, asked)


def _load(image: Image, services: Services) -> Picture:
    data = read_content(image, services.store)
    try:
        return services.pictures.read(data)
    except (TooLarge, UnsupportedPicture, UndecodablePicture) as error:  # it was accepted once
        raise Damaged(f"The stored picture is no longer accepted. {error}") from error


def _run(image: Image, picture: Picture, services: Services, asked: bool) -> Image:
    upright = services.pictures.upright(picture)
    with services.pictures.hold(0 if upright is picture else len(upright.data)):
        detection = count_doubt(services.detector.detect(upright), services.rules.sure_score)
    try:
        detected = services.catalogue.record(
            image.image_id,
            detection,
            claim=image.claim,
            now=services.now(),
            counts=not asked,
            keep_runs=services.rules.keep_runs,
            announce=announcing(DETECTED, services),
        )
    except NotFound as error:
        raise _Deleted("The image was deleted during its detection.") from error
    if detected.claim == image.claim:
        metrics.objects_found(len(detection.circles))
        send_soon(services)
    return detected


class _Deleted(NotFound):
    """The row is gone, not the blob."""


def _note(image: Image, error: CirclesError, services: Services, asked: bool) -> Image:
    """Record why a detection failed. Without the catalogue, the claim expires by itself."""
    log.warning("image %s was not detected: %s", image.image_id, error)
    lost = isinstance(error, _BLOB_IS_LOST) and not isinstance(error, _Deleted)
    try:
        if lost and image.status is Status.PENDING:
            return give_up(image, str(error), services)
        released = _release(image, error, services, asked)
        if not asked and is_hopeless(released, services):
            return give_up(released, str(error), services)
        return released
    except (Unavailable, NotFound):
        return image


def _release(image: Image, error: CirclesError, services: Services, asked: bool) -> Image:
    """Count the attempt unless a client asked for it, or the store, catalogue or memory failed."""
    return services.catalogue.release(
        image.image_id,
        claim=image.claim,
        error=str(error),
        due_at=None if asked else services.now() + retry_wait(image.attempts, services.rules),
        counts=not asked and not isinstance(error, Unavailable),
        refused=not asked and isinstance(error, _REFUSALS),
    )
