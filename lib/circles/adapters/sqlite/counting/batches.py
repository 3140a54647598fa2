"""Batches in the catalogue's SQLite file."""

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from circles.adapters.sqlite import outbox_rows, rows
from circles.adapters.sqlite.database import SqliteFile
from circles.domain.counting.batches import AnnounceCompleted, Batch, BatchPosition
from circles.domain.errors import NotFound

_BATCH = """
    SELECT batch, created_at, arrived_at, open, revision, quiet_at,
           (SELECT count(*) FROM images WHERE images.batch = batches.batch
            AND status = 'pending') AS pending,
           (SELECT count(*) FROM images WHERE images.batch = batches.batch
            AND status = 'detected') AS detected,
           (SELECT count(*) FROM images WHERE images.batch = batches.batch
            AND status = 'failed') AS failed
    FROM batches
"""
_QUIET = """
    open = 1 AND (arrived_at <= :arrived_before OR arrived_at > :arrived_after)
    AND NOT EXISTS (
        SELECT 1 FROM images WHERE images.batch = batches.batch AND status = 'pending')
"""
_ALL_QUIET = f"SELECT batch FROM batches WHERE {_QUIET} ORDER BY arrived_at LIMIT :limit"
_COMPLETE = f"""
    UPDATE batches SET open = 0, revision = revision + 1, quiet_at = :now
    WHERE batch = :batch AND {_QUIET}
"""


class SqliteBatches:
    """Keeps batches; opens the file on the first call. adding.py opens the batch of an image."""

    def __init__(self, path: Path, *, busy_timeout_s: float, reserve_bytes: int = 0) -> None:
        self._file = SqliteFile(path, busy_timeout_s=busy_timeout_s, reserve_bytes=reserve_bytes)

    def page(self, *, limit: int, before: BatchPosition | None = None) -> Sequence[Batch]:
        where, values = "", dict[str, str | int](limit=limit)
        if before:
            where = "WHERE (created_at, batch) < (:created_at, :batch)"
            values |= {"created_at": rows.to_text_time(before[0]), "batch": before[1]}
        order = "ORDER BY created_at DESC, batch DESC"
        with self._file.read() as connection:
            found = connection.execute(f"{_BATCH} {where} {order} LIMIT :limit", values)
            return [_read_batch(row) for row in found]

    def get(self, name: str) -> Batch:
        with self._file.read() as connection:
            row = connection.execute(f"{_BATCH} WHERE batch = ?", [name]).fetchone()
        if row is None:
            raise NotFound("There is no such batch.")
        return _read_batch(row)

    def quiet(
        self, *, arrived_before: datetime, arrived_after: datetime, limit: int
    ) -> Sequence[str]:
        values = {**_times(arrived_before, arrived_after), "limit": limit}
        with self._file.read() as connection:
            return [row["batch"] for row in connection.execute(_ALL_QUIET, values)]

    def complete(
        self,
        name: str,
        *,
        now: datetime,
        arrived_before: datetime,
        arrived_after: datetime,
        announce: AnnounceCompleted,
    ) -> Batch | None:
        times = _times(arrived_before, arrived_after)
        values = {**times, "batch": name, "now": rows.to_text_time(now)}
        with self._file.write() as connection:
            if connection.execute(_COMPLETE, values).rowcount == 0:
                return None
            row = connection.execute(f"{_BATCH} WHERE batch = ?", [name]).fetchone()
            batch = _read_batch(row)
            outbox_rows.queue(connection, announce(batch))
            return batch

    def close(self) -> None:
        """Close the idle connections."""
        self._file.close()


def _times(arrived_before: datetime, arrived_after: datetime) -> dict[str, str]:
    return {
        "arrived_before": rows.to_text_time(arrived_before),
        "arrived_after": rows.to_text_time(arrived_after),
    }


def _read_batch(row: sqlite3.Row) -> Batch:
    return Batch(
        name=row["batch"],
        created_at=datetime.fromisoformat(row["created_at"]),
        arrived_at=datetime.fromisoformat(row["arrived_at"]),
        revision=row["revision"],
        open=bool(row["open"]),
        quiet_at=rows.from_text_time(row["quiet_at"]),
        pending=row["pending"],
        detected=row["detected"],
        failed=row["failed"],
    )


if TYPE_CHECKING:
    from circles.domain.counting.batches import Batches

    _: type[Batches] = SqliteBatches
