"""Images that come as objects in the bucket."""

import hashlib
import logging
from collections.abc import Sequence
from contextlib import suppress

from circles.domain.blobs import StoredObject
from circles.domain.errors import (
    Buried,
    CirclesError,
    IdTaken,
    Malformed,
    NotFound,
    TooLarge,
    UndecodablePicture,
    UnsupportedPicture,
)
from circles.domain.identifiers import object_id
from circles.domain.images import Image, Refusal, Status
from circles.domain.pictures import Picture
from circles.domain.services import Services
from circles.formats.s3_notifications import Notice
from circles.telemetry.metrics import metrics
from circles.usecases.announce import UPLOADED, announcing, send_soon
from circles.usecases.detect import claim, detect, take_up

log = logging.getLogger("circles")


_REFUSALS = (TooLarge, UnsupportedPicture, UndecodablePicture)

_NO_PICTURE = {error.code: error for error in _REFUSALS}


def register_object(bucket: str, key: str, etag: str, size_bytes: int, services: Services) -> Image:
    """
    Make an image of an object that somebody put into the bucket, detect its circles, and return its record.

    The blob stays where it is. The image's id follows from bucket, key and etag: the same event a hundred times, also
    at once, is one image with one detection. An event that is older than the object registers what is there now under
    its own etag, as the newer event does or will do.

    Args:
        bucket, key: key is not escaped and lies under Rules.incoming_prefix.
        etag: unquoted, as the event tells it; the store's word counts, this one is only looked up first.
        size_bytes: as the event tells it, for the log; the store's word counts.

    Raises:
        NotFound: the key lies elsewhere, or the object is gone, or its image was deleted: nothing is left to do.
        Malformed: the event is about another bucket, or the key is none that a store takes.
        TooLarge, UnsupportedPicture, UndecodablePicture: it is no picture of ours. That is recorded: the same object is
            not read again.
        Unavailable: store or catalogue is away; try later.
    """
    if bucket != services.store.bucket:
        raise Malformed("The event is about another bucket than this installation's.")
    if not key.startswith(services.rules.incoming_prefix):
        raise NotFound("The object lies where nothing is taken from.")
    stored = services.store.stat(key)
    if (stored.etag, stored.size_bytes) != (etag, size_bytes):
        log.info(
            "object %r is not the one of the event any more, or the store tells it otherwise", key
        )
    return register_stored(stored, services)


def register_stored(stored: StoredObject, services: Services) -> Image:
    """Make an image of what a store holds, wherever it lies there. Raises what register_object does."""
    image_id = object_id(stored.bucket, stored.key, stored.etag)
    if refusal := services.upkeep.refusal(image_id):
        raise _NO_PICTURE[refusal.code](refusal.detail)
    with suppress(NotFound):
        return _repeated(image_id, services)
    if services.upkeep.is_buried(image_id):
        raise NotFound("The image of this object was deleted.")
    data, picture = _read(stored, image_id, services)
    image = _describe(stored, image_id, data, picture, services)
    try:
        services.catalogue.add(image, announce=announcing(UPLOADED, services))
    except IdTaken:
        return _repeated(image_id, services)
    except Buried as error:
        raise NotFound("The image of this object was deleted.") from error
    metrics.image_stored(image.size_bytes)
    send_soon(services)
    return detect(image, services, picture)


def _repeated(image_id: str, services: Services) -> Image:
    """
    What is told again is taken up again when it is due, and not sooner: attempts are counted.

    A failed image gets one more attempt: its file may have been put back. Raises NotFound.
    """
    image = services.catalogue.get(image_id)
    if image.status is Status.FAILED and (claimed := claim(image_id, services, again=True)):
        return detect(claimed, services)
    due = image.due_at is None or image.due_at <= services.now()
    return take_up(image, services) if due else image


def _read(stored: StoredObject, image_id: str, services: Services) -> tuple[bytes, Picture]:
    """Read this very version. What is no picture of ours is written down, so that nobody reads it again."""
    limit = services.rules.max_upload_bytes
    try:
        if stored.size_bytes > limit:
            raise TooLarge(f"The picture is too large; at most {limit:,} bytes are taken.")
        if stored.size_bytes == 0:
            raise UnsupportedPicture("The file is empty.")
        data = services.store.get(stored.key, etag=stored.etag, max_bytes=limit)
        return data, services.pictures.read(data)
    except _REFUSALS as error:
        log.warning("object %r is refused: %s", stored.key, error)
        services.upkeep.refuse(
            Refusal(image_id, stored.key, stored.etag, error.code, str(error), services.now())
        )
        raise


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
        file_name=stored.key.rpartition("/")[2] if incoming else None,
        attempts=1,
        claimed_until=now + services.rules.lease,
        due_at=now + max(services.rules.lease, services.rules.repair_after),
    )


def register_objects(found: Sequence[Notice], services: Services) -> None:
    """
    Register every object, also after one that cannot be.

    Raises one of what register_object raises, if it raised anything: the one that asks the sender for most. What has
    been registered is not registered again when the event is repeated.
    """
    errors: list[CirclesError] = []
    for notice in found:
        try:
            register_object(notice.bucket, notice.key, notice.etag, notice.size_bytes, services)
        except CirclesError as error:
            errors.append(error)
    if errors:
        raise max(errors, key=lambda error: error.event_status)
