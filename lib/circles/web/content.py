"""A stored picture over HTTP: strong ETag, immutable, ranges (RFC 9110, sections 8.8, 13 and 14)."""

from collections.abc import Callable
from urllib.parse import quote

from flask import Request, Response

from circles.domain.images import Image


def content_response(request: Request, image: Image, read: Callable[[], bytes]) -> Response:
    """
    Answer 200, 206, 304 or 416 with an image's stored bytes.

    The record alone answers HEAD and a matching If-None-Match, so that neither fetches the blob.

    Args:
        read: returns the image's bytes; what it raises is passed on.
    """
    response = Response(content_type=image.media_type)
    response.set_etag(image.sha256)
    response.last_modified = image.created_at
    response.cache_control.public = True
    response.cache_control.max_age = 365 * 24 * 3600
    response.cache_control.immutable = True
    response.headers["Content-Disposition"] = _disposition(image.file_name)
    response.accept_ranges = "bytes"
    if request.if_none_match.contains_weak(image.sha256):
        response.status_code = 304  # here, because werkzeug looks at Range first (RFC 9110, section 13.2.2)
        return response
    if request.method == "HEAD":
        response.content_length = image.size_bytes
        return response
    response.data = read()
    response.make_conditional(request, accept_ranges=True, complete_length=image.size_bytes)
    return response


def _disposition(file_name: str | None) -> str:
    """RFC 6266, with RFC 8187's encoding for the name."""
    return f"inline; filename*=UTF-8''{quote(file_name, safe='')}" if file_name else "inline"
