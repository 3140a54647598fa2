"""Describe the sender of a request, and what it may do."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from circles.domain.errors import Malformed

SCOPES = (
    "images:read",
    "images:write",
    "images:delete",
    "detections:write",
    "deliveries:admin",
    "tokens:admin",
)
"""What a token can allow. Each route of openapi.json names one of them in x-scope."""

PUBLIC = "none"
"""The x-scope of a route that needs no token, such as a probe."""

ANY = "any"
"""The x-scope of a route that needs a token, whatever its scopes."""

LOOPBACK = ("127.0.0.1", "::1", "localhost")

MAX_NAME = 100
_NAME = re.compile(r"[\w.@+-]([\w.@+ -]*[\w.@+-])?")


class Principal(NamedTuple):
    """
    The sender of a request.

    name is None while access is open. is_ambient means that a browser adds the credentials to every
    request, also to one that another site's page makes. token_id is the token's, also of a session;
    session_id is that of a session.
    """

    name: str | None
    scopes: frozenset[str]
    is_ambient: bool = False
    expires_at: datetime | None = None
    token_id: str | None = None
    session_id: str | None = None


EVERYBODY = Principal(None, frozenset(SCOPES), is_ambient=True)
"""The sender of every request while access is open."""


class Forwarded(NamedTuple):
    """What a proxy says of a user that it has signed in, and the secret that it shares with us."""

    user: str
    groups: str
    secret: str


class Credentials(NamedTuple):
    """What a request identifies its sender with: a header, a cookie, or a proxy's word."""

    authorization: str | None = None
    session: str | None = None
    forwarded: Forwarded | None = None


Identify = Callable[[Credentials], Principal]
"""Returns the sender of a request. Raises Unauthorized, Unavailable."""


class AccessRules(NamedTuple):
    """
    How access is checked.

    is_open means that every request is allowed. hosts are the names at which browsers reach this
    installation; one that begins with a dot stands for all below it. session_lifetime is that of a
    cookie. trusted_header and groups_header are those of a proxy that shares trusted_secret;
    groups gives each of its groups scopes. The limits a minute are those of one principal.
    """

    is_open: bool = False
    hosts: tuple[str, ...] = LOOPBACK
    session_lifetime: timedelta = timedelta(hours=12)
    trusted_header: str = ""
    groups_header: str = ""
    trusted_secret: str = ""
    groups: Mapping[str, frozenset[str]] = {}
    uploads_per_minute: int | None = None
    detections_per_minute: int | None = None


class Access(NamedTuple):
    """What a function checks requests with."""

    identify: Identify
    rules: AccessRules = AccessRules()


def parse_name(text: str) -> str:
    """Return the name of a principal, unchanged. Raises Malformed."""
    if not (len(text) <= MAX_NAME and text.isprintable() and _NAME.fullmatch(text)):
        raise Malformed(f"A name has 1 to {MAX_NAME} letters, digits, spaces and . _ @ + -")
    return text


def parse_scopes(texts: Iterable[str]) -> frozenset[str]:
    """Return the scopes of a new token; "all" stands for those of today. Raises Malformed."""
    named = frozenset(texts)
    if named == {"all"}:
        return frozenset(SCOPES)
    if not named or not named <= set(SCOPES):
        raise Malformed(f"A token has at least one scope, or all; known: {', '.join(SCOPES)}.")
    return named
