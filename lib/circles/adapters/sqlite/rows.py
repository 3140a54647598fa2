"""Convert images, runs and objects to rows and back."""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, fields
from datetime import UTC, datetime
from typing import Any

from circles.adapters.sqlite.counting.scale_rows import add_scales
from circles.domain.detections import Circle, Detection, FoundObject
from circles.domain.errors import NotFound
from circles.domain.exports.sizes import measure_sizes
from circles.domain.identifiers import new_id
from circles.domain.images import Image, Review, Status, Tombstone

_IMAGE = """
    SELECT images.image_id, images.key, images.media_type, images.size_bytes, images.sha256,
           images.width, images.height, images.source, images.created_at, images.status,
           images.file_name, images.idempotency_key, images.attempts,
           coalesce(images.refused_attempts, 0), coalesce(images.claim, 0), images.claimed_until,
           images.due_at, images.error, coalesce(run.object_count, 0), run.model,
           run.model_version, run.duration_ms, run.created_at, images.detection_id,
           images.pinned_id, run.threshold, run.sure_count, run.doubtful_count, run.review,
           images.batch, images.scale_id, images.created_by
    FROM images {index} LEFT JOIN detections AS run ON run.detection_id = images.detection_id
"""
IMAGE = _IMAGE.format(index="")
"""Query whose rows read_image() reads: the fields of Image but the last, in their order."""

_STORED = ("image_id", "key", "media_type", "size_bytes", "sha256", "width", "height", "source",
           "status", "file_name", "idempotency_key", "attempts", "refused_attempts", "claim",
           "error", "batch", "created_by")  # fmt: skip


def image_query(index: str) -> str:
    """Return IMAGE that reads the images by an index."""
    return _IMAGE.format(index=f"INDEXED BY {index}")


def insert(connection: sqlite3.Connection, table: str, rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows with the same columns. Names must not come from a client."""
    if rows:
        columns = ", ".join(rows[0])
        places = ", ".join(f":{name}" for name in rows[0])
        connection.executemany(f"INSERT INTO {table} ({columns}) VALUES ({places})", rows)


def to_text_time(moment: datetime) -> str:
    """Return ISO 8601 in UTC. It always has microseconds, so that text order is time order."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def from_text_time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def span(now: datetime, until: datetime) -> dict[str, str]:
    """
    Return the times of a claim, lease or look, and the latest end of another valid one.

    A later end was written by a clock that was ahead. The limit is twice the length away, because
    the other process may have read its clock a little later.
    """
    latest = until + (until - now)
    return {"now": to_text_time(now), "until": to_text_time(until), "latest": to_text_time(latest)}


def get_image(connection: sqlite3.Connection, image_id: str) -> Image:
    """Return an image with its scale. Raises NotFound."""
    found = find_images(connection, f"{IMAGE} WHERE images.image_id = ?", [image_id])
    if not found:
        raise NotFound("There is no such image.")
    return found[0]


def find_images(connection: sqlite3.Connection, query: str, values: Any) -> Sequence[Image]:
    """Return the images of a query that begins with IMAGE, with their scales."""
    return add_scales(connection, [read_image(row) for row in connection.execute(query, values)])


def image_values(image: Image) -> dict[str, Any]:
    row = {name: getattr(image, name) for name in _STORED}
    moments = {name: getattr(image, name) for name in ("created_at", "claimed_until", "due_at")}
    return {
        **row,
        **{name: to_text_time(value) if value else None for name, value in moments.items()},
    }


_STATUS = {each.value: each for each in Status}
_REVIEW: dict[str | None, Review] = {None: Review.NONE, **{each.value: each for each in Review}}
_CONVERT: dict[str, Callable[[Any], Any]] = {
    "created_at": datetime.fromisoformat,
    "status": _STATUS.__getitem__,
    "claimed_until": from_text_time,
    "due_at": from_text_time,
    "detected_at": from_text_time,
    "review": _REVIEW.__getitem__,
}
_CONVERT_AT = [
    (at, _CONVERT[field.name]) for at, field in enumerate(fields(Image)) if field.name in _CONVERT
]


def read_image(row: Iterable[Any]) -> Image:
    """Return an image. A page has many rows, and access by name costs three times as much."""
    values = list(row)
    for at, convert in _CONVERT_AT:
        values[at] = convert(values[at])
    return Image(*values)


def detection_values(
    detection_id: str, image_id: str, detection: Detection, now: datetime
) -> dict[str, Any]:
    return {
        "detection_id": detection_id,
        "image_id": image_id,
        "model": detection.model,
        "model_version": detection.model_version,
        "protocol": detection.protocol,
        "duration_ms": detection.duration_ms,
        "object_count": len(detection.circles),
        "created_at": to_text_time(now),
        "threshold": detection.threshold,
        "floor": detection.floor,
        "sure_count": detection.sure_count,
        "doubtful_count": detection.doubtful_count,
        **size_values([circle.radius_px for circle in detection.circles]),
    }


def size_values(radii_px: Sequence[float]) -> dict[str, Any]:
    """Return the columns of a run that statistics add up."""
    sizes = measure_sizes(radii_px)
    return {
        "size_bins": sizes.bins,
        "size_total_px": sizes.total_px,
        "size_least_px": sizes.least_px,
        "size_most_px": sizes.most_px,
    }


def object_values(
    detection_id: str, image_id: str, position: int, circle: Circle, origin_id: str | None = None
) -> dict[str, Any]:
    return {
        "image_id": image_id,
        "origin_id": origin_id,
        **candidate_values(detection_id, position, circle),
    }


def candidate_values(detection_id: str, position: int, circle: Circle) -> dict[str, Any]:
    x, y, width, height = circle.bbox
    return {
        "object_id": new_id(),
        "detection_id": detection_id,
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


def read_object(columns: Iterable[Any], model: str, model_version: str) -> FoundObject:
    """
    Return an object from columns in the order of catalogue.py's queries.

    A list has many rows, and access by name costs three times as much.
    """
    object_id, image_id, x, y, width, height, centroid_x, centroid_y, radius_px, score, *rest = (
        columns
    )
    label, origin_id = rest
    circle = Circle((x, y, width, height), (centroid_x, centroid_y), radius_px, score, label)
    return FoundObject(object_id, image_id, circle, model, model_version, origin_id)


def bury(connection: sqlite3.Connection, tombstone: Tombstone) -> None:
    """Insert a tombstone. It replaces a finished one, of a file put again under the same key."""
    connection.execute("DELETE FROM tombstones WHERE image_id = ?", [tombstone.image_id])
    insert(
        connection,
        "tombstones",
        [{**asdict(tombstone), "deleted_at": to_text_time(tombstone.deleted_at)}],
    )
