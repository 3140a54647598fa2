"""Read an image's stored bytes."""

import hashlib
from typing import IO

from circles.domain.blobs import ObjectStore
from circles.domain.errors import Damaged, NotFound, TooLarge
from circles.domain.identifiers import object_id
from circles.domain.images import Image


def read_content(image: Image, store: ObjectStore) -> bytes:
    """
    Return the bytes that the image was made of.

    Raises:
        NotFound: the bytes are gone, or another program replaced its file. The new file is another
            image.
        Damaged: our own blob does not have the bytes that were put.
        Unavailable: the store is unavailable.
    """
    try:
        return store.get(image.key, sha256=image.sha256, max_bytes=image.size_bytes)
    except (Damaged, TooLarge) as error:
        raise _changed(image) from error


def open_content(image: Image, store: ObjectStore, first: int, last: int) -> IO[bytes]:
    """
    Open the image's bytes from first to last, both included.

    The object is read and compared with the image's sha256. A part is opened without that check if
    the object is known to be unchanged: an own blob is never written again, and another program's
    file still has the etag that the id was made of.

    Raises:
        NotFound, Damaged, Unavailable: as read_content.
    """
    try:
        if last - first + 1 < image.size_bytes and _is_unchanged(image, store):
            return store.open(image.key, size_bytes=image.size_bytes, first=first, last=last)
        file = store.open(image.key, size_bytes=image.size_bytes)
        return _verified(file, image, first)
    except Damaged as error:
        raise _changed(image) from error


def _is_unchanged(image: Image, store: ObjectStore) -> bool:
    if image.source == "upload":
        return True
    stored = store.stat(image.key)
    return object_id(stored.bucket, stored.key, stored.etag) == image.image_id


def _verified(file: IO[bytes], image: Image, first: int) -> IO[bytes]:
    """Return the file at byte first, or close it and raise Damaged."""
    if hashlib.file_digest(file, "sha256").hexdigest() != image.sha256:  # type: ignore[arg-type]
        file.close()
        raise Damaged("The stored picture is not the one that was uploaded.")
    file.seek(first)
    return file


def _changed(image: Image) -> NotFound | Damaged:
    if image.source != "upload":
        return NotFound("The file of this image was replaced in the bucket.")
    return Damaged("The stored picture is not the one that was uploaded.")
