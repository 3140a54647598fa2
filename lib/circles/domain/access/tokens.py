"""Tokens and sessions, and the port that stores them. Only digests of their secrets are stored."""

import re
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple, Protocol

from circles.domain.errors import Malformed

if TYPE_CHECKING:  # a cold start reads none
    from circles.domain.access.quotas import Quota

TOKEN, SESSION = "crc", "crs"
"""How the text of a token, and of a session's cookie, begins."""

_FORM = re.compile(r"(crc|crs)_([0-9a-f]{16})_([0-9a-f]{64})")


class Token(NamedTuple):
    """A token. digest is that of its secret; used_at is exact to an hour."""

    token_id: str
    digest: str
    principal: str
    scopes: frozenset[str]
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    used_at: datetime | None = None
    created_by: str | None = None


class NewToken(NamedTuple):
    """What a client or an operator wants of a new token."""

    name: str
    scopes: Sequence[str]
    expires_at: datetime | None = None


class Session(NamedTuple):
    """A browser's session. It ends with its token, also when that is revoked."""

    session_id: str
    digest: str
    token: Token
    expires_at: datetime


def parse_secret(text: str, kind: str) -> tuple[str, str] | None:
    """Return the id and the secret's digest of a token's or a session's text, or None."""
    found = _FORM.fullmatch(text)
    if found is None or found[1] != kind:
        return None
    return found[2], digest_secret(found[3])


def digest_secret(secret: str) -> str:
    """Return the SHA-256 of a secret. 256 random bits need no slower function."""
    return sha256(secret.encode()).hexdigest()


def parse_token_id(text: str) -> str:
    """Return the id of a token, unchanged. Raises Malformed."""
    if not re.fullmatch("[0-9a-f]{16}", text):
        raise Malformed("The id of a token has 16 digits from 0 to f.")
    return text


class Tokens(Protocol):
    """Stores tokens and sessions. Every method raises Unavailable, as in Catalogue."""

    def find(self, token_id: str) -> Token | None:
        """Return a token, also one that has expired or was revoked."""

    def find_session(self, session_id: str) -> Session | None:
        """Return a session with its token, also one that has expired."""

    def add(self, token: Token) -> None:
        """Add a token with a new id."""

    def all(self) -> Sequence[Token]:
        """Return every token, the newest first."""

    def revoke(self, token_id: str, *, now: datetime) -> None:
        """
        Revoke a token, which ends its sessions. A revoked one stays as it is.

        Raises NotFound: there is no such token.
        """

    def mark_used(self, token_id: str, *, now: datetime) -> None:
        """Set the last use of a token."""

    def count_use(self, quota: "Quota") -> int:
        """Return how much of a quota is used."""

    def begin_session(self, session: Session, *, now: datetime) -> None:
        """Add a session, and forget those that have expired."""

    def end_session(self, session_id: str) -> None:
        """Forget a session."""
