"""Build the JSON documents of the contract. Their shapes are those of openapi.json."""

from datetime import datetime
from typing import Any

from circles.domain.detections import FoundObject
from circles.domain.images import Image
from circles.formats.fields import format_time


def image_document(image: Image) -> dict[str, Any]:
    """Return an image's record. Sizes are in pixels of the upright image, times in UTC."""
    return {
        "image_id": image.image_id,
        "status": image.status,
        "object_count": image.object_count,
        "width": image.width,
        "height": image.height,
        "media_type": image.media_type,
        "size_bytes": image.size_bytes,
        "sha256": image.sha256,
        "file_name": image.file_name,
        "source": image.source,
        "created_at": _format_time(image.created_at),
        "detected_at": _format_time(image.detected_at),
        "detection_ms": image.detection_ms,
        "model": image.model,
        "model_version": image.model_version,
        "attempts": image.attempts,
        "error": image.error,
    }


def object_summary(found: FoundObject) -> dict[str, Any]:
    """Return an entry of an image's list of objects. bbox is [x, y, width, height] in pixels."""
    return {"object_id": found.object_id, "bbox": found.circle.bbox}


def object_document(found: FoundObject) -> dict[str, Any]:
    """Return the record of an object, in pixels of the upright image. score is 0..1 or null."""
    circle = found.circle
    return {
        "object_id": found.object_id,
        "image_id": found.image_id,
        "bbox": circle.bbox,
        "centroid": circle.centroid,
        "radius": circle.radius_px,
        "score": circle.score,
        "label": circle.label,
        "model": found.model,
        "model_version": found.model_version,
    }


def _format_time(moment: datetime | None) -> str | None:
    return format_time(moment) if moment else None
