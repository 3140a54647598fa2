"""Describe objects and images as rows of a table."""

from collections.abc import Iterator
from typing import Any

from circles.domain.detections import FoundObject, touches_edge
from circles.domain.exports.selections import Entry
from circles.formats.documents import measure_diameter
from circles.formats.fields import format_time

Row = tuple[Any, ...]

OBJECT_COLUMNS = (
    "image_id",
    "object_id",
    "file_name",
    "batch",
    "kind",
    "centroid_x",
    "centroid_y",
    "radius",
    "diameter",
    "diameter_mm",
    "diameter_error",
    "score",
    "edge",
    "label",
    "bbox_x",
    "bbox_y",
    "bbox_width",
    "bbox_height",
    "model",
    "model_version",
    "threshold",
    "review",
    "created_by",
    "origin_id",
    "detection_id",
    "sha256",
)
"""
Columns of a row an object.

Lengths are in pixels of the upright picture unless the name ends in _mm. diameter_error is relative
and belongs to diameter_mm. kind is object, or candidate for what scored below the threshold.
"""

IMAGE_COLUMNS = (
    "image_id",
    "file_name",
    "batch",
    "status",
    "object_count",
    "sure_count",
    "doubtful_count",
    "width",
    "height",
    "mm_per_px",
    "mm_error",
    "scale_stale",
    "mean_diameter",
    "mean_diameter_mm",
    "model",
    "model_version",
    "threshold",
    "review",
    "created_by",
    "created_at",
    "detected_at",
    "detection_id",
    "sha256",
    "size_bytes",
    "media_type",
    "source",
    "error",
)
"""
Columns of a row an image.

mm_error is the relative error of mm_per_px. Means are of the served run's objects.
"""


def object_rows(entry: Entry) -> Iterator[Row]:
    """Yield a row for each object, then for each candidate."""
    image = entry.image
    run = (image.model, image.model_version, image.threshold, image.review.value, entry.created_by)
    for kind, found in _kinds(entry):
        circle = found.circle
        x, y = circle.centroid
        yield (
            image.image_id,
            found.object_id,
            image.file_name,
            image.batch,
            kind,
            x,
            y,
            circle.radius_px,
            round(2 * circle.radius_px, 3),
            *measure_diameter(circle, image.scale),
            circle.score,
            touches_edge(circle.bbox, image.width, image.height),
            circle.label,
            *circle.bbox,
            *run,
            found.origin_id,
            image.detection_id,
            image.sha256,
        )


def image_row(entry: Entry) -> Row:
    """Return the row of an image. Counts are None where there is no run."""
    image, scale = entry.image, entry.image.scale
    known = image.detection_id is not None
    return (
        image.image_id,
        image.file_name,
        image.batch,
        image.status.value,
        image.object_count if known else None,
        image.sure_count,
        image.doubtful_count,
        image.width,
        image.height,
        scale and scale.mm_per_px,
        scale and round(scale.error, 4),
        scale and scale.stale,
        *_means(entry),
        image.model,
        image.model_version,
        image.threshold,
        image.review.value,
        entry.created_by,
        format_time(image.created_at),
        image.detected_at and format_time(image.detected_at),
        image.detection_id,
        image.sha256,
        image.size_bytes,
        image.media_type,
        image.source,
        image.error,
    )


def _kinds(entry: Entry) -> Iterator[tuple[str, FoundObject]]:
    yield from (("object", found) for found in entry.objects)
    yield from (("candidate", found) for found in entry.candidates)


def _means(entry: Entry) -> tuple[float | None, float | None]:
    """Return the mean diameter in pixels and, with a scale that is not stale, in millimetres."""
    if not entry.objects:
        return None, None
    mean_px = 2 * sum(each.circle.radius_px for each in entry.objects) / len(entry.objects)
    scale = entry.image.scale
    if scale is None or scale.stale:
        return round(mean_px, 3), None
    return round(mean_px, 3), float(f"{mean_px * scale.mm_per_px:.6g}")
