"""Scales in the catalogue's SQLite file."""

import sqlite3
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from circles.adapters.sqlite import outbox_rows, rows
from circles.adapters.sqlite.counting.scale_rows import read_scales
from circles.adapters.sqlite.database import SqliteFile
from circles.domain.counting.measuring import AnnounceBatch
from circles.domain.counting.scales import NewScale, Scale
from circles.domain.errors import NotFound, NotPossible
from circles.domain.events import Announce
from circles.domain.identifiers import new_id
from circles.domain.images import Image

_MARKED = """
    SELECT served.object_id, coalesce(served.origin_id, served.object_id) AS origin_id,
           served.radius_px, served.centroid_x, served.centroid_y, image.image_id, image.batch
    FROM objects AS marked
    JOIN images AS image ON image.image_id = marked.image_id
    JOIN objects AS served ON served.detection_id = image.detection_id
        AND coalesce(served.origin_id, served.object_id)
            = coalesce(marked.origin_id, marked.object_id)
    WHERE marked.object_id = ?
"""
"""The served object that has the same first ancestor as the one that a client marks."""

_SAME = ("mm_per_px", "origin_id", "diameter_mm", "radius_px", "centroid_x", "centroid_y")


class SqliteScales:
    """Stores scales; opens the file on the first call."""

    def __init__(self, path: Path, *, busy_timeout_s: float, reserve_bytes: int = 0) -> None:
        self._file = SqliteFile(path, busy_timeout_s=busy_timeout_s, reserve_bytes=reserve_bytes)

    def set_for_image(
        self, image_id: str, wanted: NewScale, *, now: datetime, announce: Announce
    ) -> Image:
        with self._file.write(grows=True) as connection:
            image = rows.get_image(connection, image_id)
            row = _describe(connection, wanted, now, image_id=image_id)
            if not _replace(connection, row, "image_id", image_id):
                return image
            connection.execute(
                "UPDATE images SET scale_id = ? WHERE image_id = ?", [row["scale_id"], image_id]
            )
            return outbox_rows.announce(connection, rows.get_image(connection, image_id), announce)

    def remove_from_image(self, image_id: str, *, announce: Announce) -> Image:
        with self._file.write() as connection:
            image = rows.get_image(connection, image_id)
            if image.scale_id is None:
                return image
            connection.execute("DELETE FROM scales WHERE image_id = ?", [image_id])
            connection.execute("UPDATE images SET scale_id = NULL WHERE image_id = ?", [image_id])
            return outbox_rows.announce(connection, rows.get_image(connection, image_id), announce)

    def set_for_batch(
        self, batch: str, wanted: NewScale, *, now: datetime, announce: AnnounceBatch
    ) -> Scale:
        with self._file.write(grows=True) as connection:
            _check_batch(connection, batch)
            row = _describe(connection, wanted, now, batch=batch)
            changed = _replace(connection, row, "batch", batch)
            [scale] = read_scales(connection, [], [batch])
            if changed:
                outbox_rows.queue(connection, announce(batch, scale))
            return scale

    def remove_from_batch(self, batch: str, *, announce: AnnounceBatch) -> None:
        with self._file.write() as connection:
            _check_batch(connection, batch)
            if connection.execute("DELETE FROM scales WHERE batch = ?", [batch]).rowcount:
                outbox_rows.queue(connection, announce(batch, None))

    def close(self) -> None:
        """Close the idle connections."""
        self._file.close()


def _check_batch(connection: sqlite3.Connection, batch: str) -> None:
    if not connection.execute("SELECT 1 FROM images WHERE batch = ?", [batch]).fetchone():
        raise NotFound("No image has this batch.")


def _describe(
    connection: sqlite3.Connection,
    wanted: NewScale,
    now: datetime,
    *,
    image_id: str | None = None,
    batch: str | None = None,
) -> dict[str, Any]:
    """Return a new row. Raises NotPossible for an object of another image or batch."""
    row: dict[str, Any] = {
        "scale_id": new_id(),
        "image_id": image_id,
        "batch": batch,
        "created_at": rows.to_text_time(now),
        "created_by": wanted.created_by,
    }
    if wanted.object_id is None or wanted.diameter_mm is None:
        names = ("reference_id", "object_id", "origin_id", "diameter_mm", "radius_px")
        empty = dict.fromkeys((*names, "centroid_x", "centroid_y"))
        return {**row, **empty, "mm_per_px": wanted.mm_per_px}
    marked = connection.execute(_MARKED, [wanted.object_id]).fetchone()
    if marked is None or (marked["batch"] if batch else marked["image_id"]) != (batch or image_id):
        raise NotPossible("The object is not one of the run that is served now.")
    return {
        **row,
        "reference_id": marked["image_id"],
        "object_id": marked["object_id"],
        "origin_id": marked["origin_id"],
        "diameter_mm": wanted.diameter_mm,
        "radius_px": marked["radius_px"],
        "centroid_x": marked["centroid_x"],
        "centroid_y": marked["centroid_y"],
        "mm_per_px": wanted.diameter_mm / (2 * marked["radius_px"]),
    }


def _replace(connection: sqlite3.Connection, row: dict[str, Any], column: str, value: str) -> bool:
    """Store a row instead of the one before; return whether it says something else."""
    before = connection.execute(f"SELECT * FROM scales WHERE {column} = ?", [value]).fetchone()
    if before and all(before[name] == row[name] for name in _SAME):
        return False
    connection.execute(f"DELETE FROM scales WHERE {column} = ?", [value])
    rows.insert(connection, "scales", [row])
    return True


if TYPE_CHECKING:
    from circles.domain.counting.measuring import Scales

    _: type[Scales] = SqliteScales
