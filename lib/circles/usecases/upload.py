"""
Store and detect the pictures that clients send.

The order is blob, row, detection outside any transaction, then objects and status.
"""

import hashlib
import logging
from dataclasses import replace

from circles.domain.access.quotas import Quota
from circles.domain.errors import (
    BlobTaken,
    Buried,
    KeyReused,
    KeyTaken,
    NotFound,
    TooManyRequests,
    Unavailable,
)
from circles.domain.identifiers import new_id, upload_id
from circles.domain.images import Image, Status
from circles.domain.pictures import EXTENSIONS, Picture, Upload
from circles.domain.services import Services
from circles.telemetry.metrics import metrics
from circles.usecases.access.limits import upload_quota
from circles.usecases.costly import costly_turn
from circles.usecases.delete import forget_blob, forget_if_unused
from circles.usecases.detect import claim, detect, detect_on_request
from circles.usecases.events.announce import UPLOADED, announcing, send_soon

log = logging.getLogger("circles")


def upload_image(upload: Upload, services: Services, *, wait: bool = True) -> Image:
    """
    Store a picture, detect its circles, and return its record.

    The record is pending if the predictor did not answer, or if other costly pictures are waiting
    for it: then the image is detected in the background. It is also pending while more images are
    than Rules.max_pending: then the predictor is not asked, and repair detects the image. The same
    idempotency key with the same bytes returns the same image, and detects it if it has no result
    yet. That does not count towards giving up.

    Args:
        wait: False returns as soon as the picture is stored. The image is detected in the
            background, or by repair if this process ends before.

    Raises:
        UnsupportedPicture, TooLarge, UndecodablePicture: nothing was stored.
        KeyReused: the key was used for other bytes or another batch; nothing was stored.
        TooManyRequests: the principal has used up its uploads of this minute; nothing was stored.
        Unavailable: the store or the catalogue is unavailable. A blob without a row may be left.
    """
    quota = upload_quota(upload.created_by, services)
    picture = services.pictures.read(upload.data)
    with costly_turn(picture, services) as has_turn:
        return _store_and_detect(upload, picture, quota, services, wait=wait and has_turn)


def _store_and_detect(
    upload: Upload, picture: Picture, quota: Quota | None, services: Services, *, wait: bool
) -> Image:
    sha256 = hashlib.sha256(upload.data).hexdigest()
    image = _known(upload, sha256, services)
    deferred = services.catalogue.has_more_pending(services.rules.max_pending)
    if image is None:
        now = wait and not deferred
        try:
            image = _describe(upload, picture, sha256, now, services)
            image = _store(image, picture, quota, services)
        except KeyTaken:
            image = _winner(upload, sha256, services)
        else:
            if now:
                return detect(image, services, picture)
            return _detect_later(image, services, asked=False, deferred=deferred)
    if not wait or deferred:
        return _detect_later(image, services, asked=True, deferred=deferred)
    try:
        return detect_on_request(image, services, picture)
    except NotFound as error:
        raise Unavailable(
            "The image with this Idempotency-Key has just been deleted; send it again."
        ) from error


def _describe(
    upload: Upload, picture: Picture, sha256: str, wait: bool, services: Services
) -> Image:
    now, key = services.now(), upload.idempotency_key
    return Image(
        image_id=(image_id := new_id()),
        # A retry with the same key overwrites its blob: a crash before the row leaves only one.
        key=_blob_key(upload_id(key, sha256) if key else image_id, picture),
        media_type=picture.media_type,
        size_bytes=len(upload.data),
        sha256=sha256,
        width=picture.width,
        height=picture.height,
        source="upload",
        created_at=now,
        file_name=upload.file_name,
        idempotency_key=key,
        batch=upload.batch,
        created_by=upload.created_by,
        attempts=int(wait),
        claim=int(wait),
        claimed_until=now + services.rules.lease if wait else None,
        due_at=now
        + (
            max(services.rules.lease, services.rules.repair_after)
            if wait
            else services.rules.repair_after
        ),
    )


def _blob_key(name: str, picture: Picture) -> str:
    return f"images/{name}{EXTENSIONS[picture.media_type]}"


def _store(image: Image, picture: Picture, quota: Quota | None, services: Services) -> Image:
    """Put the blob, then add the row. Raises KeyTaken, TooManyRequests, Unavailable."""
    services.store.put(image.key, picture.data, media_type=image.media_type, sha256=image.sha256)
    try:
        services.catalogue.add(image, announce=announcing(UPLOADED, services), quota=quota)
    except (BlobTaken, Buried):
        # An image with the same idempotency key was deleted, and its blob is about to be deleted.
        forget_if_unused(image.key, services)
        image = replace(image, key=_blob_key(image.image_id, picture))
        return _store(image, picture, quota, services)
    except (KeyTaken, TooManyRequests):
        forget_if_unused(image.key, services)  # with the same bytes, the winner has this blob
        raise
    except Unavailable:
        # With an idempotency key, another request may have recorded this blob in between.
        if image.idempotency_key is None:
            forget_blob(image.key, services)
        raise
    metrics.image_stored(image.size_bytes)
    send_soon(services)
    return image


def _known(upload: Upload, sha256: str, services: Services) -> Image | None:
    """
    Return the image with this upload's idempotency key.

    Raises KeyReused if its bytes or its batch differ.
    """
    if upload.idempotency_key is None:
        return None
    known = services.catalogue.find_by_idempotency_key(upload.idempotency_key)
    if known and known.sha256 != sha256:
        raise KeyReused(
            "This Idempotency-Key was used for another picture; send this one with a new key."
        )
    if known and known.batch != upload.batch:
        raise KeyReused("This Idempotency-Key was used for another batch; send a new key.")
    return known


def _winner(upload: Upload, sha256: str, services: Services) -> Image:
    """
    Return the image of the request that won the idempotency key.

    That request wrote its row after this one had looked the key up.

    Raises:
        KeyReused: its bytes or its batch differ.
        Unavailable: it has been deleted since, so that the client must send again.
    """
    winner = _known(upload, sha256, services)
    if winner is None:
        raise Unavailable(
            "The image with this Idempotency-Key has just been deleted; send it again."
        )
    return winner


def _detect_later(image: Image, services: Services, *, asked: bool, deferred: bool) -> Image:
    """
    Detect the image in the background, or leave it to repair.

    If this process ends before, repair finds it due.
    """
    if image.status is Status.DETECTED:
        return image
    if deferred:
        metrics.detection_deferred("upload")
    else:
        services.soon(
            lambda: _detect_in_background(image, services, asked), key=f"detect {image.image_id}"
        )
    return image


def _detect_in_background(image: Image, services: Services, asked: bool) -> None:
    try:
        if asked:
            detect_on_request(image, services)
        elif claimed := claim(image.image_id, services):
            detect(claimed, services)
    except NotFound:
        pass  # it was deleted in between
    except Unavailable as error:
        log.warning("image %s is left to repair: %s", image.image_id, error)
