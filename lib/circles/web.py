"""HTTP spoken once: which handler a request reaches, and how every answer, refusal and log line looks."""

import json
import logging
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

from flask import Flask, Request, Response, current_app, g, request
from werkzeug.exceptions import HTTPException, NotFound, RequestedRangeNotSatisfiable
from werkzeug.routing import Map, Rule

from circles import metrics, trace
from circles.errors import CirclesError
from circles.identifiers import parse_id
from circles.settings import Settings
from circles.web_common import Handler as Handler
from circles.web_common import common_handlers
from circles.web_contract import methods

log = logging.getLogger("circles.requests")

_PROBES = ("/health/", "/metrics")
"""Routes that machines ask every few seconds: logged at DEBUG only, and not counted as requests."""
_HTTP_ONLY = {400: "malformed", 404: "not-found", 405: "method-not-allowed", 413: "too-large"}


def routes(handlers: Mapping[str, Handler], *, ready: Callable[[], None], settings: Settings) -> Handler:
    """
    Return the one function that answers every request of this process, and equip the app that is being created.

    Called while functions-framework loads a function's module, which it does within the new app's context.

    Args:
        handlers: "METHOD /path/<id>" to handler; GET answers HEAD too.
        ready: raises a CirclesError while the function cannot work.
        settings: the log level and the largest body are read from it.
    """
    table = {**handlers, **common_handlers(ready)}
    rules = (line.partition(" ") for line in table)
    url_map = Map(
        [Rule(path.rstrip("/") or "/", methods=[method], endpoint=f"{method} {path}") for method, _, path in rules],
        merge_slashes=False,  # a redirect would name an inner host
    )
    paths = url_map.bind("circles")  # the name is never used: nothing redirects
    _equip(current_app, settings)

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


def _equip(app: Flask, settings: Settings) -> None:
    _configure_logging(settings.log_level)
    # The form around the file counts too; the file itself is measured where it is read.
    app.config["MAX_CONTENT_LENGTH"] = settings.max_upload_bytes + 64 * 1024
    app.before_request(_begin)
    app.after_request(_finish)
    app.register_error_handler(CirclesError, _refused)
    app.register_error_handler(HTTPException, _refused_by_framework)
    app.register_error_handler(Exception, _crashed)


def _configure_logging(level: str) -> None:
    """One readable line per event on standard output; functions-framework configures no logging at all."""
    root = logging.getLogger("circles")
    root.setLevel(level)
    if not root.handlers:
        handler = logging.StreamHandler(sys.stdout)
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        root.addHandler(handler)
        root.propagate = False


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


def probed() -> bool:
    """Whether this request is a probe, which says in its own way what is wrong."""
    return bool(g.route.startswith(_PROBES))


def _refused(error: CirclesError) -> Response:
    if error.http_status >= 500 and not probed():
        log.error("%s: %s (%s) %s", error.code, error, error.__cause__, g.request_id)
    headers = {"Retry-After": str(error.retry_after_s)} if error.retry_after_s else {}
    return _problem(error.code, error.title, error.http_status, str(error), headers)


def _refused_by_framework(error: HTTPException) -> Response:
    status = error.code or 500
    allowed: list[str] | None = getattr(error, "valid_methods", None)
    headers = {"Allow": ", ".join(sorted({*allowed, *methods(request.path)}))} if allowed else {}
    if isinstance(error, RequestedRangeNotSatisfiable):
        headers["Content-Range"] = f"bytes */{error.length}"
    code = _HTTP_ONLY.get(status, error.name.lower().replace(" ", "-"))
    return _problem(code, error.name, status, _DETAILS.get(status, error.name + "."), headers)


_DETAILS = {
    400: "The request cannot be read as HTTP, a form, or what its headers promise.",
    404: "There is nothing at this path; /openapi.json lists what there is.",
    405: "The path is right, the method is not; the Allow header names those that are.",
    413: "The body is larger than this installation takes.",
}


def _crashed(error: Exception) -> Response:
    log.exception("internal error %s", g.request_id, exc_info=error)
    return _problem("internal", "Internal error", 500, "Something broke on our side; the log has it under this id.", {})


def drain(request: Request) -> None:
    """
    Read on a refused body for a while and throw it away, a piece at a time.

    A server that closes with unread data resets the connection, and the client sees that instead of the answer. Who
    asked first (Expect: 100-continue) has sent nothing yet.
    """
    if request.headers.get("Expect"):
        return
    stream, left = request.environ["wsgi.input"], 2 * current_app.config["MAX_CONTENT_LENGTH"]
    while left > 0 and (piece := stream.read(64 * 1024)):
        left -= len(piece)


def _problem(code: str, title: str, status: int, detail: str, headers: Mapping[str, str]) -> Response:
    """
    Answer as RFC 9457 says.

    The body is an iterator, because functions-framework reads a request's whole body into memory before any answer that
    is not streamed (functions_framework.read_request), which a refusal of a large body must not do.
    """
    drain(request)
    g.refusal = code
    document = {
        "type": f"urn:circles:problem:{code}",
        "title": title,
        "status": status,
        "detail": detail,
        "instance": f"urn:circles:request:{g.request_id}",
    }
    body = json.dumps(document, separators=(",", ":")).encode()
    response = Response(iter([body]), status, headers, content_type="application/problem+json")
    response.content_length = len(body)
    return response
