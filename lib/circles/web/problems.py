"""Error responses as RFC 9457 problems."""

import json
import logging
from collections.abc import Mapping

from flask import Request, Response, current_app, g, request
from werkzeug.exceptions import HTTPException, RequestedRangeNotSatisfiable

from circles.domain.errors import CirclesError
from circles.web.contract import methods

log = logging.getLogger("circles.requests")


_PROBES = ("/health/", "/metrics")
"""Routes that machines ask every few seconds: logged at DEBUG only, and not counted as requests."""

_HTTP_ONLY = {400: "malformed", 404: "not-found", 405: "method-not-allowed", 413: "too-large"}


def probed() -> bool:
    """Whether this request is a probe, which says in its own way what is wrong."""
    return bool(g.route.startswith(_PROBES))


def answer_problem(error: CirclesError) -> Response:
    if error.http_status >= 500 and not probed():
        log.error("%s: %s (%s) %s", error.code, error, error.__cause__, g.request_id)
    headers = {"Retry-After": str(error.retry_after_s)} if error.retry_after_s else {}
    return _problem(error.code, error.title, error.http_status, str(error), headers)


def answer_framework_error(error: HTTPException) -> Response:
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


def answer_crash(error: Exception) -> Response:
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
