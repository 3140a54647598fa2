"""Routing and request logging, shared by all functions."""

import logging
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from flask import Request, Response, current_app
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge, abort

from circles.domain.access.principals import PUBLIC, Access
from circles.domain.access.tokens import parse_token_id
from circles.domain.errors import Malformed
from circles.domain.identifiers import parse_batch, parse_id
from circles.telemetry import trace
from circles.telemetry.metrics import metrics
from circles.web.access.credentials import has_credentials
from circles.web.access.guard import check_access
from circles.web.contract import find_scope
from circles.web.exchanges import Exchange, begin_exchange
from circles.web.probes import common_handlers
from circles.web.problems import AnswerError, answer_problem
from circles.web.rules import Handler, Rule, match_rule

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

log = logging.getLogger("circles.requests")

FindScope = Callable[[str, str], str]
"""Returns the scope of a method and a path such as /images/<image_id>."""

REFUSAL = "circles.refusal"
"""Key in environ for the status of a request that the server could not read."""

_PARSERS = {"batch": parse_batch, "token_id": parse_token_id}

_WITH_BODY = ("POST", "PUT", "PATCH")


def routes(
    handlers: Mapping[str, Handler] = MappingProxyType({}),
    *,
    quick: Mapping[str, Handler] = MappingProxyType({}),
    ready: Callable[[], None],
    max_body_bytes: int,
    access: Access,
    answer_error: AnswerError = answer_problem,
    find_scope: FindScope = find_scope,
) -> Callable[[Request], Response]:
    """
    Return the function that answers every request.

    It becomes the WSGI application of the Flask app that functions-framework creates while it loads
    a function's module. Flask's own dispatching, which nothing here needs, costs as much as a whole
    request to detail (bench/README.md).

    Args:
        handlers: by "METHOD /path/<id>". GET answers HEAD too.
        quick: handlers that wait for the catalogue only, also by route.
        ready: raises a CirclesError while the function cannot work.
        max_body_bytes: a larger body is refused.
        access: identifies the sender of each request.
        find_scope: returns the scope that a route needs. It raises LookupError for an unknown one.
        answer_error: makes the response to an exception of a handler.
    """
    table = {**handlers, **quick, **common_handlers(ready)}
    rules = [
        Rule.read(line, table[line], line in quick, find_scope(*line.split(" "))) for line in table
    ]
    router = Router(rules, max_body_bytes, access, answer_error)
    current_app.wsgi_app = router  # type: ignore[method-assign]
    return router.answer


class Router:
    """A WSGI application that calls the handler of each request."""

    def __init__(
        self,
        rules: Sequence[Rule],
        max_body_bytes: int,
        access: Access,
        answer_error: AnswerError,
    ) -> None:
        self.max_body_bytes = max_body_bytes
        self._rules = rules
        self._access = access
        self._answer_error = answer_error

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        return self.answer(Request(environ))(environ, start_response)

    def answer(self, request: Request) -> Response:
        """Answer a request. Every exception becomes a response."""
        exchange = begin_exchange(request)
        trace.follow(request.environ.get("HTTP_TRACEPARENT"))
        try:
            response = self._handle(exchange)
        except Exception as error:
            response = self._answer_error(exchange, error)
        return _finish(exchange, response)

    def takes_body(
        self, method: str, path: str, size_bytes: int | None, headers: Collection[str]
    ) -> bool:
        """
        Return whether a request's body must be read.

        If not, answer() refuses the request by its head alone. A chunked body has no size_bytes.

        Args:
            headers: their names, in upper case. Without credentials no body is read.
        """
        try:
            rule, _ = match_rule(self._rules, method, path)
        except HTTPException:
            return False
        if rule.scope != PUBLIC and not has_credentials(headers, self._access.rules):
            return False
        return method in _WITH_BODY and (size_bytes or 0) <= self.max_body_bytes

    def is_quick(self, method: str, path: str) -> bool:
        """Return whether the handler waits for the catalogue only."""
        return any(rule.quick and method in rule.methods and rule.pattern.fullmatch(path)
                   for rule in self._rules)  # fmt: skip

    def _handle(self, exchange: Exchange) -> Response:
        request = exchange.request
        if status := request.environ.get(REFUSAL):
            abort(status)
        rule, ids = match_rule(self._rules, request.method, request.path)
        exchange.route = rule.path
        check_access(request, rule.scope, self._access)
        self._check_body(request)
        return rule.handler(request, **{name: _parse(name, value) for name, value in ids.items()})

    def _check_body(self, request: Request) -> None:
        request.max_content_length = self.max_body_bytes
        size_bytes = request.content_length
        chunked = "HTTP_TRANSFER_ENCODING" in request.environ
        if request.method not in _WITH_BODY and (size_bytes or chunked):
            raise Malformed(f"A {request.method} request takes no body here.")
        if size_bytes is not None and size_bytes > self.max_body_bytes:
            raise RequestEntityTooLarge


def _parse(name: str, text: str) -> str:
    """Return a valid part of a path: a batch's name, a token's id or a UUID. Raises Malformed."""
    return _PARSERS.get(name, parse_id)(text)


def _finish(exchange: Exchange, response: Response) -> Response:
    response.headers.add("X-Request-Id", exchange.request_id)
    response.headers.add("X-Content-Type-Options", "nosniff")
    # What is stored may be anything: opened by itself it runs nothing, and no other site shows it
    response.headers.setdefault("Content-Security-Policy", "sandbox; default-src 'none'")
    response.headers.add("Cross-Origin-Resource-Policy", "same-origin")
    seconds = time.monotonic() - exchange.began
    status, probe = response.status_code, exchange.is_probe
    if not probe:
        metrics.request_answered(exchange.route, status, seconds, refusal=exchange.refusal)
    log.log(
        logging.DEBUG if probe else logging.INFO,
        "%s %s %d %.0f ms %s",
        exchange.request.method,
        exchange.request.path,
        status,
        seconds * 1000,
        exchange.request_id,
    )
    return response
