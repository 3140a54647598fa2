"""One detection of one image under a claim. The image's attempts number the claim, and a lost claim writes nothing."""

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
"""What reading a blob that was a good picture once can raise, and will raise again."""


def detect_again(image_id: str, services: Services) -> Image:
    """
    Run the detector over an image once more, whatever its status. The new run is served; earlier ones are kept.

    Where a detection of it is running already that one is as good: the record is returned with claimed_until set, and
    nothing is begun.

    Raises:
        NotFound: there is no such image, or its blob is gone.
        Damaged: its blob is not what was stored, or settings have changed and no longer let it in.
        DetectorFailed: what was served is served still; the error is noted in the record.
        Unavailable: store or catalogue is away.
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
    Detect a pending image if nobody else is at it, and return its record as it is then. Raises NotFound where it was
    deleted, Unavailable.

    picture is what its blob holds, where the caller has it already.
    """
    if image.status is not Status.PENDING:
        return image
    claimed = claim(image.image_id, services)
    return detect(claimed, services, picture) if claimed else services.catalogue.get(image.image_id)


def claim(image_id: str, services: Services, *, again: bool = False) -> Image | None:
    """Return the image under a claim of ours; None where another has one, or, unless again, it is not pending."""
    now = services.now()
    return services.catalogue.claim(
        image_id, now=now, until=now + services.rules.lease, again=again
    )


def detect(image: Image, services: Services, picture: Picture | None = None) -> Image:
    """
    Detect and record under a claim that the caller holds. Raises nothing: what goes wrong leaves the image pending and
    due later, or failed where its blob is lost.
    """
    try:
        return _run(image, picture or _load(image, services), services)
    except CirclesError as error:
        return _note(image, error, services)


def retry_wait(attempts: int, services: Services) -> timedelta:
    """How long an image waits after so many attempts: Rules.repair_after, doubled with each, at most an hour."""
    first = services.rules.repair_after
    return min(first * (1 << min(attempts - 1, 20)), max(_LONGEST_WAIT, first))


def give_up(image: Image, error: str, services: Services) -> Image:
    """Mark a pending image failed, unless somebody has taken it up since. Raises NotFound, Unavailable."""
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
    except (TooLarge, UnsupportedPicture, UndecodablePicture) as error:  # it was let in once
        raise Damaged(f"The stored picture is not taken any more. {error}") from error


def _run(image: Image, picture: Picture, services: Services) -> Image:
    detection = services.detector.detect(services.pictures.upright(picture))
    announce = announcing(DETECTED, services)
    try:
        detected = services.catalogue.record(
            image.image_id, detection, claim=image.attempts, now=services.now(), announce=announce
        )
    except NotFound as error:
        raise _Deleted("The image was deleted while it was looked at.") from error
    if detected.attempts == image.attempts:
        metrics.objects_found(detected.object_count)
        send_soon(services)
    return detected


class _Deleted(NotFound):
    """It is the row that is gone, not the blob."""


def _note(image: Image, error: CirclesError, services: Services) -> Image:
    """Write down why a detection failed, as far as the catalogue lets us: else the claim runs out by itself."""
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
