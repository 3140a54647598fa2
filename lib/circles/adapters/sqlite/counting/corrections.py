"""Corrections in the catalogue's SQLite file."""

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from circles.adapters.sqlite import objects, outbox_rows, rows
from circles.adapters.sqlite.database import SqliteFile
from circles.domain.counting.corrections import Expected, HumanRun
from circles.domain.counting.runs import Run
from circles.domain.detections import HUMAN, FoundObject
from circles.domain.errors import KeyReused, NotFound, PreconditionFailed
from circles.domain.events import Announce, nobody
from circles.domain.images import Image, Review

_PIN = """
    UPDATE images SET detection_id = :detection_id, pinned_id = :detection_id
    WHERE image_id = :image_id
"""
_UNPIN = f"""
    UPDATE images SET pinned_id = NULL, detection_id = coalesce((
        SELECT detection_id FROM detections
        WHERE image_id = :image_id AND protocol <> '{HUMAN}' ORDER BY rowid DESC LIMIT 1
    ), detection_id)
    WHERE image_id = :image_id
"""


class SqliteCorrections:
    """Stores what people correct; opens the file on the first call."""

    def __init__(self, path: Path, *, busy_timeout_s: float, reserve_bytes: int = 0) -> None:
        self._file = SqliteFile(path, busy_timeout_s=busy_timeout_s, reserve_bytes=reserve_bytes)

    def run(self, image_id: str, detection_id: str) -> Run:
        with self._file.read() as connection:
            return objects.read_run(connection, image_id, detection_id)

    def entries(
        self, image_id: str, detection_id: str
    ) -> tuple[Sequence[FoundObject], Sequence[FoundObject]]:
        with self._file.read() as connection:
            return objects.read_entries(connection, image_id, detection_id)

    def correct(
        self,
        image_id: str,
        run: HumanRun,
        *,
        expected: Expected,
        now: datetime,
        announce: Announce = nobody,
    ) -> Image:
        with self._file.write(grows=True) as connection:
            image = rows.get_image(connection, image_id)
            if _has_run(connection, image_id, run.detection_id):
                _check_same(connection, image_id, run)
                return image
            _check_served(image, expected)
            if not _has_run(connection, image_id, run.parent_id):
                raise NotFound("The run that this correction is based on is gone.")
            _add_run(connection, image_id, run, now)
            return _serve(connection, image_id, run.detection_id, announce)

    def restore(
        self,
        image_id: str,
        detection_id: str | None,
        *,
        expected: Expected,
        announce: Announce = nobody,
    ) -> Image:
        with self._file.write() as connection:
            image = rows.get_image(connection, image_id)
            if detection_id and not _has_run(connection, image_id, detection_id):
                raise NotFound("This image has no such run.")
            if image.pinned_id == detection_id:
                return image
            _check_served(image, expected)
            return _serve(connection, image_id, detection_id, announce)

    def close(self) -> None:
        """Close the idle connections."""
        self._file.close()


def _has_run(connection: sqlite3.Connection, image_id: str, detection_id: str) -> bool:
    query = "SELECT 1 FROM detections WHERE detection_id = ? AND image_id = ?"
    return connection.execute(query, [detection_id, image_id]).fetchone() is not None


def _check_same(connection: sqlite3.Connection, image_id: str, run: HumanRun) -> None:
    known = objects.read_run(connection, image_id, run.detection_id)
    if known.request_digest != run.request_digest:
        raise KeyReused("This Idempotency-Key was used for another correction of this image.")


def _check_served(image: Image, expected: Expected) -> None:
    if not expected(image.detection_id):
        raise PreconditionFailed(
            "Another run is served by now. Read the image again, and send its field served in "
            "If-Match."
        )


def _add_run(connection: sqlite3.Connection, image_id: str, run: HumanRun, now: datetime) -> None:
    moment = rows.to_text_time(now)
    row = {
        "detection_id": run.detection_id,
        "image_id": image_id,
        "model": HUMAN,
        "model_version": moment,
        "protocol": HUMAN,
        "duration_ms": 0.0,
        "object_count": len(run.objects),
        "created_at": moment,
        "threshold": run.threshold,
        # A person looked at all of them, so that none is in doubt.
        "sure_count": None if run.threshold is None else len(run.objects),
        "doubtful_count": None if run.threshold is None else 0,
        "parent_id": run.parent_id,
        "created_by": run.created_by,
        "review": run.review if run.review is not Review.NONE else None,
        "request_digest": run.request_digest,
        **rows.size_values([circle.radius_px for circle, _ in run.objects]),
    }
    found = [
        rows.object_values(run.detection_id, image_id, position, circle, origin_id)
        for position, (circle, origin_id) in enumerate(run.objects)
    ]
    rows.insert(connection, "detections", [row])
    rows.insert(connection, "objects", found)


def _serve(
    connection: sqlite3.Connection, image_id: str, detection_id: str | None, announce: Announce
) -> Image:
    values = {"image_id": image_id, "detection_id": detection_id}
    connection.execute(_PIN if detection_id else _UNPIN, values)
    image = rows.get_image(connection, image_id)
    outbox_rows.announce(connection, image, announce)
    return image


if TYPE_CHECKING:
    from circles.domain.counting.corrections import Corrections

    _: type[Corrections] = SqliteCorrections
