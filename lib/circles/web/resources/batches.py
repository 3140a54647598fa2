"""Send pages of batches and of refusals over HTTP."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from flask import Request, Response

from circles.domain.identifiers import parse_batch, parse_id
from circles.domain.images import Refusal
from circles.domain.upkeep import RefusalPosition
from circles.formats.documents import batch_document, refusal_document
from circles.web.requests.cursors import cursor, read_moment, write_cursor
from circles.web.requests.queries import read_query, short_text, whole_number
from circles.web.responses import page_response

if TYPE_CHECKING:  # a cold start reads none
    from circles.domain.counting.batches import Batch, BatchPosition

PAGE, LARGEST_PAGE = 50, 200


class BatchPage(NamedTuple):
    """What a client asks for. before is where the page before this one ends."""

    limit: int
    before: "BatchPosition | None"


class RefusalPage(NamedTuple):
    """What a client asks for. before is where the page before this one ends."""

    key: str | None
    since: datetime | None
    limit: int
    before: RefusalPosition | None


def read_batch_page(request: Request) -> BatchPage:
    """Return the requested page. Raises Malformed."""
    query = read_query(
        request, limit=whole_number(1, LARGEST_PAGE), cursor=cursor(_read_batch_position)
    )
    return BatchPage(query.get("limit", PAGE), query.get("cursor"))


def batches_response(request: Request, batches: "Sequence[Batch]", limit: int) -> Response:
    """Answer with a page. batches has one more if there is a next page."""

    def end(last: "Batch") -> str:
        return write_cursor("batch", last.created_at, last.name)

    return page_response(request, "/batches/", batches, limit, batch_document, end)


def read_refusal_page(request: Request) -> RefusalPage:
    """Return the requested page. Raises Malformed."""
    query = read_query(
        request,
        key=short_text(1024),
        since=read_moment,
        limit=whole_number(1, LARGEST_PAGE),
        cursor=cursor(_read_refusal_position),
    )
    limit, before = query.get("limit", PAGE), query.get("cursor")
    return RefusalPage(query.get("key"), query.get("since"), limit, before)


def refusals_response(request: Request, refusals: Sequence[Refusal], limit: int) -> Response:
    """Answer with a page. refusals has one more if there is a next page."""

    def end(last: Refusal) -> str:
        return write_cursor("refusal", last.refused_at, last.object_id)

    return page_response(request, "/refusals", refusals, limit, refusal_document, end)


def _read_batch_position(text: str) -> "BatchPosition":
    created_at, name = _read_parts(text, "batch")
    return read_moment(created_at), parse_batch(name)


def _read_refusal_position(text: str) -> RefusalPosition:
    refused_at, object_id = _read_parts(text, "refusal")
    return read_moment(refused_at), parse_id(object_id)


def _read_parts(text: str, kind: str) -> tuple[str, str]:
    found, moment, name = text.split(" ", 2)
    if found != kind:
        raise ValueError(f"a cursor of {found}")
    return moment, name
