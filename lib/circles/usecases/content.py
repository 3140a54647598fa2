"""An image's stored bytes."""

from circles.domain.blobs import ObjectStore
from circles.domain.errors import Damaged, NotFound, TooLarge
from circles.domain.images import Image


def read_content(image: Image, store: ObjectStore) -> bytes:
    """
    Return the very bytes that the image was made of.

    Raises:
        NotFound: they are gone; a file that others put may also have been replaced, and is another image then.
        Damaged: our own blob has other bytes than were put.
        Unavailable: the store is away.
    """
    try:
        return store.get(image.key, sha256=image.sha256, max_bytes=image.size_bytes)
    except (Damaged, TooLarge) as error:
        if image.source != "upload":
            raise NotFound("The file of this image was replaced in the bucket.") from error
        raise Damaged("The stored picture is not the one that was uploaded.") from error
