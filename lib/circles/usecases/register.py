"""Register objects in the bucket as images."""

import hashlib
import logging
from collections.abc import Sequence
from contextlib import suppress

from circles.domain.blobs import StoredObject
from circles.domain.counting.batches import find_batch
from circles.domain.errors import (
    Backlogged,
    BlobTaken,
    Buried,
    CirclesError,
    IdTaken,
    Malformed,
    NotFound,
    ObjectRefused,
    TooLarge,
    UndecodablePicture,
    UnsupportedPicture,
)
from circles.domain.identifiers import object_id
from circles.domain.images import Image, Refusal, Status, clean_file_name
from circles.domain.pictures import Picture
from circles.domain.services import Services
from circles.formats.s3_notifications import Notice
from circles.telemetry.metrics import metrics
from circles.usecases.chances import is_due
from circles.usecases.detect import detect, detect_on_request
from circles.usecases.events.announce import UPLOADED, announcing, send_soon
from circles.usecases.look import counted_look

log = logging.getLogger("circles")

_REFUSALS = (TooLarge, UnsupportedPicture, UndecodablePicture, ObjectRefused)
_REFUSAL_OF_CODE = {error.code: error for error in _REFUSALS}


def register_object(bucket: str, key: str, etag: str, size_bytes: int, services: Services) -> Image:
    """
    Register an object in the bucket as an image, and detect its circles.

    The blob stays where it is. The image's id follows from bucket, key and etag, so that the same
    event a hundred times, also concurrently, is one image with one detection. An event that is
    older than the object registers the current object under the current etag, as the newer event
    does.

    Args:
        bucket, key: key is not escaped and starts with Rules.incoming_prefix.
        etag: unquoted, from the event. It is only compared with the store's, which counts.
        size_bytes: from the event. It is only compared with the store's, which counts.

    Raises:
        NotFound: the key has another prefix, the object is gone, or its image was deleted. There is
            nothing left to do.
        Malformed: the event is about another bucket, or the key is not valid in a store.
        TooLarge, UnsupportedPicture, UndecodablePicture: the object is not an accepted picture. The
            refusal is recorded, so that the object is not read again.
        ObjectRefused: the store refuses the object. That is recorded, and retried after
            Rules.adopt_after.
        Backlogged: more than Rules.max_pending images are pending; retry later.
        Unavailable: the store or the catalogue is unavailable; retry later.
    """
    if bucket != services.store.bucket:
        raise Malformed("The event is about another bucket than this installation's.")
    if not key.startswith(services.rules.incoming_prefix):
        raise NotFound("The object is not under the incoming prefix.")
    try:
        stored = services.store.stat(key)
    except ObjectRefused as error:
        _refuse(StoredObject(bucket, key, etag, size_bytes, services.now()), error, services)
        raise
    if (stored.etag, stored.size_bytes) != (etag, size_bytes):
        log.info("object %r in the store has another etag or size than in the event", key)
    return register_stored(stored, services, may_defer=True)


def _check_backlog(services: Services) -> None:
    """Raise Backlogged while too many images are pending. The store keeps the object."""
    if services.catalogue.has_more_pending(services.rules.max_pending):
        metrics.detection_deferred("event")
        raise Backlogged("Too many images are pending; send the event again later.")


def register_stored(stored: StoredObject, services: Services, *, may_defer: bool = False) -> Image:
    """
    Register a stored object under any key as an image. Raises as register_object.

    may_defer raises Backlogged for a new image while too many are pending.
    """
    image_id = object_id(stored.bucket, stored.key, stored.etag)
    refusal = services.upkeep.refusal(image_id)
    if refusal and not _may_have_changed(refusal, services):
        raise _REFUSAL_OF_CODE[refusal.code](refusal.detail)
    with suppress(NotFound):
        return _detect_known(image_id, services)
    if services.upkeep.is_buried(image_id):
        raise NotFound("The image of this object was deleted.")
    if may_defer:
        _check_backlog(services)
    with services.pictures.hold(min(stored.size_bytes, services.rules.max_upload_bytes)):
        return _register_new(stored, image_id, services)


def _register_new(stored: StoredObject, image_id: str, services: Services) -> Image:
    try:
        with counted_look(image_id, services):
            data, picture = _read(stored, services)
            image = _describe(stored, image_id, data, picture, services)
            services.catalogue.add(image, announce=announcing(UPLOADED, services))
    except _REFUSALS as error:
        _refuse(stored, error, services)
        raise
    except IdTaken:
        return _detect_known(image_id, services)
    except Buried as error:
        raise NotFound("The image of this object was deleted.") from error
    except BlobTaken as error:
        raise NotFound("Another image was made of this blob.") from error
    metrics.image_stored(image.size_bytes)
    send_soon(services)
    return detect(image, services, picture)


def _detect_known(image_id: str, services: Services) -> Image:
    """
    Retry the detection of a known image if it failed or is due.

    A failed one is retried because its file may have been put back.

    Raises:
        NotFound: the image was deleted.
    """
    image = services.catalogue.get(image_id)
    if image.status is Status.PENDING and not is_due(image, services):
        return image
    return detect_on_request(image, services)


def _may_have_changed(refusal: Refusal, services: Services) -> bool:
    """Return whether the store may return an object that it refused: archived ones come back."""
    age = abs(services.now() - refusal.refused_at)  # a negative age comes of a clock that was ahead
    return refusal.code == ObjectRefused.code and age > services.rules.adopt_after


def _read(stored: StoredObject, services: Services) -> tuple[bytes, Picture]:
    """Read and decode this version of the object."""
    limit = services.rules.max_upload_bytes
    if stored.size_bytes > limit:
        raise TooLarge(f"The picture is too large; at most {limit:,} bytes are taken.")
    if stored.size_bytes == 0:
        raise UnsupportedPicture("The file is empty.")
    data = services.store.get(stored.key, etag=stored.etag, max_bytes=limit)
    return data, services.pictures.read(data)


def _refuse(stored: StoredObject, error: CirclesError, services: Services) -> None:
    """Record a refusal, so that the object is not read again."""
    log.warning("object %r is refused: %s", stored.key, error)
    image_id = object_id(stored.bucket, stored.key, stored.etag)
    services.upkeep.refuse(
        Refusal(image_id, stored.key, stored.etag, error.code, str(error), services.now())
    )


def _describe(
    stored: StoredObject, image_id: str, data: bytes, picture: Picture, services: Services
) -> Image:
    now = services.now()
    incoming = stored.key.startswith(services.rules.incoming_prefix)
    return Image(
        image_id=image_id,
        key=stored.key,
        media_type=picture.media_type,
        size_bytes=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        width=picture.width,
        height=picture.height,
        source="s3" if incoming else "upload",
        created_at=now,
        file_name=clean_file_name(stored.key) if incoming else None,
        attempts=1,
        claim=1,
        batch=find_batch(stored.key, services.rules.incoming_prefix) if incoming else None,
        claimed_until=now + services.rules.lease,
        due_at=now + max(services.rules.lease, services.rules.repair_after),
    )


def register_objects(found: Sequence[Notice], services: Services) -> None:
    """
    Register every object, also after one that fails.

    A repeated event does not register an object again.

    Raises:
        CirclesError: the error of register_object with the highest event_status.
    """
    errors: list[CirclesError] = []
    for notice in found:
        try:
            register_object(notice.bucket, notice.key, notice.etag, notice.size_bytes, services)
        except CirclesError as error:
            errors.append(error)
    if errors:
        raise max(errors, key=lambda error: error.event_status)
