"""Read an uploaded picture from a request."""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Request

from circles.domain.errors import Malformed, UnsupportedEncoding, UnsupportedPicture
from circles.domain.pictures import Pictures, Upload
from circles.domain.waiting import limited_waits
from circles.web.access.guard import get_principal
from circles.web.exchanges import RECEIVED_AT
from circles.web.requests.forms import FormFile, check_size, read_form_file

FIELD = "file"

_MAX_KEY = 255


def read_upload(request: Request, max_bytes: int, batch: str | None = None) -> Upload:
    """
    Read a picture from the multipart field "file" or from the body.

    The declared type of a body does not matter, because its content tells what it is.

    Raises:
        Malformed: no file, several files, an empty one, or an invalid Idempotency-Key.
        TooLarge: more than max_bytes.
        RequestEntityTooLarge: werkzeug's, for more than the function reads.
        UnsupportedEncoding: the body is compressed.
        UnsupportedPicture: the body is multipart, but not a form.
    """
    key = idempotency_key(request)
    check_encoding(request)
    if request.mimetype == "multipart/form-data":
        file = read_form_file(request, FIELD, max_bytes)
    elif request.mimetype.startswith("multipart/"):
        raise UnsupportedPicture(f'Send a form with the field "{FIELD}", or the picture itself.')
    else:
        file = FormFile(read_body(request), None)
    if not file.data:
        raise Malformed(
            f'The picture is empty. Send it as multipart field "{FIELD}", or as the body.'
        )
    check_size(len(file.data), max_bytes)
    return Upload(file.data, file.name, key, batch, get_principal(request).name)


@contextmanager
def held_upload(
    request: Request, pictures: Pictures, max_bytes: int, batch: str | None = None
) -> Iterator[Upload]:
    """
    Read a picture as read_upload does, and count it against the memory until the with block ends.

    Without a Content-Length the limit counts. All waits of the request end together, as
    domain/waiting.py says. Raises as read_upload does, and Overloaded.
    """
    length = max_bytes if request.content_length is None else request.content_length
    received_at = request.environ.get(RECEIVED_AT)
    with limited_waits(received_at), pictures.hold(min(length, max_bytes)):
        yield read_upload(request, max_bytes, batch)


def prefers_async(request: Request) -> bool:
    """Return whether the client prefers not to wait (RFC 7240, section 4.1)."""
    preferences = ",".join(request.headers.getlist("Prefer")).split(",")
    return any(each.partition(";")[0].strip().lower() == "respond-async" for each in preferences)


def check_encoding(request: Request) -> None:
    """Raise UnsupportedEncoding for a compressed body."""
    coding = request.headers.get("Content-Encoding", "").strip().lower()
    if coding not in ("", "identity"):
        raise UnsupportedEncoding(
            f"The content coding {coding[:50]!r} is not taken; send the body as it is."
        )


def read_body(request: Request) -> bytes:
    """Return the body. Some servers pass on an incomplete one after a disconnect."""
    data = request.get_data(cache=False)
    if request.content_length is not None and len(data) < request.content_length:
        raise Malformed("The body is shorter than its Content-Length.")
    return data


def idempotency_key(request: Request) -> str | None:
    """
    Return the key, quoted or bare, with the principal before it: each has its own keys.

    The header is that of draft-ietf-httpapi-idempotency-key-header-07. No name has a line end.
    """
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    key = key.strip().removeprefix('"').removesuffix('"')
    if not (0 < len(key) <= _MAX_KEY and key.isascii() and key.isprintable()):
        raise Malformed(f"An Idempotency-Key is 1 to {_MAX_KEY} visible ASCII characters.")
    principal = get_principal(request).name
    return key if principal is None else f"{principal}\n{key}"
