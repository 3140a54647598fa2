"""Read the responses of an S3 server."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from urllib3 import BaseHTTPResponse

from circles.domain.errors import Damaged, TooLarge

DAMAGED = "The stored picture is not the one that was uploaded."
_PIECE = 64 * 1024


@contextmanager
def closing_response(response: BaseHTTPResponse) -> Iterator[None]:
    """Close a response and release its connection."""
    try:
        yield
    finally:
        response.close()
        response.release_conn()


def read_all(response: BaseHTTPResponse, max_bytes: int | None) -> bytes:
    """Return the body. Raises TooLarge, before reading if Content-Length is known."""
    if max_bytes is None:
        return response.read()
    announced = response.headers.get("Content-Length", "")
    too_large = announced.isdecimal() and int(announced) > max_bytes
    data = b"" if too_large else response.read(max_bytes + 1)
    if too_large or len(data) > max_bytes:
        raise TooLarge(f"The picture is too large; at most {max_bytes:,} bytes are taken.")
    return data


def copy_to(file: IO[bytes], response: BaseHTTPResponse, size_bytes: int) -> None:
    """
    Write the body into a file.

    The body is an object of size_bytes or a range of it. Raises Damaged if the object has another
    size (RFC 9110, section 14.4).
    """
    total = response.headers.get("Content-Range", "").rpartition("/")[2]
    if (total or response.headers.get("Content-Length")) != str(size_bytes):
        raise Damaged(DAMAGED)
    for piece in response.stream(_PIECE):
        file.write(piece)
