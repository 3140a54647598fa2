"""Why a picture is refused. Every message is a sentence for the client, without its bytes."""


class PictureError(Exception):
    """The family."""


class UnsupportedKind(PictureError):
    """The bytes are not a picture, or of a kind that is not read. HTTP says 415."""


class TooLarge(PictureError):
    """Reading the picture would cost more pixels, memory or time than is allowed. HTTP says 413."""


class Undecodable(PictureError):
    """The picture is damaged or cut off. HTTP says 422."""


class Overloaded(PictureError):
    """Other pictures use the memory at this moment; a later try may succeed. HTTP says 503."""
