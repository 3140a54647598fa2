"""Catalogue in one SQLite file shared by several threads and processes of one node."""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from circles.adapters.sqlite_file import SqliteFile
from circles.errors import KeyTaken, NotFound
from circles.identifiers import new_id
from circles.images import Backlog, Circle, Detection, FoundObject, Image, ObjectFilter, Status

_IMAGE = """
    SELECT images.*, coalesce(run.object_count, 0) AS object_count, run.model, run.model_version,
           run.duration_ms AS detection_ms, run.created_at AS detected_at
    FROM images LEFT JOIN detections AS run ON run.detection_id = images.detection_id
"""
_OBJECT = """
    SELECT objects.object_id, objects.image_id, x, y, width, height, centroid_x, centroid_y, radius_px, score, label,
           run.model, run.model_version
    FROM objects JOIN detections AS run ON run.detection_id = objects.detection_id
"""
_SERVED_OBJECTS = """
    SELECT object_id, image_id, x, y, width, height, centroid_x, centroid_y, radius_px, score, label
    FROM objects WHERE detection_id = :detection_id
    AND (:min_score IS NULL OR score >= :min_score)
    AND (:min_radius_px IS NULL OR radius_px >= :min_radius_px)
    AND (:max_radius_px IS NULL OR radius_px <= :max_radius_px)
    ORDER BY position
"""
_CLAIM = """
    UPDATE images SET claimed_until = :until, attempts = attempts + 1
    WHERE image_id = :image_id AND status = 'pending' AND (claimed_until IS NULL OR claimed_until <= :now)
"""
_SERVE = """
    UPDATE images SET status = 'detected', detection_id = :detection_id, claimed_until = NULL, error = NULL
    WHERE image_id = :image_id
"""


class SqliteCatalogue:
    """Opens nothing before the first call. Reads are plain SQL; each write is one BEGIN IMMEDIATE transaction."""

    def __init__(self, path: Path, *, busy_timeout_s: float) -> None:
        self._file = SqliteFile(path, busy_timeout_s=busy_timeout_s)

    def add(self, image: Image) -> None:
        try:
            with self._file.write() as connection:
                _insert(connection, "images", [_image_row(image)])
        except sqlite3.IntegrityError as error:
            raise KeyTaken from error

    def get(self, image_id: str) -> Image:
        with self._file.read() as connection:
            return _get(connection, image_id)

    def find_by_idempotency_key(self, key: str) -> Image | None:
        with self._file.read() as connection:
            row = connection.execute(f"{_IMAGE} WHERE images.idempotency_key = ?", [key]).fetchone()
        return _image(row) if row else None

    def claim(self, image_id: str, *, now: datetime, until: datetime) -> bool:
        moments = {"image_id": image_id, "now": _text(now), "until": _text(until)}
        with self._file.write() as connection:
            return connection.execute(_CLAIM, moments).rowcount == 1

    def record(self, image_id: str, detection: Detection, *, now: datetime) -> Image:
        with self._file.write() as connection:
            _get(connection, image_id)
            detection_id = new_id()
            _insert(connection, "detections", [_detection_row(detection_id, image_id, detection, now)])
            rows = [_object_row(detection_id, image_id, number, one) for number, one in enumerate(detection.circles)]
            _insert(connection, "objects", rows)
            connection.execute(_SERVE, {"image_id": image_id, "detection_id": detection_id})
            return _get(connection, image_id)

    def release(self, image_id: str, *, error: str) -> Image:
        with self._file.write() as connection:
            _get(connection, image_id)
            connection.execute(
                "UPDATE images SET claimed_until = NULL, error = ? WHERE image_id = ?", [error, image_id]
            )
            return _get(connection, image_id)

    def objects(self, image_id: str, wanted: ObjectFilter) -> tuple[Image, Sequence[FoundObject]]:
        with self._file.read() as connection:
            row = connection.execute(f"{_IMAGE} WHERE images.image_id = ?", [image_id]).fetchone()
            image = _found(row)
            rows = connection.execute(_SERVED_OBJECTS, {**asdict(wanted), "detection_id": row["detection_id"]})
            model, version = image.model or "", image.model_version or ""
            return image, [_object(row, model, version) for row in rows]

    def object(self, image_id: str, object_id: str) -> FoundObject:
        with self._file.read() as connection:
            row = connection.execute(
                f"{_OBJECT} WHERE objects.object_id = ? AND objects.image_id = ?", [object_id, image_id]
            ).fetchone()
        if row is None:
            raise NotFound("This image has no such object.")
        *columns, model, version = row
        return _object(columns, model, version)

    def backlog(self) -> Backlog:
        with self._file.read() as connection:
            pending, oldest = connection.execute(
                "SELECT count(*), min(created_at) FROM images WHERE status = 'pending'"
            ).fetchone()
        return Backlog(pending, _moment(oldest))

    def ping(self) -> None:
        with self._file.read() as connection:
            connection.execute("SELECT 1 FROM images LIMIT 1").fetchone()

    def close(self) -> None:
        """Close the idle connections."""
        self._file.close()


def _insert(connection: sqlite3.Connection, table: str, rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows with the same columns; table and columns are this file's own names."""
    if rows:
        columns = ", ".join(rows[0])
        places = ", ".join(f":{name}" for name in rows[0])
        connection.executemany(f"INSERT INTO {table} ({columns}) VALUES ({places})", rows)


def _get(connection: sqlite3.Connection, image_id: str) -> Image:
    return _found(connection.execute(f"{_IMAGE} WHERE images.image_id = ?", [image_id]).fetchone())


def _found(row: sqlite3.Row | None) -> Image:
    if row is None:
        raise NotFound("There is no such image.")
    return _image(row)


def _text(moment: datetime) -> str:
    """ISO 8601 in UTC with microseconds always, so that text order is time order."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


_STORED = ("image_id", "key", "media_type", "size_bytes", "sha256", "width", "height", "source", "status", "file_name",
           "idempotency_key", "attempts", "error")  # fmt: skip
_SERVED = ("object_count", "model", "model_version", "detection_ms")


def _image_row(image: Image) -> dict[str, Any]:
    row = {name: getattr(image, name) for name in _STORED}
    claimed_until = _text(image.claimed_until) if image.claimed_until else None
    return {**row, "created_at": _text(image.created_at), "claimed_until": claimed_until}


def _image(row: sqlite3.Row) -> Image:
    values = {name: row[name] for name in (*_STORED, *_SERVED)}
    values["status"] = Status(row["status"])
    return Image(
        **values,
        created_at=datetime.fromisoformat(row["created_at"]),
        claimed_until=_moment(row["claimed_until"]),
        detected_at=_moment(row["detected_at"]),
    )


def _detection_row(detection_id: str, image_id: str, detection: Detection, now: datetime) -> dict[str, Any]:
    return {
        "detection_id": detection_id,
        "image_id": image_id,
        "model": detection.model,
        "model_version": detection.model_version,
        "protocol": detection.protocol,
        "duration_ms": detection.duration_ms,
        "object_count": len(detection.circles),
        "created_at": _text(now),
    }


def _object_row(detection_id: str, image_id: str, position: int, circle: Circle) -> dict[str, Any]:
    x, y, width, height = circle.bbox
    return {
        "object_id": new_id(),
        "detection_id": detection_id,
        "image_id": image_id,
        "position": position,
        "x": x,
        "y": y,
        "width": width,
        "height": height,
        "centroid_x": circle.centroid[0],
        "centroid_y": circle.centroid[1],
        "radius_px": circle.radius_px,
        "score": circle.score,
        "label": circle.label,
    }


def _object(columns: Iterable[Any], model: str, model_version: str) -> FoundObject:
    """columns are _OBJECT's in order: a list has many rows, and access by name costs three times as much."""
    object_id, image_id, x, y, width, height, centroid_x, centroid_y, radius_px, score, label = columns
    circle = Circle((x, y, width, height), (centroid_x, centroid_y), radius_px, score, label)
    return FoundObject(object_id, image_id, circle, model, model_version)


if TYPE_CHECKING:
    from circles.ports import Catalogue

    _: type[Catalogue] = SqliteCatalogue
