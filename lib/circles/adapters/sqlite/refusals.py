"""Find pages of refusals."""

import sqlite3
from collections.abc import Sequence
from datetime import datetime

from circles.adapters.sqlite.rows import to_text_time
from circles.domain.images import Refusal
from circles.domain.upkeep import RefusalPosition


def find_page(
    connection: sqlite3.Connection,
    key: str | None,
    since: datetime | None,
    limit: int,
    before: RefusalPosition | None,
) -> Sequence[Refusal]:
    """Return at most limit refusals, newest first, those after the position before."""
    conditions: list[str] = []
    values: dict[str, str | int] = {"limit": limit}
    if key is not None:
        conditions.append("key = :key")
        values["key"] = key
    if since:
        conditions.append("refused_at >= :since")
        values["since"] = to_text_time(since)
    if before:
        conditions.append("(refused_at, object_id) < (:at, :id)")
        values |= {"at": to_text_time(before[0]), "id": before[1]}
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    order = "ORDER BY refused_at DESC, object_id DESC"
    query = f"SELECT * FROM refusals {where} {order} LIMIT :limit"
    return [read_refusal(row) for row in connection.execute(query, values)]


def read_refusal(row: sqlite3.Row) -> Refusal:
    return Refusal(**{**dict(row), "refused_at": datetime.fromisoformat(row["refused_at"])})
