"""Upkeep in the catalogue's SQLite file."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from circles.adapters.sqlite import refusals, rows
from circles.adapters.sqlite.database import SqliteFile
from circles.adapters.sqlite.upkeep import queries
from circles.domain.images import Image, Refusal, Tombstone
from circles.domain.upkeep import LOOKS_KEPT, RefusalPosition


class SqliteUpkeep:
    """Finds and stores what repair needs; opens the file on the first call."""

    def __init__(self, path: Path, *, busy_timeout_s: float, reserve_bytes: int = 0) -> None:
        self._file = SqliteFile(path, busy_timeout_s=busy_timeout_s, reserve_bytes=reserve_bytes)

    def due(
        self, *, now: datetime, latest_claim: datetime, latest_due: datetime, limit: int
    ) -> Sequence[Image]:
        values = {
            "now": rows.to_text_time(now),
            "latest_claim": rows.to_text_time(latest_claim),
            "latest_due": rows.to_text_time(latest_due),
            "limit": limit,
        }
        with self._file.read() as connection:
            due = connection.execute(f"{rows.IMAGE} {queries.DUE}", values)
            return [rows.read_image(row) for row in due]

    def images(self, *, after: str, limit: int) -> Sequence[Image]:
        query = f"{rows.IMAGE} WHERE images.image_id > ? ORDER BY images.image_id LIMIT ?"
        with self._file.read() as connection:
            return [rows.read_image(row) for row in connection.execute(query, [after, limit])]

    def without_candidates(self, *, after: str, limit: int) -> Sequence[Image]:
        query = f"{rows.IMAGE} {queries.WITHOUT_CANDIDATES}"
        with self._file.read() as connection:
            return [rows.read_image(row) for row in connection.execute(query, [after, limit])]

    def unknown_ids(
        self, object_ids: Sequence[str], *, now: datetime, refused_for: timedelta
    ) -> set[str]:
        believed = {
            "refused_from": rows.to_text_time(now - refused_for),
            "refused_to": rows.to_text_time(now + refused_for),
        }
        return self._unknown(queries.UNKNOWN_IDS, object_ids, **believed)

    def unknown_keys(self, keys: Sequence[str]) -> set[str]:
        return self._unknown(queries.UNKNOWN_KEYS, keys)

    def key_in_use(self, key: str) -> bool:
        return self._has("SELECT 1 FROM images WHERE key = ?", key)

    def refuse(self, refusal: Refusal) -> None:
        row = {**asdict(refusal), "refused_at": rows.to_text_time(refusal.refused_at)}
        with self._file.write(grows=True) as connection:
            for table in ("refusals", "looks"):
                connection.execute(f"DELETE FROM {table} WHERE object_id = ?", [refusal.object_id])
            rows.insert(connection, "refusals", [row])

    def refusal(self, object_id: str) -> Refusal | None:
        with self._file.read() as connection:
            row = connection.execute(
                "SELECT * FROM refusals WHERE object_id = ?", [object_id]
            ).fetchone()
        return refusals.read_refusal(row) if row else None

    def refusals(
        self,
        *,
        key: str | None = None,
        since: datetime | None = None,
        limit: int,
        before: RefusalPosition | None = None,
    ) -> Sequence[Refusal]:
        with self._file.read() as connection:
            return refusals.find_page(connection, key, since, limit, before)

    def fill_in_counts(self, *, limit: int) -> int:
        with self._file.write() as connection:
            return connection.execute(queries.FILL_IN_COUNTS, [limit]).rowcount

    def fill_in_sizes(self, *, limit: int) -> int:
        with self._file.write() as connection:
            runs = [run for (run,) in connection.execute(queries.WITHOUT_SIZES, [limit])]
            for run in runs:
                radii = [radius for (radius,) in connection.execute(queries.RADII, [run])]
                values = {**rows.size_values(radii), "detection_id": run}
                connection.execute(queries.FILL_IN_SIZES, values)
            return len(runs)

    def begin_look(
        self, object_id: str, holder: str, *, now: datetime, until: datetime
    ) -> tuple[int, int]:
        values = {**rows.span(now, until), "object_id": object_id, "holder": holder}
        with self._file.write(grows=True) as connection:
            connection.execute(
                "DELETE FROM looks WHERE until < ?", [rows.to_text_time(now - LOOKS_KEPT)]
            )
            cut_off, running = connection.execute(queries.OTHER_LOOKS, values).fetchone()
            connection.execute(queries.BEGIN_LOOK, values)
        return int(cut_off), int(running)

    def end_look(self, object_id: str, holder: str) -> None:
        with self._file.write() as connection:
            connection.execute(
                "DELETE FROM looks WHERE object_id = ? AND holder = ?", [object_id, holder]
            )

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
            waiting = connection.execute(queries.TOMBSTONES, [limit]).fetchall()
        return [
            Tombstone(
                row["image_id"],
                row["key"],
                row["source"],
                datetime.fromisoformat(row["deleted_at"]),
            )
            for row in waiting
        ]

    def put_off_tombstone(self, image_id: str, *, now: datetime) -> None:
        with self._file.write() as connection:
            connection.execute(
                "UPDATE tombstones SET tried_at = ? WHERE image_id = ? AND finished_at IS NULL",
                [rows.to_text_time(now), image_id],
            )

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
        values = {**rows.span(now, until), "name": name, "holder": holder}
        with self._file.write() as connection:
            return connection.execute(queries.LEASE, values).rowcount == 1

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

    def _unknown(self, query: str, values: Sequence[str], **more: str) -> set[str]:
        with self._file.read() as connection:
            found = connection.execute(query, {"values": json.dumps(values), **more})
            return {row["value"] for row in found}

    def _has(self, query: str, value: str) -> bool:
        with self._file.read() as connection:
            return connection.execute(query, [value]).fetchone() is not None


if TYPE_CHECKING:
    from circles.domain.upkeep import Upkeep

    _: type[Upkeep] = SqliteUpkeep
