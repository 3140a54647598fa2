"""Event functions over HTTP: one POST route whose answer is a status and never a body."""

import hmac
import logging
from collections.abc import Callable

from flask import Request, Response, current_app, g, request
from werkzeug.exceptions import RequestEntityTooLarge

from circles.domain.errors import CirclesError, TooLarge, Unauthorized
from circles.formats.cloud_events import IncomingEvent, read_event
from circles.telemetry import trace
from circles.telemetry.metrics import metrics
from circles.web.problems import drain, probed
from circles.web.routing import Handler, json_response, routes

log = logging.getLogger("circles.requests")

MAX_EVENT_BYTES = 4 * 1024 * 1024
"""SeaweedFS names every 4-MiB piece of a large object, twice: 5 GiB are half a MiB."""


def event_routes(take: Callable[[Request], None], *, ready: Callable[[], None], never_status: int = 422) -> Handler:
    """
    Return the function that answers every request of an event function: POST / is 204 where take raised nothing.

    A body would harm: Knative's broker reads any body of a 2xx as an event and repeats what it cannot read
    (knative/eventing pkg/broker/filter), and an error's body goes into the dead letter.

    Args:
        take: takes what was posted; a CirclesError that it raises is answered with its event_status.
        never_status: what tells the sender that a repetition is useless. 422 is right for a broker, which has a place
            for dead letters; a store's queue repeats all that is not 2xx, for ever and before everything else.
    """

    def post(request: Request) -> Response:
        take(request)
        return Response(status=204)

    def told(error: CirclesError) -> Response:
        never = 400 <= error.event_status < 500 and not isinstance(error, Unauthorized)
        level = logging.ERROR if error.event_status >= 500 else logging.WARNING
        if not probed():
            log.log(level, "%s: %s (%s) %s", error.code, error, error.__cause__, g.request_id)
        return _empty(never_status if never else error.event_status, error)

    handlers: dict[str, Handler] = {"GET /": lambda _: json_response({"status": "alive"}), "POST /": post}
    answer = routes(handlers, ready=ready, max_body_bytes=MAX_EVENT_BYTES, answer_error=told)
    current_app.register_error_handler(RequestEntityTooLarge, lambda _: told(TooLarge("The event is too large.")))
    current_app.after_request(_without_body)
    return answer


def cloud_event_routes(handle: Callable[[IncomingEvent], bool], *, ready: Callable[[], None]) -> Handler:
    """
    event_routes for a function that takes CloudEvents.

    Args:
        handle: returns whether the event was one for it. One that is not is acknowledged: whoever subscribes to all
            that a broker has gets it, and it is no fault of its sender. Dead letters never reach it: they are logged
            and counted, and what they told of is taken up by repair when it finds the blob without a row.
    """

    def take(request: Request) -> None:
        kind, outcome = "unknown", "failed"
        try:
            event = read_event(dict(request.headers), request.get_data(cache=False))
            kind = event.type
            if event.traceparent:
                trace.follow(event.traceparent)
            if event.dead_letter:
                log.error("dead letter: %s %s of %s: %s", event.type, event.event_id, event.source, event.dead_letter)
                outcome = "dead"
            else:
                outcome = "done" if handle(event) else "ignored"
        except CirclesError as error:
            outcome = _OUTCOMES.get(error.event_status, "failed")
            raise
        finally:
            metrics.event_handled("in", kind if outcome not in ("ignored", "dead") else "unknown", outcome)

    return event_routes(take, ready=ready)


_OUTCOMES = {204: "gone", 422: "refused"}
"""What the metrics call an error that needs no repetition, by its event_status."""


def check_token(request: Request, token: str) -> None:
    """
    Raise Unauthorized unless the request carries token: as Bearer, or as the password of Basic, which is what a store
    sends that knows nothing but a URL with user and password. Compared in constant time; no token lets nobody in.
    """
    sent = request.authorization
    given = (sent.token if sent.type == "bearer" else sent.password) if sent else None
    right = hmac.compare_digest((given or "").encode("utf-8", "replace"), token.encode())
    if not (token and right):
        raise Unauthorized("Send the token of this bridge as Authorization: Bearer.")


def _empty(status: int, error: CirclesError) -> Response:
    """A streamed answer without content: see problems.drain for why it is streamed."""
    drain(request)
    g.refusal = error.code
    response = Response(iter(()), status)
    if error.retry_after_s:
        response.headers["Retry-After"] = str(error.retry_after_s)
    if isinstance(error, Unauthorized):
        response.headers["WWW-Authenticate"] = 'Bearer realm="circles"'
    return response


def _without_body(response: Response) -> Response:
    """Whoever refused a POST: nothing is said but the status."""
    if request.method == "POST":
        response.set_data(b"")
        response.headers.pop("Content-Type", None)
    return response
