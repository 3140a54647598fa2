"""Routing, JSON responses and request logging, shared by all functions."""

import json
import logging
import time
from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

from flask import Flask, Request, Response, current_app, g, request
from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.routing import Map, Rule

from circles.domain.errors import CirclesError
from circles.domain.identifiers import parse_id
from circles.telemetry import trace
from circles.telemetry.metrics import metrics
from circles.web.probes import common_handlers
from circles.web.problems import answer_crash, answer_framework_error, answer_problem, probed

log = logging.getLogger("circles.requests")

Handler = Callable[..., Response]
"""Takes the request and, by name, the ids of its path, already checked."""


def routes(
    handlers: Mapping[str, Handler],
    *,
    ready: Callable[[], None],
    max_body_bytes: int,
    answer_error: Callable[[CirclesError], Response] = answer_problem,
) -> Handler:
    """
    Return the one function that answers every request of this process, and equip the app that is being created.

    Called while functions-framework loads a function's module, which it does within the new app's context.

    Args:
        handlers: "METHOD /path/<id>" to handler; GET answers HEAD too.
        ready: raises a CirclesError while the function cannot work.
        max_body_bytes: a larger body is refused before it is read.
        answer_error: makes the response to an error that a handler raises.
    """
    table: dict[str, Handler] = {**handlers, **common_handlers(ready)}
    rules = (line.partition(" ") for line in table)
    url_map = Map(
        [Rule(path.rstrip("/") or "/", methods=[method], endpoint=f"{method} {path}") for method, _, path in rules],
        merge_slashes=False,  # a redirect would name an inner host
    )
    paths = url_map.bind("circles")  # the name is never used: nothing redirects
    _equip(current_app, max_body_bytes, answer_error)

    def answer(request: Request) -> Response:
        # With and without a last slash, whatever the method: under strict_slashes=False werkzeug says 404 for some 405.
        endpoint, ids = paths.match(request.path.removesuffix("/") or "/", request.method)
        g.route = endpoint.partition(" ")[2]
        return table[endpoint](request, **{name: parse_id(value) for name, value in ids.items()})

    return answer


def json_response(document: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Answer with a JSON document."""
    body = json.dumps(document, separators=(",", ":"), ensure_ascii=False)
    return Response(body, status, headers, content_type="application/json")


def _equip(app: Flask, max_body_bytes: int, answer_error: Callable[[CirclesError], Response]) -> None:
    app.config["MAX_CONTENT_LENGTH"] = max_body_bytes
    app.before_request(_begin)
    app.after_request(_finish)
    app.register_error_handler(CirclesError, answer_error)
    app.register_error_handler(HTTPException, answer_framework_error)
    app.register_error_handler(Exception, answer_crash)


def _begin() -> None:
    g.began = time.monotonic()
    g.route = "none"  # until one is found: whatever path a caller makes up is no label of a metric
    g.refusal = None
    trace.follow(request.headers.get("traceparent"))
    g.request_id = _request_id(request.headers.get("X-Request-Id", ""))
    if request.endpoint == "static":
        raise NotFound  # Flask's own route would show whatever folder is called static here


def _request_id(given: str) -> str:
    """The caller's id if it is short and harmless in a log line, else one of ours."""
    return given if 0 < len(given) <= 128 and given.isascii() and given.isprintable() else str(uuid4())


def _finish(response: Response) -> Response:
    response.headers["X-Request-Id"] = g.request_id
    response.headers["X-Content-Type-Options"] = "nosniff"
    seconds = time.monotonic() - g.began
    probe = probed()
    if not probe:
        metrics.request_answered(g.route, response.status_code, seconds, refusal=g.refusal)
    log.log(
        logging.DEBUG if probe else logging.INFO,
        "%s %s %d %.0f ms %s",
        request.method,
        json.dumps(request.path)[1:-1],  # a path may hold line ends
        response.status_code,
        seconds * 1000,
        g.request_id,
    )
    return response
