"""Receive events over HTTP. The response is a status without a body."""

import logging
from collections.abc import Callable

from flask import Request, Response
from werkzeug.exceptions import RequestEntityTooLarge

from circles.domain.access.principals import ANY, PUBLIC, Access
from circles.domain.errors import CirclesError, TooLarge, Unauthorized
from circles.formats.cloud_events import IncomingEvent, read_event
from circles.telemetry import trace
from circles.telemetry.metrics import metrics
from circles.web.contract import find_scope
from circles.web.exchanges import Exchange
from circles.web.problems import answer_problem, challenge
from circles.web.responses import empty_response, json_response
from circles.web.routing import routes
from circles.web.rules import Handler

log = logging.getLogger("circles.requests")

MAX_EVENT_BYTES = 4 * 1024 * 1024
"""SeaweedFS names every 4-MiB piece of a large object, twice: 5 GiB are half a MiB."""


def event_routes(
    take: Callable[[Request], None],
    *,
    ready: Callable[[], None],
    access: Access,
    never_status: int = 422,
) -> Callable[[Request], Response]:
    """
    Return the function that answers every request.

    POST / answers 204 unless take raises. It has no body: Knative's broker reads the body of a 2xx
    as an event and retries what it cannot read (knative/eventing pkg/broker/filter), and the body
    of an error becomes part of the dead letter.

    Args:
        take: processes the request. A CirclesError is answered with its event_status.
        ready: raises a CirclesError while the function cannot work.
        access: identifies the sender of each event.
        never_status: tells the sender not to retry. A broker keeps a dead letter after 422; the
            queue of an object store retries every status but 2xx, endlessly and before all others.
    """

    def post(request: Request) -> Response:
        take(request)
        return empty_response()

    def answer_error(exchange: Exchange, error: Exception) -> Response:
        if isinstance(error, RequestEntityTooLarge):
            error = TooLarge("The event is too large.")
        if isinstance(error, CirclesError):
            return _answer_event_error(exchange, error, never_status)
        response = answer_problem(exchange, error)
        if exchange.request.method == "POST":
            response.set_data(b"")
            del response.headers["Content-Type"]
        return response

    handlers: dict[str, Handler] = {
        "GET /": lambda _: json_response({"status": "alive"}),
        "POST /": post,
    }
    return routes(
        handlers,
        ready=ready,
        max_body_bytes=MAX_EVENT_BYTES,
        access=access,
        answer_error=answer_error,
        find_scope=_find_scope,
    )


def cloud_event_routes(
    handle: Callable[[IncomingEvent], bool], *, ready: Callable[[], None], access: Access
) -> Callable[[Request], Response]:
    """
    Return the function that answers every request with a CloudEvent.

    Dead letters are logged and counted; repair registers their blobs later.

    Args:
        handle: returns whether the event was for this function. Other events are acknowledged,
            because a trigger without a filter delivers everything.
        ready: raises a CirclesError while the function cannot work.
        access: identifies the sender of each event.
    """

    def take(request: Request) -> None:
        kind, outcome = "unknown", "failed"
        try:
            event = read_event(dict(request.headers), request.get_data(cache=False))
            kind = event.type
            if event.traceparent:
                trace.follow(event.traceparent)
            if event.dead_letter:
                log.error(
                    "dead letter: %s %s of %s: %s",
                    event.type,
                    event.event_id,
                    event.source,
                    event.dead_letter,
                )
                outcome = "dead"
            else:
                outcome = "done" if handle(event) else "ignored"
        except CirclesError as error:
            outcome = _OUTCOMES.get(error.event_status, "failed")
            raise
        finally:
            metrics.event_handled(
                "in", kind if outcome not in ("ignored", "dead") else "unknown", outcome
            )

    return event_routes(take, ready=ready, access=access)


_OUTCOMES = {204: "gone", 422: "refused"}
"""Outcome in the metrics of an error that needs no retry, by its event_status."""


def _find_scope(method: str, path: str) -> str:
    """Return the scope of a route. Events are not part of the contract."""
    return {("GET", "/"): PUBLIC, ("POST", "/"): ANY}.get((method, path)) or find_scope(
        method, path
    )


def _answer_event_error(exchange: Exchange, error: CirclesError, never_status: int) -> Response:
    never = 400 <= error.event_status < 500 and not isinstance(error, Unauthorized)
    level = logging.ERROR if error.event_status >= 500 else logging.WARNING
    if not exchange.is_probe:
        log.log(level, "%s: %s (%s) %s", error.code, error, error.__cause__, exchange.request_id)
    exchange.refusal = error.code
    response = empty_response(never_status if never else error.event_status)
    if error.retry_after_s:
        response.headers["Retry-After"] = str(error.retry_after_s)
    if isinstance(error, Unauthorized):
        response.headers["WWW-Authenticate"] = challenge(error)
    return response
