"""Outbox in the catalogue's SQLite file."""

import json
import sqlite3
from collections.abc import Collection, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from circles.adapters.sqlite import outbox_rows, rows
from circles.adapters.sqlite.database import SqliteFile
from circles.domain.events import Delivery, DeliveryState, QueuedEvent, SinkBacklog
from circles.domain.images import Backlog

_WAITING = """
    SELECT * FROM outbox
    WHERE sink = :sink AND state = 'waiting' AND {due}
    AND NOT EXISTS (
        SELECT 1 FROM outbox AS earlier
        WHERE earlier.sink = outbox.sink AND earlier.subject = outbox.subject
        AND earlier.state = 'waiting' AND earlier.position < outbox.position
    )
    ORDER BY due_at, position LIMIT :limit
"""
_DUE = _WAITING.format(due="due_at <= :now")
_VOID = _WAITING.format(due="due_at > :latest")
_THIS = "WHERE position = ? AND event_id = ?"  # a position is reused once its event was sent
_SENT = f"DELETE FROM outbox {_THIS}"
_PUT_OFF = f"UPDATE outbox SET attempts = attempts + 1, due_at = ?, error = ? {_THIS}"
_LAY_ASIDE = f"UPDATE outbox SET state = 'aside', attempts = attempts + 1, error = ? {_THIS}"

_DELIVERIES = "SELECT * FROM outbox"
_OF_EVENT = "WHERE event_id = :event_id AND sink IN (SELECT value FROM json_each(:sinks))"
_REPLAY = f"""
    UPDATE outbox SET due_at = :now, state = 'waiting',
                      attempts = iif(state = 'aside', max(attempts, :attempts), attempts)
    {_OF_EVENT}
"""
_BACKLOGS = """
    SELECT sink, sum(state = 'waiting'), sum(state = 'aside') FROM outbox
    GROUP BY sink ORDER BY sink
"""


class SqliteOutbox:
    """
    Reads and deletes queued events.

    SqliteCatalogue writes them in the transaction of their change.
    """

    def __init__(self, path: Path, *, busy_timeout_s: float, reserve_bytes: int = 0) -> None:
        self._file = SqliteFile(path, busy_timeout_s=busy_timeout_s, reserve_bytes=reserve_bytes)

    def due(
        self, sink: str, *, now: datetime, latest_due: datetime, limit: int
    ) -> Sequence[QueuedEvent]:
        moments = {"now": rows.to_text_time(now), "latest": rows.to_text_time(latest_due)}
        with self._file.read() as connection:
            values = {"sink": sink, "limit": limit, **moments}
            # Two queries, because an index gives one range of due_at in its order.
            due = connection.execute(_DUE, values).fetchall()
            waiting = due or connection.execute(_VOID, values).fetchall()
        return [
            QueuedEvent(row["position"], outbox_rows.read_event(row), row["attempts"])
            for row in waiting
        ]

    def sent(self, queued: QueuedEvent) -> None:
        with self._file.write() as connection:
            connection.execute(_SENT, [queued.position, queued.event.event_id])

    def put_off(self, queued: QueuedEvent, *, until: datetime, error: str) -> None:
        with self._file.write() as connection:
            connection.execute(
                _PUT_OFF, [rows.to_text_time(until), error, queued.position, queued.event.event_id]
            )

    def lay_aside(self, queued: QueuedEvent, *, error: str) -> None:
        with self._file.write() as connection:
            connection.execute(_LAY_ASIDE, [error, queued.position, queued.event.event_id])

    def backlog(self) -> Backlog:
        with self._file.read() as connection:
            waiting, oldest = connection.execute(
                "SELECT count(*), min(time) FROM outbox WHERE state = 'waiting'"
            ).fetchone()
        return Backlog(waiting, rows.from_text_time(oldest))

    def count_laid_aside(self) -> int:
        with self._file.read() as connection:
            [count] = connection.execute(
                "SELECT count(*) FROM outbox WHERE state = 'aside'"
            ).fetchone()
        return int(count)

    def deliveries(
        self,
        *,
        sink: str | None = None,
        state: DeliveryState | None = None,
        limit: int,
        before: int | None = None,
    ) -> Sequence[Delivery]:
        # The plus keeps SQLite from sorting all deliveries of a sink.
        given = {"+sink = ?": sink, "state = ?": state, "position < ?": before}
        wanted = {condition: value for condition, value in given.items() if value is not None}
        where = f"WHERE {' AND '.join(wanted)}" if wanted else ""
        query = f"{_DELIVERIES} {where} ORDER BY position DESC LIMIT ?"
        with self._file.read() as connection:
            found = connection.execute(query, [*wanted.values(), limit]).fetchall()
        return [_read_delivery(row) for row in found]

    def backlogs(self) -> Sequence[SinkBacklog]:
        with self._file.read() as connection:
            return [SinkBacklog(*row) for row in connection.execute(_BACKLOGS)]

    def replay(
        self, event_id: str, sinks: Collection[str], *, now: datetime, attempts: int
    ) -> Sequence[Delivery]:
        values = {"event_id": event_id, "sinks": json.dumps(list(sinks)), "attempts": attempts}
        with self._file.write() as connection:
            connection.execute(_REPLAY, {**values, "now": rows.to_text_time(now)})
            query = f"{_DELIVERIES} {_OF_EVENT} ORDER BY position"
            return [_read_delivery(row) for row in connection.execute(query, values)]

    def close(self) -> None:
        """Close the idle connections."""
        self._file.close()


def _read_delivery(row: sqlite3.Row) -> Delivery:
    return Delivery(
        position=row["position"],
        sink=row["sink"],
        state=DeliveryState(row["state"]),
        event=outbox_rows.read_event(row),
        attempts=row["attempts"],
        due_at=datetime.fromisoformat(row["due_at"]),
        error=row["error"],
    )


if TYPE_CHECKING:
    from circles.domain.events import Outbox

    _: type[Outbox] = SqliteOutbox
