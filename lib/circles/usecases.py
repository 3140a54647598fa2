"""
What the project does.

A picture's way: blob, then row, then detection outside any transaction, then objects and status in one transaction.
A crash between any two steps leaves a pending image or an unnamed blob, never half an answer.
"""

import hashlib
import logging

from circles import metrics
from circles.announcing import dispatch_outbox
from circles.errors import CirclesError, DetectorFailed, KeyReused, KeyTaken, Unavailable
from circles.identifiers import new_id, upload_id
from circles.images import EXTENSIONS, Image, Picture, Status, Upload
from circles.ports import Services
from circles.registering import register_object
from circles.repairing import repair_images

__all__ = ["dispatch_outbox", "read_content", "register_object", "repair_images", "upload_image"]

log = logging.getLogger("circles")


def upload_image(upload: Upload, app: Services) -> Image:
    """
    Store a picture, detect its circles, and return its record: detected, or pending where the predictor gave no answer.

    The same idempotency key with the same bytes returns the same image, and takes up its detection if that is due.

    Raises:
        UnsupportedPicture, TooLarge, UndecodablePicture: nothing was stored.
        KeyReused: the key was used for other bytes; nothing was stored.
        Unavailable: store or catalogue did not take it; nothing is left of it but perhaps a blob without a row.
    """
    picture = app.pictures.read(upload.data)
    sha256 = hashlib.sha256(upload.data).hexdigest()
    if known := _known(upload, sha256, app):
        return _resume(known, picture, app)
    image = _describe(upload, picture, sha256, app)
    app.store.put(image.key, picture.data, media_type=image.media_type, sha256=sha256)
    try:
        app.catalogue.add(image)
    except KeyTaken:
        return _lost_race(image, upload, picture, app)
    except Unavailable:
        if upload.idempotency_key is None:  # under a key, another request may have recorded this very blob meanwhile
            _forget_blob(image.key, app)
        raise
    metrics.image_stored(image.size_bytes)
    return _detect(image, picture, app)


def read_content(image_id: str, app: Services) -> tuple[Image, bytes]:
    """Return an image's record and its stored bytes. Raises NotFound, Damaged, Unavailable."""
    image = app.catalogue.get(image_id)
    return image, app.store.get(image.key, sha256=image.sha256)


def _describe(upload: Upload, picture: Picture, sha256: str, app: Services) -> Image:
    now = app.now()
    key = upload.idempotency_key
    return Image(
        image_id=(image_id := new_id()),
        # A retry under the same key overwrites its own blob, so that a crash before the row leaves no second one.
        key=f"images/{upload_id(key, sha256) if key else image_id}{EXTENSIONS[picture.media_type]}",
        media_type=picture.media_type,
        size_bytes=len(upload.data),
        sha256=sha256,
        width=picture.width,
        height=picture.height,
        source="upload",
        created_at=now,
        file_name=upload.file_name,
        idempotency_key=key,
        attempts=1,
        claimed_until=now + app.rules.lease,
    )


def _known(upload: Upload, sha256: str, app: Services) -> Image | None:
    """Return the image that holds this upload's key; raise KeyReused if it has other bytes."""
    if upload.idempotency_key is None:
        return None
    known = app.catalogue.find_by_idempotency_key(upload.idempotency_key)
    if known and known.sha256 != sha256:
        raise KeyReused("This Idempotency-Key was used for another picture; send this one with a new key.")
    return known


def _resume(image: Image, picture: Picture, app: Services) -> Image:
    now = app.now()
    if image.status is Status.PENDING and app.catalogue.claim(image.image_id, now=now, until=now + app.rules.lease):
        return _detect(image, picture, app)
    return app.catalogue.get(image.image_id)


def _lost_race(image: Image, upload: Upload, picture: Picture, app: Services) -> Image:
    """Another request took the key between our look and our write: its image is the answer if the bytes agree."""
    try:
        winner = _known(upload, image.sha256, app)
    except KeyReused:
        _forget_blob(image.key, app)
        raise
    if winner is None:
        raise Unavailable("The image with this Idempotency-Key has just been deleted; send it again.")
    return _resume(winner, picture, app)


def _detect(image: Image, picture: Picture, app: Services) -> Image:
    """Detect and record under a claim that the caller holds. Whatever goes wrong, the image stays pending."""
    try:
        detection = app.detector.detect(app.pictures.upright(picture))
        detected = app.catalogue.record(image.image_id, detection, now=app.now())
    except DetectorFailed as error:
        log.warning("image %s stays pending: %s", image.image_id, error)
        return _release(image, str(error), app)
    except Unavailable as error:
        log.warning("image %s stays pending: %s", image.image_id, error)
        return image
    metrics.objects_found(detected.object_count)
    return detected


def _release(image: Image, error: str, app: Services) -> Image:
    try:
        return app.catalogue.release(image.image_id, error=error)
    except Unavailable:
        return image  # the claim runs out by itself


def _forget_blob(key: str, app: Services) -> None:
    try:
        app.store.delete(key)
    except CirclesError:
        log.exception("blob %s has no row and could not be removed", key)
