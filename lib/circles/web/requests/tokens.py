"""Read what a client wants of a new token."""

from datetime import datetime

from flask import Request

from circles.domain.access.tokens import NewToken
from circles.domain.errors import Malformed
from circles.formats.fields import parse_time
from circles.web.requests.bodies import check_names, read_object


def read_new_token(request: Request) -> NewToken:
    """Return what a body asks for. Raises Malformed, TooLarge, UnsupportedEncoding."""
    document = read_object(request)
    check_names(document, ["name", "scopes", "expires_at"], "A token")
    name, scopes = document.get("name"), document.get("scopes")
    if not isinstance(name, str):
        raise Malformed("name is not text.")
    if not isinstance(scopes, list) or not all(isinstance(scope, str) for scope in scopes):
        raise Malformed("scopes is not a list of texts.")
    return NewToken(name, tuple(scopes), _read_expiry(document.get("expires_at")))


def _read_expiry(value: object) -> datetime | None:
    if value is None:
        return None
    moment = parse_time(value)
    if moment is None:
        raise Malformed("expires_at is not a time such as 2026-03-01T12:30:15Z, or null.")
    return moment
