"""Answer with principals, sessions and tokens."""

from collections.abc import Sequence

from flask import Request, Response

from circles.domain.access.principals import Principal
from circles.domain.access.tokens import Session, Token
from circles.formats.access import principal_document, token_document
from circles.web.access.credentials import LOOPBACK_COOKIE, SECURE_COOKIE
from circles.web.access.hosts import is_loopback
from circles.web.responses import empty_response, json_response


def principal_response(principal: Principal, *, is_open: bool) -> Response:
    """Answer with the sender and what it may do."""
    return json_response(principal_document(principal, is_open=is_open))


def session_response(request: Request, principal: Principal, text: str, ends: Session) -> Response:
    """Answer with the sender, and the cookie of its new session."""
    document = principal_document(principal._replace(expires_at=ends.expires_at), is_open=False)
    response = json_response(document, 201)
    response.headers.set("Cache-Control", "no-store")
    _set_cookie(request, response, text, ends)
    return response


def ended_response(request: Request) -> Response:
    """Answer without a body, and remove the cookie."""
    response = empty_response()
    _set_cookie(request, response, "", None)
    return response


def tokens_response(tokens: Sequence[Token]) -> Response:
    """Answer with the records of all tokens."""
    return json_response({"tokens": [token_document(token) for token in tokens]})


def token_response(text: str, token: Token) -> Response:
    """Answer with a new token. Its text cannot be read again."""
    response = json_response({"token": text, **token_document(token)}, 201)
    response.headers.set("Cache-Control", "no-store")
    return response


def _set_cookie(request: Request, response: Response, text: str, session: Session | None) -> None:
    """Set a cookie for scripts of no site. A loopback address needs no TLS."""
    secure = not is_loopback(request)
    response.set_cookie(
        SECURE_COOKIE if secure else LOOPBACK_COOKIE,
        text,
        expires=session.expires_at if session else 0,
        secure=secure,
        httponly=True,
        samesite="Strict",
    )
