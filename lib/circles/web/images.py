"""Send records of images over HTTP, one or a page of them."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from flask import Request, Response

from circles.domain.catalogue import Position
from circles.domain.identifiers import parse_id
from circles.domain.images import Image, ImageFilter, Status
from circles.formats.documents import image_document
from circles.web.queries import read_query, whole_number
from circles.web.responses import json_response, tagged_response

PAGE, LARGEST_PAGE = 50, 200

_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


def image_response(image: Image, *, wait: bool = True) -> Response:
    """
    Answer with a record: 200, or 202 during a detection.

    wait is False if the client preferred not to wait (RFC 7240, section 4.1). Preference-Applied
    says whether that was so.
    """
    later = image.status is Status.PENDING or image.claimed_until is not None
    headers = {"Location": f"/images/{image.image_id}"}
    if later and not wait:
        headers["Preference-Applied"] = "respond-async"
    return json_response(image_document(image), 202 if later else 200, headers)


def read_page(request: Request) -> tuple[ImageFilter, int, Position | None]:
    """Return filter, limit and start of the requested page. Raises Malformed."""
    query = read_query(
        request,
        status=_status,
        sha256=_sha256,
        since=_moment,
        limit=whole_number(1, LARGEST_PAGE),
        cursor=_position,
    )
    wanted = ImageFilter(query.get("status"), query.get("sha256"), query.get("since"))
    return wanted, query.get("limit", PAGE), query.get("cursor")


def page_response(request: Request, images: Sequence[Image], limit: int) -> Response:
    """
    Answer with at most limit images and a link to the next.

    images has one more if there is a next page. The link is relative, because a function does not
    know the name of the gateway.
    """
    page, more = images[:limit], len(images) > limit
    following = _next(request, page[-1]) if more else None
    headers = {"Link": f'<{following}>; rel="next"'} if following else {}
    document: dict[str, Any] = {
        "images": [image_document(image) for image in page],
        "next": following,
    }
    return tagged_response(request, document, headers=headers)


def _next(request: Request, last: Image) -> str:
    asked = {name: text for name, text in request.args.items() if name != "cursor"}
    return f"/images/?{urlencode({**asked, 'cursor': _cursor(last)})}"


def _cursor(last: Image) -> str:
    """Return where a page ends, opaque to clients. New and deleted images do not move it."""
    place = f"{last.created_at.astimezone(UTC).isoformat(timespec='microseconds')} {last.image_id}"
    return urlsafe_b64encode(place.encode()).decode().rstrip("=")


def _position(text: str) -> Position:
    try:
        padded = text + "=" * (-len(text) % 4)
        created_at, _, image_id = (
            urlsafe_b64decode(padded.encode("ascii")).decode("ascii").partition(" ")
        )
        return _moment(created_at), parse_id(image_id)
    except Exception as error:
        raise ValueError("must be taken from the next of another page") from error


def _status(text: str) -> Status:
    try:
        return Status(text)
    except ValueError as error:
        raise ValueError(f"must be one of {', '.join(Status)}") from error


def _sha256(text: str) -> str:
    if not re.fullmatch("[0-9a-fA-F]{64}", text):
        raise ValueError("must be 64 hexadecimal digits")
    return text.lower()


def _moment(text: str) -> datetime:
    try:
        if _RFC_3339.fullmatch(text):
            return datetime.fromisoformat(text.upper())
    except ValueError:
        pass  # such as a thirteenth month
    raise ValueError(
        "must be a moment such as 2026-11-24T06:30:00Z (RFC 3339; a + is written %2B in a URL)"
    )
