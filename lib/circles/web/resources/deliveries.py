"""Send pages of deliveries over HTTP, and answer replays."""

from collections.abc import Sequence
from typing import NamedTuple

from flask import Request, Response

from circles.domain.errors import Malformed
from circles.domain.events import Delivery, DeliveryState, SinkBacklog
from circles.formats.documents import delivery_document
from circles.web.requests.cursors import cursor, write_cursor
from circles.web.requests.queries import one_of, read_query, short_text, whole_number
from circles.web.responses import json_response, page_response

PAGE, LARGEST_PAGE = 50, 200
_LAST = 999_999_999
MAX_SINK = 100
"""Characters of a sink's name."""


class DeliveryPage(NamedTuple):
    """What a client asks for. before is where the page before this one ends."""

    sink: str | None
    state: DeliveryState | None
    limit: int
    before: int | None


def read_delivery_page(request: Request) -> DeliveryPage:
    """Return the requested page. Raises Malformed."""
    query = read_query(
        request,
        sink=short_text(MAX_SINK),
        state=_state,
        limit=whole_number(1, LARGEST_PAGE),
        cursor=cursor(_read_position),
    )
    limit, before = query.get("limit", PAGE), query.get("cursor")
    return DeliveryPage(query.get("sink"), query.get("state"), limit, before)


def deliveries_response(
    request: Request, deliveries: Sequence[Delivery], sinks: Sequence[SinkBacklog], limit: int
) -> Response:
    """Answer with a page. deliveries has one more if there is a next page."""

    def end(last: Delivery) -> str:
        return write_cursor("delivery", last.position)

    more = {"sinks": [sink._asdict() for sink in sinks]}
    return page_response(request, "/deliveries", deliveries, limit, delivery_document, end, more)


def read_replay(request: Request) -> str | None:
    """Return the name of the only sink to send to, if one is given. Raises Malformed."""
    from circles.web.requests.bodies import has_body  # here, because list reads no body

    query = read_query(request, sink=short_text(MAX_SINK))
    if has_body(request):
        raise Malformed("A replay takes no body.")
    return query.get("sink")


def replay_response(deliveries: Sequence[Delivery]) -> Response:
    """Answer 202, because sending follows."""
    return json_response({"deliveries": [delivery_document(each) for each in deliveries]}, 202)


def _state(text: str) -> DeliveryState:
    return DeliveryState(one_of(*DeliveryState)(text))


def _read_position(text: str) -> int:
    kind, position = text.split(" ")
    if kind != "delivery":
        raise ValueError(f"a cursor of {kind}")
    return whole_number(0, _LAST)(position)
