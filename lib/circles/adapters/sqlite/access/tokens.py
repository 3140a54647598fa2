"""Tokens in the catalogue's SQLite file."""

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from circles.adapters.sqlite import rows
from circles.adapters.sqlite.database import SqliteFile
from circles.domain.access.tokens import Session, Token
from circles.domain.errors import NotFound

_TOKEN = """
    SELECT tokens.token_id, tokens.digest, tokens.principal, tokens.scopes, tokens.created_at,
           tokens.expires_at, tokens.revoked_at, tokens.used_at, tokens.created_by
"""
_FIND = f"{_TOKEN} FROM tokens WHERE token_id = ?"
_FIND_SESSION = f"""
    {_TOKEN}, sessions.digest, sessions.expires_at
    FROM sessions JOIN tokens USING (token_id) WHERE session_id = ?
"""


class SqliteTokens:
    """Stores tokens and sessions; opens the file on the first call."""

    def __init__(self, path: Path, *, busy_timeout_s: float, reserve_bytes: int = 0) -> None:
        self._file = SqliteFile(path, busy_timeout_s=busy_timeout_s, reserve_bytes=reserve_bytes)

    def find(self, token_id: str) -> Token | None:
        with self._file.read() as connection:
            row = connection.execute(_FIND, [token_id]).fetchone()
        return _read_token(row) if row else None

    def find_session(self, session_id: str) -> Session | None:
        with self._file.read() as connection:
            row = connection.execute(_FIND_SESSION, [session_id]).fetchone()
        if row is None:
            return None
        *token, digest, expires_at = row
        return Session(session_id, digest, _read_token(token), datetime.fromisoformat(expires_at))

    def add(self, token: Token) -> None:
        moments = {name: getattr(token, name) for name in ("created_at", "expires_at")}
        row = {
            "token_id": token.token_id,
            "digest": token.digest,
            "principal": token.principal,
            "scopes": " ".join(sorted(token.scopes)),
            "created_by": token.created_by,
            **{name: value and rows.to_text_time(value) for name, value in moments.items()},
        }
        with self._file.write(grows=True) as connection:
            rows.insert(connection, "tokens", [row])

    def all(self) -> Sequence[Token]:
        with self._file.read() as connection:
            found = connection.execute(f"{_TOKEN} FROM tokens ORDER BY created_at DESC, token_id")
            return [_read_token(row) for row in found]

    def revoke(self, token_id: str, *, now: datetime) -> None:
        revoke = "UPDATE tokens SET revoked_at = coalesce(revoked_at, ?) WHERE token_id = ?"
        with self._file.write() as connection:
            if not connection.execute(revoke, [rows.to_text_time(now), token_id]).rowcount:
                raise NotFound("There is no such token.")
            connection.execute("DELETE FROM sessions WHERE token_id = ?", [token_id])

    def mark_used(self, token_id: str, *, now: datetime) -> None:
        with self._file.write() as connection:
            connection.execute(
                "UPDATE tokens SET used_at = ? WHERE token_id = ?",
                [rows.to_text_time(now), token_id],
            )

    def count_use(self, quota: "Quota") -> int:
        from circles.adapters.sqlite.access.usage import count_use

        with self._file.read() as connection:
            return count_use(connection, quota)

    def begin_session(self, session: Session, *, now: datetime) -> None:
        row = {
            "session_id": session.session_id,
            "digest": session.digest,
            "token_id": session.token.token_id,
            "expires_at": rows.to_text_time(session.expires_at),
        }
        with self._file.write(grows=True) as connection:
            connection.execute(
                "DELETE FROM sessions WHERE expires_at < ?", [rows.to_text_time(now)]
            )
            rows.insert(connection, "sessions", [row])

    def end_session(self, session_id: str) -> None:
        with self._file.write() as connection:
            connection.execute("DELETE FROM sessions WHERE session_id = ?", [session_id])

    def close(self) -> None:
        """Close the idle connections."""
        self._file.close()


def _read_token(row: "sqlite3.Row | Sequence[str]") -> Token:
    token_id, digest, principal, scopes, created_at, expires_at, revoked_at, used_at, by = row
    return Token(
        token_id,
        digest,
        principal,
        frozenset(scopes.split()),
        datetime.fromisoformat(created_at),
        rows.from_text_time(expires_at),
        rows.from_text_time(revoked_at),
        rows.from_text_time(used_at),
        by,
    )


if TYPE_CHECKING:
    from circles.domain.access.quotas import Quota
    from circles.domain.access.tokens import Tokens

    _: type[Tokens] = SqliteTokens
