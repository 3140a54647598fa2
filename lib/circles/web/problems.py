"""Answer errors with RFC 9457 problems."""

import json
import logging
from collections.abc import Callable, Mapping
from typing import NamedTuple

from flask import Response
from werkzeug.exceptions import HTTPException, RequestedRangeNotSatisfiable

from circles.domain.errors import CirclesError, Forbidden, Unauthorized, UnsupportedEncoding
from circles.web.contract import methods
from circles.web.exchanges import Exchange

log = logging.getLogger("circles.requests")

AnswerError = Callable[[Exchange, Exception], Response]

_CODES = {400: "malformed", 404: "not-found", 405: "method-not-allowed", 413: "too-large"}

_DETAILS = {
    400: "The request cannot be read as HTTP, a form, or what its headers promise.",
    404: "There is nothing at this path; /openapi.json lists what there is.",
    405: "The path is right, the method is not; the Allow header names those that are.",
    408: "The request came too slowly; send it again over a faster connection.",
    413: "The body is larger than this installation takes.",
    416: "The picture has no such range of bytes; the Content-Range header tells its length.",
    431: "The request's line and headers are too long.",
    501: "The body has a transfer coding that is not known here; send it plain or chunked.",
    503: "Too many requests are being received; try again in a few seconds.",
}
"""What the client can do about an error of HTTP itself."""


class Problem(NamedTuple):
    """The content of a problem document, and its headers."""

    code: str
    title: str
    status: int
    detail: str
    headers: Mapping[str, str]


def answer_problem(exchange: Exchange, error: Exception) -> Response:
    """Answer an error with a problem document. Errors of the service are logged."""
    problem = describe(error, exchange.request.path)
    log_error(exchange, problem, error)
    exchange.refusal = problem.code
    document = {
        "type": f"urn:circles:problem:{problem.code}",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        "instance": f"urn:circles:request:{exchange.request_id}",
    }
    body = json.dumps(document, separators=(",", ":"))
    headers = {"Cache-Control": "no-store", **problem.headers}
    return Response(body, problem.status, headers, content_type="application/problem+json")


def describe(error: Exception, path: str) -> Problem:
    """Return the problem for an exception. An unexpected one is a 500."""
    if isinstance(error, CirclesError):
        headers = {"Retry-After": str(error.retry_after_s)} if error.retry_after_s else {}
        if isinstance(error, UnsupportedEncoding):
            headers["Accept-Encoding"] = "identity"  # RFC 9110, section 15.5.16
        if isinstance(error, Unauthorized | Forbidden):
            headers["WWW-Authenticate"] = challenge(error)
        return Problem(error.code, error.title, error.http_status, str(error), headers)
    if isinstance(error, HTTPException) and error.code:
        code = _CODES.get(error.code, error.name.lower().replace(" ", "-"))
        detail = _DETAILS.get(error.code, error.name + ".")
        return Problem(code, error.name, error.code, detail, _headers(error, path))
    detail = "Something broke on our side; the log has it under this id."
    return Problem("internal", "Internal error", 500, detail, {})


def challenge(error: Unauthorized | Forbidden) -> str:
    """Return the value of WWW-Authenticate (RFC 6750, section 3)."""
    realm = 'Bearer realm="circles"'
    if isinstance(error, Unauthorized):
        return f'{realm}, error="invalid_token"' if error.is_invalid else realm
    named = f', scope="{error.scope}"' if error.scope else ""
    return f'{realm}, error="insufficient_scope"{named}'


def log_error(exchange: Exchange, problem: Problem, error: Exception) -> None:
    """Log an error of the service. An unexpected one is logged with its traceback."""
    if problem.code == "internal":
        log.error("internal error %s", exchange.request_id, exc_info=error)
    elif problem.status >= 500 and not exchange.is_probe:
        cause = error.__cause__
        log.error("%s: %s (%s) %s", problem.code, error, cause, exchange.request_id)


def _headers(error: HTTPException, path: str) -> dict[str, str]:
    allowed: list[str] | None = getattr(error, "valid_methods", None)
    if allowed:
        return {"Allow": ", ".join(sorted({*allowed, *methods(path)}))}
    if isinstance(error, RequestedRangeNotSatisfiable):
        return {"Content-Range": f"bytes */{error.length}"}
    return {"Retry-After": "5"} if error.code == 503 else {}
