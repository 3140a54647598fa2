"""JSON out, and every error as {"error": "<text>"}: refused by us, by Starlette, or foreseen by nobody."""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from predictor.errors import Refusal

log = logging.getLogger("predictor.server")


def json_reply(content: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Write content as JSON."""
    return Response(orjson.dumps(content), status, headers, "application/json")


async def refused(request: Request, error: Exception) -> Response:
    """Answer what our own code refuses; the reason stands in the log's line, too."""
    assert isinstance(error, Refusal)
    request.state.note = error.message
    return json_reply({"error": error.message}, error.status, error.headers)


async def http_error(request: Request, error: Exception) -> Response:
    """Answer what Starlette itself refuses: unknown paths, and methods, where it sets Allow."""
    assert isinstance(error, HTTPException)
    return json_reply({"error": HTTPStatus(error.status_code).phrase + "."}, error.status_code, error.headers)


class Faults:
    """
    ASGI middleware: what nobody foresaw is logged, and answered with a 500 that says nothing of the inside.

    Starlette's own handler for Exception raises it again, upon which uvicorn closes a connection that the client may
    already be using for its next request.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self.app(scope, receive, send)
        except Exception:
            log.exception("unexpected")
            await json_reply({"error": "The predictor failed on this request."}, 500)(scope, receive, send)
