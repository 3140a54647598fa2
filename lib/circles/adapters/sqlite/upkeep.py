"""Upkeep in the catalogue's SQLite file."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from circles.adapters.sqlite import rows
from circles.adapters.sqlite.database import SqliteFile
from circles.domain.images import Image, Refusal, Tombstone

_DUE = """
    WHERE images.status = 'pending' AND images.due_at <= :now
    AND (images.claimed_until IS NULL OR images.claimed_until <= :now)
    ORDER BY images.due_at LIMIT :limit
"""
_UNKNOWN_IDS = """
    SELECT value FROM json_each(?)
    WHERE NOT EXISTS (SELECT 1 FROM images WHERE image_id = value)
    AND NOT EXISTS (SELECT 1 FROM refusals WHERE object_id = value)
    AND NOT EXISTS (SELECT 1 FROM tombstones WHERE image_id = value AND finished_at IS NULL)
"""
_UNKNOWN_KEYS = """
    SELECT value FROM json_each(?)
    WHERE NOT EXISTS (SELECT 1 FROM images WHERE key = value)
    AND NOT EXISTS (SELECT 1 FROM tombstones WHERE key = value)
"""
_TOMBSTONES = """
    SELECT image_id, key, source, deleted_at FROM tombstones
    WHERE finished_at IS NULL ORDER BY deleted_at LIMIT ?
"""
_LEASE = """
    INSERT INTO leases (name, holder, until) VALUES (:name, :holder, :until)
    ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until
    WHERE leases.until <= :now OR leases.holder = excluded.holder
"""


class SqliteUpkeep:
    """Finds and stores what repair needs; opens the file on the first call."""

    def __init__(self, path: Path, *, busy_timeout_s: float, reserve_bytes: int = 0) -> None:
        self._file = SqliteFile(path, busy_timeout_s=busy_timeout_s, reserve_bytes=reserve_bytes)

    def due(self, *, now: datetime, limit: int) -> Sequence[Image]:
        with self._file.read() as connection:
            due = connection.execute(
                f"{rows.IMAGE} {_DUE}", {"now": rows.to_text_time(now), "limit": limit}
            )
            return [rows.read_image(row) for row in due]

    def images(self, *, after: str, limit: int) -> Sequence[Image]:
        query = f"{rows.IMAGE} WHERE images.image_id > ? ORDER BY images.image_id LIMIT ?"
        with self._file.read() as connection:
            return [rows.read_image(row) for row in connection.execute(query, [after, limit])]

    def unknown_ids(self, object_ids: Sequence[str]) -> set[str]:
        return self._unknown(_UNKNOWN_IDS, object_ids)

    def unknown_keys(self, keys: Sequence[str]) -> set[str]:
        return self._unknown(_UNKNOWN_KEYS, keys)

    def key_in_use(self, key: str) -> bool:
        return self._has("SELECT 1 FROM images WHERE key = ?", key)

    def refuse(self, refusal: Refusal) -> None:
        row = {**asdict(refusal), "refused_at": rows.to_text_time(refusal.refused_at)}
        with self._file.write(grows=True) as connection:
            connection.execute("DELETE FROM refusals WHERE object_id = ?", [refusal.object_id])
            rows.insert(connection, "refusals", [row])

    def refusal(self, object_id: str) -> Refusal | None:
        with self._file.read() as connection:
            row = connection.execute(
                "SELECT * FROM refusals WHERE object_id = ?", [object_id]
            ).fetchone()
        if row is None:
            return None
        return Refusal(**{**dict(row), "refused_at": datetime.fromisoformat(row["refused_at"])})

    def bury(self, tombstone: Tombstone) -> bool:
        with self._file.write() as connection:
            if connection.execute("SELECT 1 FROM images WHERE key = ?", [tombstone.key]).fetchone():
                return False
            rows.bury(connection, tombstone)
            return True

    def is_buried(self, image_id: str) -> bool:
        return self._has(
            "SELECT 1 FROM tombstones WHERE image_id = ? AND finished_at IS NULL", image_id
        )

    def tombstones(self, *, limit: int) -> Sequence[Tombstone]:
        with self._file.read() as connection:
            waiting = connection.execute(_TOMBSTONES, [limit]).fetchall()
        return [
            Tombstone(
                row["image_id"],
                row["key"],
                row["source"],
                datetime.fromisoformat(row["deleted_at"]),
            )
            for row in waiting
        ]

    def finish_tombstone(self, image_id: str, *, now: datetime) -> None:
        with self._file.write() as connection:
            connection.execute(
                "UPDATE tombstones SET finished_at = ? WHERE image_id = ? AND finished_at IS NULL",
                [rows.to_text_time(now), image_id],
            )

    def forget_tombstones(self, *, before: datetime) -> None:
        with self._file.write() as connection:
            connection.execute(
                "DELETE FROM tombstones WHERE finished_at < ?", [rows.to_text_time(before)]
            )

    def lease(self, name: str, holder: str, *, now: datetime, until: datetime) -> bool:
        values = {
            "name": name,
            "holder": holder,
            "now": rows.to_text_time(now),
            "until": rows.to_text_time(until),
        }
        with self._file.write() as connection:
            return connection.execute(_LEASE, values).rowcount == 1

    def end_lease(self, name: str, holder: str) -> None:
        with self._file.write() as connection:
            connection.execute("DELETE FROM leases WHERE name = ? AND holder = ?", [name, holder])

    def bookmark(self, name: str) -> str:
        with self._file.read() as connection:
            row = connection.execute(
                "SELECT place FROM bookmarks WHERE name = ?", [name]
            ).fetchone()
        return str(row["place"]) if row else ""

    def set_bookmark(self, name: str, place: str) -> None:
        with self._file.write() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO bookmarks (name, place) VALUES (?, ?)", [name, place]
            )

    def compact(self) -> None:
        self._file.compact()

    def close(self) -> None:
        """Close the idle connections."""
        self._file.close()

    def _unknown(self, query: str, values: Sequence[str]) -> set[str]:
        with self._file.read() as connection:
            return {row["value"] for row in connection.execute(query, [json.dumps(values)])}

    def _has(self, query: str, value: str) -> bool:
        with self._file.read() as connection:
            return connection.execute(query, [value]).fetchone() is not None


if TYPE_CHECKING:
    from circles.domain.catalogue import Upkeep

    _: type[Upkeep] = SqliteUpkeep
