"""Build the JSON documents of the contract. Their shapes are those of openapi.json."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from circles.domain.detections import Circle, FoundObject, touches_edge
from circles.domain.images import Image, Refusal
from circles.formats.fields import format_time

if TYPE_CHECKING:  # a cold start needs none of them
    from circles.domain.counting.batches import Batch
    from circles.domain.counting.runs import Run
    from circles.domain.counting.scales import Scale
    from circles.domain.events import Delivery


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
        "batch": image.batch,
        "created_at": format_moment(image.created_at),
        "created_by": image.created_by,
        "detected_at": format_moment(image.detected_at),
        "detection_ms": image.detection_ms,
        "model": image.model,
        "model_version": image.model_version,
        "attempts": image.attempts,
        "error": image.error,
        "served": image.detection_id,
        "pinned": image.pinned_id is not None,
        "threshold": image.threshold,
        "sure_count": image.sure_count,
        "doubtful_count": image.doubtful_count,
        "review": image.review,
        "scale": scale_document(image.scale) if image.scale else None,
    }


def scale_document(scale: "Scale") -> dict[str, Any]:
    """Return a scale. What describes the marked object is null where mm_per_px was given."""
    reference = scale.reference
    return {
        "mm_per_px": scale.mm_per_px,
        "relative_error": round(scale.error, 4),
        "batch": scale.batch,
        "image_id": reference and reference.image_id,
        "object_id": reference and reference.object_id,
        "origin_id": reference and reference.origin_id,
        "diameter_mm": reference and reference.diameter_mm,
        "stale": scale.stale,
        "warnings": list(reference.warnings) if reference else [],
        "created_at": format_time(scale.created_at),
        "created_by": scale.created_by,
    }


def run_document(run: "Run") -> dict[str, Any]:
    """Return the record of a run. threshold and counts are null if the predictor states none."""
    return {
        "detection_id": run.detection_id,
        "image_id": run.image_id,
        "kind": "human" if run.is_human else "machine",
        "model": run.model,
        "model_version": run.model_version,
        "threshold": run.threshold,
        "object_count": run.object_count,
        "sure_count": run.sure_count,
        "doubtful_count": run.doubtful_count,
        "parent_id": run.parent_id,
        "created_at": format_time(run.created_at),
        "created_by": run.created_by,
        "review": run.review,
        "served": run.served,
        "pinned": run.pinned,
    }


def batch_document(batch: "Batch") -> dict[str, Any]:
    """Return the record of a batch. completed_at is the time of the newest revision."""
    return {
        "batch": batch.name,
        "revision": batch.revision,
        "open": batch.open,
        "pending": batch.pending,
        "detected": batch.detected,
        "failed": batch.failed,
        "created_at": format_time(batch.created_at),
        "arrived_at": format_time(batch.arrived_at),
        "completed_at": format_moment(batch.quiet_at),
    }


def refusal_document(refusal: Refusal) -> dict[str, Any]:
    """Return what became of a file that is not an image. reason is the code of a problem."""
    return {
        "object_id": refusal.object_id,
        "key": refusal.key,
        "etag": refusal.etag,
        "reason": refusal.code,
        "detail": refusal.detail,
        "refused_at": format_time(refusal.refused_at),
    }


def delivery_document(delivery: "Delivery") -> dict[str, Any]:
    """Return an event that a sink has not accepted, without its data. due_at is null if aside."""
    event, waits = delivery.event, delivery.state == "waiting"
    return {
        "event_id": event.event_id,
        "sink": delivery.sink,
        "state": delivery.state,
        "type": event.type,
        "subject": event.subject,
        "time": format_time(event.time),
        "attempts": delivery.attempts,
        "due_at": format_time(delivery.due_at) if waits else None,
        "error": delivery.error,
    }


def object_summary(found: FoundObject) -> dict[str, Any]:
    """Return an entry of an image's list of objects. bbox is [x, y, width, height] in pixels."""
    return {"object_id": found.object_id, "bbox": found.circle.bbox}


def object_document(found: FoundObject, image: Image) -> dict[str, Any]:
    """Return the record of an object, in pixels of the upright image. score is 0..1 or null."""
    circle = found.circle
    diameter_mm, diameter_error = measure_diameter(circle, image.scale)
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
        "origin_id": found.origin_id,
        "edge": touches_edge(circle.bbox, image.width, image.height),
        "diameter_mm": diameter_mm,
        "diameter_error": diameter_error,
    }


def measure_diameter(
    circle: Circle, scale: "Scale | None"
) -> tuple[float, float] | tuple[None, None]:
    """Return the diameter in mm and its relative error, None without a scale or if it is stale."""
    measured = scale and scale.measure(circle.radius_px)
    if not measured:
        return None, None
    diameter_mm, error = measured
    return float(f"{diameter_mm:.6g}"), round(error, 4)


def format_moment(moment: datetime | None) -> str | None:
    """Return a moment as format_time does, None for None."""
    return format_time(moment) if moment else None
