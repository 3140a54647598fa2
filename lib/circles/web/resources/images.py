"""Send records of images over HTTP, one or a page of them."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from flask import Request, Response

from circles.domain.catalogue import NO_DOUBT, Position
from circles.domain.errors import Malformed
from circles.domain.identifiers import parse_batch, parse_id
from circles.domain.images import Image, ImageFilter, Order, Review, Status
from circles.formats.documents import image_document
from circles.web.requests.cursors import cursor, read_moment, write_cursor
from circles.web.requests.queries import one_of, read_query, short_text, whole_number
from circles.web.responses import json_response, page_response

PAGE, LARGEST_PAGE = 50, 200

_MOST = 999_999_999
_UNDETECTED = (Status.PENDING, Status.FAILED)
_OF_RUNS = ("model_version", "min_count", "max_count")


class Page(NamedTuple):
    """What a client asks for. before is where the page before this one ends."""

    wanted: ImageFilter
    order: Order
    limit: int
    before: Position | None


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


def read_page(request: Request) -> Page:
    """Return filter, order, limit and start of the requested page. Raises Malformed."""
    query = read_query(
        request,
        **FILTERS,
        order=_order,
        limit=whole_number(1, LARGEST_PAGE),
        cursor=cursor(_read_position),
    )
    order, limit = query.pop("order", Order.NEWEST), query.pop("limit", PAGE)
    before = query.pop("cursor", None)
    if before and (before.doubtful_count is not None) != (order is Order.DOUBT):
        raise Malformed("The query parameter 'cursor' is of a page in another order.")
    return Page(make_filter(query), order, limit, before)


def images_response(request: Request, images: Sequence[Image], page: Page) -> Response:
    """Answer with a page. images has one more if there is a next page."""

    def end(last: Image) -> str:
        if page.order is Order.NEWEST:
            return write_cursor(last.created_at, last.image_id)
        doubt = NO_DOUBT if last.doubtful_count is None else last.doubtful_count
        return write_cursor(last.created_at, last.image_id, doubt)

    return page_response(request, "/images/", images, page.limit, image_document, end)


def make_filter(query: dict[str, Any]) -> ImageFilter:
    """Return the filter of a query. Raises Malformed if no image can match it."""
    since, until = query.get("since"), query.get("until")
    if since and until and since >= until:
        raise Malformed("The query parameter 'since' must be before 'until'.")
    if query.get("min_count", 0) > query.get("max_count", _MOST):
        raise Malformed("The query parameter 'min_count' must not be above 'max_count'.")
    of_run = [name for name in _OF_RUNS if name in query]
    if query.get("review", Review.NONE) is not Review.NONE:
        of_run.append("review")
    if query.get("status") in _UNDETECTED and of_run:
        raise Malformed(f"The query parameter {of_run[0]!r} needs images with a run, see 'status'.")
    return ImageFilter(**query)


def _read_position(text: str) -> Position:
    created_at, image_id, *rest = text.split(" ")
    doubt = int(*rest) if rest else None
    if doubt is not None and not NO_DOUBT <= doubt <= _MOST:
        raise ValueError(text)
    return Position(read_moment(created_at), parse_id(image_id), doubt)


def _status(text: str) -> Status:
    return Status(one_of(*Status)(text))


def _review(text: str) -> Review:
    return Review(one_of(*Review)(text))


def _order(text: str) -> Order:
    return Order(one_of(*Order)(text))


def _sha256(text: str) -> str:
    if not re.fullmatch("[0-9a-fA-F]{64}", text):
        raise ValueError("must be 64 hexadecimal digits")
    return text.lower()


FILTERS: Mapping[str, Callable[[str], Any]] = {
    "status": _status,
    "sha256": _sha256,
    "since": read_moment,
    "until": read_moment,
    "batch": parse_batch,
    "source": one_of("upload", "s3"),
    "key": short_text(1024),
    "model_version": short_text(100),
    "review": _review,
    "min_count": whole_number(0, _MOST),
    "max_count": whole_number(0, _MOST),
}
"""Query parameters that select images, with their parsers. make_filter takes their values."""
