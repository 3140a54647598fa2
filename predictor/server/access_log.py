"""One readable line per request, and the count of errors."""

import logging
import re
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from predictor import metrics

log = logging.getLogger("predictor.access")
PROBES = re.compile(r"/(metrics|v1/models/[^/]+|v2/health/\w+|v2/models/[^/]+/ready)?")
"""What is asked every few seconds for ever: the lines of good answers to GET are at DEBUG."""


class AccessLog:
    """ASGI middleware, the outermost; a note for the line stands in scope["state"]["note"]."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        start, status = time.perf_counter(), 500

        async def noting_send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, noting_send)
        finally:
            if status >= 400:
                metrics.ERRORS.labels(status).inc()
            _write(scope, status, time.perf_counter() - start)


def _write(scope: Scope, status: int, seconds: float) -> None:
    is_probe = scope["method"] == "GET" and status < 400 and PROBES.fullmatch(scope["path"])
    level = logging.DEBUG if is_probe else logging.INFO
    target = scope["raw_path"] + (b"?" + scope["query_string"] if scope["query_string"] else b"")
    note = scope.get("state", {}).get("note", "")
    log.log(level, "%s %s %s %.0f ms %s", scope["method"], _safe(target), status, seconds * 1000, note)


def _safe(text: bytes) -> str:
    """Return text as one line of printable ASCII, whatever a caller put into it, cut to what one wants to read."""
    return text[:200].decode("latin-1").encode("unicode_escape").decode("ascii")
