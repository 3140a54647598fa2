"""Write JSON responses, and every error as {"error": "<text>"}."""

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


def reply_json(
    content: Any, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Return a response with content as JSON."""
    return Response(orjson.dumps(content), status, headers, "application/json")


async def answer_refusal(request: Request, error: Exception) -> Response:
    """Answer a Refusal. The access log shows its message, too."""
    assert isinstance(error, Refusal)
    request.state.note = error.message
    return reply_json({"error": error.message}, error.status, error.headers)


async def answer_http_error(request: Request, error: Exception) -> Response:
    """Answer an error of Starlette's router: an unknown path, or a wrong method with Allow."""
    assert isinstance(error, HTTPException)
    content = {"error": HTTPStatus(error.status_code).phrase + "."}
    return reply_json(content, error.status_code, error.headers)


class UnexpectedErrors:
    """
    ASGI middleware that logs an unexpected exception and answers 500 without details.

    Starlette's own handler for Exception raises it again. uvicorn then closes the connection, which
    the client may already be using for its next request.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self.app(scope, receive, send)
        except Exception:
            log.exception("unexpected error")
            response = reply_json({"error": "The predictor failed on this request."}, 500)
            await response(scope, receive, send)
