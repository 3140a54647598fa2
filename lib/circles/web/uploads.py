"""Reads an uploaded picture from a request."""

from flask import Request

from circles.domain.errors import Malformed, TooLarge, UnsupportedPicture
from circles.domain.pictures import Upload

FIELD = "file"

_RAW = ("image/", "application/octet-stream")

_MAX_FILE_NAME = 255

_MAX_KEY = 255


def read_upload(request: Request, max_bytes: int) -> Upload:
    """
    Read a picture from the multipart field "file" or from the raw body.

    Raises:
        Malformed: no or several files, an empty one, or an Idempotency-Key that is none.
        TooLarge: more than max_bytes. werkzeug's RequestEntityTooLarge: far more, refused before it is read.
        UnsupportedPicture: the body is declared to be neither a form nor a picture.
    """
    key = _idempotency_key(request)
    if request.mimetype == "multipart/form-data":
        data, file_name = _form_file(request)
    elif request.mimetype.startswith(_RAW):
        data, file_name = _whole_body(request), None
    else:
        raise UnsupportedPicture(f'Send the picture as multipart field "{FIELD}", or as the body with type image/*.')
    if not data:
        raise Malformed("The picture is empty.")
    if len(data) > max_bytes:
        # Not how large it is: of a body without a length only the beginning was read.
        raise TooLarge(f"The picture is too large; at most {max_bytes:,} bytes are taken.")
    return Upload(data, file_name, key)


def prefers_async(request: Request) -> bool:
    """Whether the client asks for an answer before the work is done (RFC 7240, section 4.1)."""
    preferences = ",".join(request.headers.getlist("Prefer")).split(",")
    return any(each.partition(";")[0].strip().lower() == "respond-async" for each in preferences)


def _form_file(request: Request) -> tuple[bytes, str | None]:
    files = request.files.getlist(FIELD)
    if len(files) != 1:
        raise Malformed(f'The form must have one file in the field "{FIELD}"; it has {len(files)}.')
    return files[0].read(), _base_name(files[0].filename or "")


def _whole_body(request: Request) -> bytes:
    """A server hands over what came before a client went away as if it were all; its length tells."""
    data = request.get_data(cache=False)
    if request.content_length is not None and len(data) < request.content_length:
        raise Malformed("The body is shorter than its Content-Length.")
    return data


def _base_name(text: str) -> str | None:
    """The last part of a client's path, without control characters: to be shown, never to be opened."""
    name = text.replace("\\", "/").rpartition("/")[2]
    return "".join(letter for letter in name if letter.isprintable())[:_MAX_FILE_NAME] or None


def _idempotency_key(request: Request) -> str | None:
    """The header of draft-ietf-httpapi-idempotency-key-header-07; bare text is taken as well as a quoted string."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    key = key.strip().removeprefix('"').removesuffix('"')
    if not (0 < len(key) <= _MAX_KEY and key.isascii() and key.isprintable()):
        raise Malformed(f"An Idempotency-Key is 1 to {_MAX_KEY} visible ASCII characters.")
    return key
