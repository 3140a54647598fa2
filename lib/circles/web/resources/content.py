"""Send a stored picture over HTTP. Preconditions and ranges follow RFC 9110, sections 13 and 14."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import IO
from urllib.parse import quote

from flask import Request, Response
from werkzeug.exceptions import PreconditionFailed, RequestedRangeNotSatisfiable
from werkzeug.wsgi import ClosingIterator

from circles.domain.images import Image

OpenRange = Callable[[int, int], IO[bytes]]
"""Opens the bytes from first to last, both included. The file may contain more after them."""

_PIECE = 64 * 1024


def content_response(request: Request, image: Image, open_range: OpenRange) -> Response:
    """
    Answer 200, 206 or 304 with an image's stored bytes.

    The record alone answers HEAD and the preconditions, so that these do not open the blob.

    Raises:
        PreconditionFailed, RequestedRangeNotSatisfiable: 412 and 416.
    """
    response = _head(image)
    if _is_unmodified(request, image):
        response.status_code = 304
        return response
    first, last = 0, image.size_bytes - 1
    if span := _find_span(request, image):
        first, last = span
        response.status_code = 206
        response.headers["Content-Range"] = f"bytes {first}-{last}/{image.size_bytes}"
    response.content_length = last - first + 1
    if request.method == "GET":
        send_file(request, response, open_range(first, last), last - first + 1)
    return response


def _head(image: Image) -> Response:
    response = Response(content_type=image.media_type)
    response.set_etag(image.sha256)
    response.last_modified = image.created_at
    # A cache must ask again before each use: the picture may have been deleted
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Content-Disposition"] = describe_file(image.file_name)
    response.headers["Accept-Ranges"] = "bytes"
    return response


def describe_file(file_name: str | None) -> str:
    """Return a Content-Disposition (RFC 6266, with the name as in RFC 8187)."""
    return f"inline; filename*=UTF-8''{quote(file_name, safe='')}" if file_name else "inline"


def _is_unmodified(request: Request, image: Image) -> bool:
    """
    Return whether 304 is the answer.

    The preconditions are evaluated in the order of RFC 9110, section 13.2.2. Raises
    PreconditionFailed.
    """
    changed_at = image.created_at.replace(microsecond=0)
    if request.if_match:
        if not request.if_match.contains(image.sha256):
            raise PreconditionFailed
    elif request.if_unmodified_since and changed_at > request.if_unmodified_since:
        raise PreconditionFailed
    if request.if_none_match:
        return request.if_none_match.contains_weak(image.sha256)
    since: datetime | None = request.if_modified_since
    return since is not None and changed_at <= since


def _find_span(request: Request, image: Image) -> tuple[int, int] | None:
    """
    Return the first and the last byte of the requested range.

    None means the whole: a Range with another unit or several parts, or with an If-Range that does
    not match, is ignored (RFC 9110, sections 13.1.5 and 14.2). Raises RequestedRangeNotSatisfiable.
    """
    asked = request.range
    if request.method != "GET" or asked is None or asked.units != "bytes" or len(asked.ranges) != 1:
        return None
    if not _matches_if_range(request, image):
        return None
    found = asked.range_for_length(image.size_bytes)
    if found is None:
        raise RequestedRangeNotSatisfiable(image.size_bytes)
    return found[0], found[1] - 1


def _matches_if_range(request: Request, image: Image) -> bool:
    text = request.headers.get("If-Range", "").strip()
    if request.if_range.date:
        return image.created_at.replace(microsecond=0) == request.if_range.date
    return not text or text == f'"{image.sha256}"'  # a weak tag never matches


def send_file(request: Request, response: Response, file: IO[bytes], size_bytes: int) -> None:
    """Let the server send a file, and close it. waitress holds no thread for that."""
    response.content_length = size_bytes
    wrap = request.environ.get("wsgi.file_wrapper")
    pieces = ClosingIterator(_pieces(file, size_bytes), file.close)
    response.response = wrap(file) if wrap else pieces
    response.direct_passthrough = True


def _pieces(file: IO[bytes], size_bytes: int) -> Iterator[bytes]:
    while size_bytes and (piece := file.read(min(_PIECE, size_bytes))):
        size_bytes -= len(piece)
        yield piece
