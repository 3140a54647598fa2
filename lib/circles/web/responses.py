"""Answer with JSON documents, shared by all functions."""

import json
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from types import MappingProxyType
from typing import Any, TypeVar
from urllib.parse import urlencode

from flask import Request, Response

_Row = TypeVar("_Row")

_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


def json_response(
    document: Any, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Answer with a JSON document. A cache must ask again before each use."""
    response = Response(_encode(document), status, headers, content_type="application/json")
    response.headers.add("Cache-Control", "private, no-cache")
    return response


def tagged_response(
    request: Request,
    document: Any,
    *,
    basis: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """
    Answer with a JSON document and its entity tag, or 304 if the client has it already.

    The tag is a hash of the bytes, or of basis, from which they follow (RFC 9110, section 8.8.3).
    """
    body = _encode(document).encode()
    tag = sha256(body if basis is None else basis.encode()).hexdigest()[:32]
    asked = request.environ.get("HTTP_IF_NONE_MATCH")
    if asked and request.if_none_match.contains_weak(tag):
        response = Response(status=304, headers=headers)
        del response.headers["Content-Type"]
    else:
        response = Response(body, 200, headers, content_type="application/json")
    response.headers.add("ETag", f'"{tag}"')
    response.headers.add("Cache-Control", "private, no-cache")
    return response


def page_response(
    request: Request,
    path: str,
    rows: Sequence[_Row],
    limit: int,
    describe: Callable[[_Row], dict[str, Any]],
    end: Callable[[_Row], str],
    more: Mapping[str, Any] = MappingProxyType({}),
) -> Response:
    """
    Answer with at most limit rows and a link to the next.

    rows has one more if there is a next page. The link is relative, because a function does not
    know the name of the gateway.

    Args:
        path: the route, which names the list in the document, too.
        describe: returns the document of a row.
        end: returns the cursor behind a row. New and deleted rows do not move it.
        more: further fields of the document.
    """
    page, following = rows[:limit], None
    if len(rows) > limit:
        asked = {key: text for key, text in request.args.items() if key != "cursor"}
        following = f"{path}?{urlencode({**asked, 'cursor': end(page[-1])})}"
    headers = {"Link": f'<{following}>; rel="next"'} if following else {}
    document = {path.strip("/"): [describe(row) for row in page], "next": following, **more}
    return tagged_response(request, document, headers=headers)


def empty_response(status: int = 204) -> Response:
    """Answer without a body."""
    response = Response(status=status)
    del response.headers["Content-Type"]
    return response
