"""Images that come as objects in the bucket."""

from circles.images import Image
from circles.ports import Services


def register_object(bucket: str, key: str, etag: str, size_bytes: int, app: Services) -> Image:
    """
    Make an image of an object that somebody put into the bucket, detect its circles, and return its record.

    The blob stays where it is. The image's id follows from bucket, key and etag: the same event a hundred times, also
    at once, is one image with one detection. An event that is older than the object registers what is there now under
    its own etag, as the newer event does or will do.

    Args:
        bucket, key: key is not escaped and lies under Rules.incoming_prefix.
        etag: unquoted, as the event tells it.
        size_bytes: as the event tells it; more than Rules.max_upload_bytes is refused before anything is read.

    Raises:
        NotFound: the key lies elsewhere, or the object is gone, or its image was deleted: nothing is left to do.
        Malformed: the event is about another bucket, or the key is none that a store takes.
        TooLarge, UnsupportedPicture, UndecodablePicture: it is no picture of ours. That is recorded: the same object is
            not read again.
        Unavailable: store or catalogue is away; try later.
    """
    raise NotImplementedError
