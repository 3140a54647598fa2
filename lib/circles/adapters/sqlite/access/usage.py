"""Count what a principal does in a minute."""

import sqlite3

from circles.domain.access.quotas import Quota

_SPEND = """
    INSERT INTO usage (principal, kind, minute, count) VALUES (:principal, :kind, :minute, 1)
    ON CONFLICT (principal, kind) DO UPDATE SET
        count = CASE minute WHEN excluded.minute THEN count + 1 ELSE 1 END,
        minute = excluded.minute
    RETURNING count
"""
_COUNT = (
    "SELECT count FROM usage WHERE principal = :principal AND kind = :kind AND minute = :minute"
)


def spend(connection: sqlite3.Connection, quota: Quota) -> None:
    """Count one more in the caller's transaction. Raises TooManyRequests over the limit."""
    [[count]] = connection.execute(_SPEND, _values(quota)).fetchall()
    if count > quota.limit:
        raise quota.refuse()


def count_use(connection: sqlite3.Connection, quota: Quota) -> int:
    """Return how much of a quota is used."""
    row = connection.execute(_COUNT, _values(quota)).fetchone()
    return int(row["count"]) if row else 0


def _values(quota: Quota) -> dict[str, str]:
    return {"principal": quota.principal, "kind": quota.kind, "minute": quota.minute}
