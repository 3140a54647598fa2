"""Read the objects, candidates and runs of an image."""

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from circles.adapters.sqlite import rows
from circles.domain.detections import HUMAN, FoundObject, ObjectFilter
from circles.domain.errors import NotFound
from circles.domain.images import Image, Review

if TYPE_CHECKING:  # a cold start reads none
    from circles.domain.counting.runs import Run

_COLUMNS = """
    {table}.object_id, {image_id}, x, y, width, height, centroid_x, centroid_y, radius_px, score,
    label, coalesce({origin_id}, {table}.object_id)
"""
OBJECT_COLUMNS = _COLUMNS.format(
    table="objects", image_id="objects.image_id", origin_id="objects.origin_id"
)
_CANDIDATE_COLUMNS = _COLUMNS.format(table="candidates", image_id=":image_id", origin_id="NULL")
_MATCHES = """
    (:min_radius_px IS NULL OR radius_px >= :min_radius_px)
    AND (:max_radius_px IS NULL OR radius_px <= :max_radius_px)
    AND (:on_edge IS NULL OR :on_edge = (
        x <= 0 OR y <= 0 OR x + width >= :image_width OR y + height >= :image_height))
"""
_OBJECTS = f"""
    SELECT {OBJECT_COLUMNS} FROM objects
    WHERE detection_id = :detection_id AND {_MATCHES}
    AND (:min_score IS NULL OR score >= :min_score OR (score IS NULL AND (
        SELECT protocol FROM detections WHERE detection_id = :detection_id) = '{HUMAN}'))
    ORDER BY position
"""
_MACHINE = f"""
    WITH RECURSIVE line (detection_id, parent_id, protocol, depth) AS (
        SELECT detection_id, parent_id, protocol, 0 FROM detections
        WHERE detection_id = :detection_id
        UNION ALL
        SELECT run.detection_id, run.parent_id, run.protocol, depth + 1
        FROM line JOIN detections AS run ON run.detection_id = line.parent_id
        WHERE line.protocol = '{HUMAN}'
    )
    SELECT detection_id FROM line WHERE protocol <> '{HUMAN}' ORDER BY depth LIMIT 1
"""
"""The nearest run of the predictor that a run descends from, which may be itself."""

_CANDIDATES = f"""
    SELECT {_CANDIDATE_COLUMNS} FROM candidates
    WHERE detection_id = ({_MACHINE}) AND score >= :min_score AND {_MATCHES}
    AND object_id NOT IN (
        SELECT origin_id FROM objects
        WHERE detection_id = :detection_id AND origin_id IS NOT NULL
    )
    ORDER BY position
"""
_RUN = """
    SELECT run.*, image.detection_id = run.detection_id AS is_served,
           image.pinned_id IS run.detection_id AS is_pinned
    FROM detections AS run JOIN images AS image ON image.image_id = run.image_id
    WHERE run.image_id = :image_id
"""
_OBJECT = f"""
    SELECT {OBJECT_COLUMNS}, run.model, run.model_version
    FROM objects JOIN detections AS run ON run.detection_id = objects.detection_id
    WHERE objects.object_id = :object_id AND objects.image_id = :image_id
"""
_CANDIDATE = f"""
    SELECT {_CANDIDATE_COLUMNS}, run.model, run.model_version
    FROM candidates JOIN detections AS run ON run.detection_id = candidates.detection_id
    WHERE candidates.object_id = :object_id AND run.image_id = :image_id
"""


def read_objects(
    connection: sqlite3.Connection, image: Image, wanted: ObjectFilter
) -> Sequence[FoundObject]:
    """Return a run's objects, then its candidates. Raises NotFound for a run of another image."""
    if wanted.detection_id not in (None, image.detection_id):
        run = read_run(connection, image.image_id, wanted.detection_id)
        model, version, threshold = run.model, run.model_version, run.threshold
    else:
        model, version, threshold = image.model or "", image.model_version or "", image.threshold
    values = {
        "image_id": image.image_id,
        "detection_id": wanted.detection_id or image.detection_id,
        "min_score": wanted.min_score,
        "min_radius_px": wanted.min_radius_px,
        "max_radius_px": wanted.max_radius_px,
        "on_edge": wanted.on_edge,
        "image_width": image.width,
        "image_height": image.height,
    }
    found = connection.execute(_OBJECTS, values).fetchall()
    if threshold is not None and wanted.min_score is not None and wanted.min_score < threshold:
        found += connection.execute(_CANDIDATES, values).fetchall()
    return [rows.read_object(each, model, version) for each in found]


def read_entries(
    connection: sqlite3.Connection, image_id: str, detection_id: str
) -> tuple[Sequence[FoundObject], Sequence[FoundObject]]:
    """Return all objects and all candidates of a run, without a filter."""
    values: dict[str, Any] = {
        "image_id": image_id,
        "detection_id": detection_id,
        "min_score": None,
        "min_radius_px": None,
        "max_radius_px": None,
        "on_edge": None,
        "image_width": 0,
        "image_height": 0,
    }
    found = connection.execute(_OBJECTS, values)
    candidates = connection.execute(_CANDIDATES, {**values, "min_score": 0})
    return (
        [rows.read_object(each, "", "") for each in found],
        [rows.read_object(each, "", "") for each in candidates],
    )


def read_object(connection: sqlite3.Connection, image_id: str, object_id: str) -> FoundObject:
    """Return an object or candidate of any run. Raises NotFound."""
    values = {"image_id": image_id, "object_id": object_id}
    for query in (_OBJECT, _CANDIDATE):
        if row := connection.execute(query, values).fetchone():
            *columns, model, version = row
            return rows.read_object(columns, model, version)
    raise NotFound("This image has no such object.")


def read_runs(connection: sqlite3.Connection, image_id: str) -> "Sequence[Run]":
    """Return the runs of an image, newest first: by rowid, because clocks may go back."""
    found = connection.execute(f"{_RUN} ORDER BY run.rowid DESC", {"image_id": image_id})
    return [_read_run(row) for row in found]


def read_run(connection: sqlite3.Connection, image_id: str, detection_id: str | None) -> "Run":
    """Return one run of an image. Raises NotFound."""
    row = connection.execute(
        f"{_RUN} AND run.detection_id = :detection_id",
        {"image_id": image_id, "detection_id": detection_id},
    ).fetchone()
    if row is None:
        raise NotFound("This image has no such run.")
    return _read_run(row)


_RUN_COLUMNS = ("detection_id", "image_id", "model", "model_version", "protocol", "duration_ms",
                "object_count", "threshold", "sure_count", "doubtful_count", "parent_id",
                "created_by", "request_digest")  # fmt: skip


def _read_run(row: sqlite3.Row) -> "Run":
    from circles.domain.counting.runs import Run

    return Run(
        **{name: row[name] for name in _RUN_COLUMNS},
        created_at=datetime.fromisoformat(row["created_at"]),
        review=Review(row["review"]) if row["review"] else Review.NONE,
        served=bool(row["is_served"]),
        pinned=bool(row["is_pinned"]),
    )
