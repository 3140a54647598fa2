"""Images that clients send: blob, then row, then detection outside any transaction, then objects and status."""

import hashlib
import logging
from dataclasses import replace

from circles.domain.errors import Buried, KeyReused, KeyTaken, NotFound, Unavailable
from circles.domain.identifiers import new_id, upload_id
from circles.domain.images import Image, Status
from circles.domain.pictures import EXTENSIONS, Picture, Upload
from circles.domain.services import Services
from circles.telemetry.metrics import metrics
from circles.usecases.announce import UPLOADED, announcing, send_soon
from circles.usecases.delete import forget_blob, forget_if_unused
from circles.usecases.detect import detect, take_up

log = logging.getLogger("circles")


def upload_image(upload: Upload, services: Services, *, wait: bool = True) -> Image:
    """
    Store a picture, detect its circles, and return its record: detected, or pending where the predictor gave no answer.

    The same idempotency key with the same bytes returns the same image, and takes up its detection if that is due.

    Args:
        wait: False returns as soon as the picture is safe. It is detected in the background, and by repair if this
            process ends before.

    Raises:
        UnsupportedPicture, TooLarge, UndecodablePicture: nothing was stored.
        KeyReused: the key was used for other bytes; nothing was stored.
        Unavailable: store or catalogue did not take it; nothing is left of it but perhaps a blob without a row.
    """
    picture = services.pictures.read(upload.data)
    sha256 = hashlib.sha256(upload.data).hexdigest()
    image = _known(upload, sha256, services)
    if image is None:
        try:
            image = _store(_describe(upload, picture, sha256, wait, services), picture, services)
        except KeyTaken:
            image = _winner(upload, sha256, services)
        else:
            return detect(image, services, picture) if wait else _later(image, services)
    if not wait:
        return _later(image, services)
    try:
        return take_up(image, services, picture)
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
        # A retry under the same key overwrites its own blob, so that a crash before the row leaves no second one.
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
        attempts=1 if wait else 0,
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


def _store(image: Image, picture: Picture, services: Services) -> Image:
    """Put the blob, then add the row. Raises KeyTaken, Unavailable."""
    services.store.put(image.key, picture.data, media_type=image.media_type, sha256=image.sha256)
    try:
        services.catalogue.add(image, announce=announcing(UPLOADED, services))
    except Buried:  # an image with the same idempotency key was deleted, and somebody is about to delete its blob
        forget_if_unused(image.key, services)
        return _store(replace(image, key=_blob_key(image.image_id, picture)), picture, services)
    except KeyTaken:
        forget_if_unused(image.key, services)  # with the same bytes, the winner has this very blob
        raise
    except Unavailable:
        if (
            image.idempotency_key is None
        ):  # under a key, another request may have recorded this very blob meanwhile
            forget_blob(image.key, services)
        raise
    metrics.image_stored(image.size_bytes)
    send_soon(services)
    return image


def _known(upload: Upload, sha256: str, services: Services) -> Image | None:
    """Return the image that holds this upload's key; raise KeyReused if it has other bytes."""
    if upload.idempotency_key is None:
        return None
    known = services.catalogue.find_by_idempotency_key(upload.idempotency_key)
    if known and known.sha256 != sha256:
        raise KeyReused(
            "This Idempotency-Key was used for another picture; send this one with a new key."
        )
    return known


def _winner(upload: Upload, sha256: str, services: Services) -> Image:
    """Another request took the key between our look and our write: its image is the answer if the bytes agree."""
    winner = _known(upload, sha256, services)
    if winner is None:
        raise Unavailable(
            "The image with this Idempotency-Key has just been deleted; send it again."
        )
    return winner


def _later(image: Image, services: Services) -> Image:
    """Let the background detect the image. The row says that it is due, should this process end before."""
    if image.status is Status.PENDING:
        services.soon(lambda: _detect_unasked(image, services), key=f"detect {image.image_id}")
    return image


def _detect_unasked(image: Image, services: Services) -> None:
    try:
        take_up(image, services)
    except NotFound:
        pass  # it was deleted meanwhile
    except Unavailable as error:
        log.warning("image %s is left to repair: %s", image.image_id, error)
