"""Log one line per request and count the errors."""

import logging
import re
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from predictor import metrics

log = logging.getLogger("predictor.access")
PROBES = re.compile(r"/(metrics|v1/models/[^/]+|v2/health/\w+|v2/models/[^/]+/ready)?")
"""Paths that are requested every few seconds. A successful GET of them is logged at DEBUG."""


class AccessLog:
    """The outermost ASGI middleware. Handlers leave a note for the line in request.state.note."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        start, status = time.perf_counter(), 500

        async def send_and_note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, send_and_note)
        finally:
            if status >= 400:
                metrics.ERRORS.labels(status).inc()
            _log_request(scope, status, time.perf_counter() - start)


def _log_request(scope: Scope, status: int, seconds: float) -> None:
    is_probe = scope["method"] == "GET" and status < 400 and PROBES.fullmatch(scope["path"])
    level = logging.DEBUG if is_probe else logging.INFO
    target = scope["raw_path"] + (b"?" + scope["query_string"] if scope["query_string"] else b"")
    note = scope.get("state", {}).get("note", "")
    log.log(
        level,
        "%s %s %s %.0f ms %s",
        scope["method"],
        _escape(target),
        status,
        seconds * 1000,
        note,
    )


def _escape(text: bytes) -> str:
    """Return the first 200 bytes as one line of printable ASCII. A client controls this text."""
    return text[:200].decode("latin-1").encode("unicode_escape").decode("ascii")
