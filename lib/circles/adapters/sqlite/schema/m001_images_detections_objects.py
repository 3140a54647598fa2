"""
Create images, detections and objects.

Times are ISO 8601 in UTC, so that text order is time order. Ids are UUIDs as text; bbox is
COCO's.
"""

from sqlite_utils import Database


def apply(db: Database) -> None:
    db.table("images").create(
        {
            "image_id": str,
            "status": str,
            "key": str,
            "media_type": str,
            "size_bytes": int,
            "sha256": str,
            "width": int,
            "height": int,
            "source": str,
            "file_name": str,
            "idempotency_key": str,
            "created_at": str,
            "attempts": int,
            "claimed_until": str,
            "error": str,
            "detection_id": str,  # the served run
        },
        pk="image_id",
        not_null={
            "status",
            "key",
            "media_type",
            "size_bytes",
            "sha256",
            "width",
            "height",
            "source",
            "created_at",
        },
        strict=True,
    )
    db.table("images").create_index(["idempotency_key"], unique=True)
    db.table("images").create_index(["created_at", "image_id"])
    db.table("images").create_index(["status", "claimed_until"])
    db.table("images").create_index(["sha256"])
    db.table("detections").create(
        {
            "detection_id": str,
            "image_id": str,
            "model": str,
            "model_version": str,
            "protocol": str,
            "duration_ms": float,
            "object_count": int,
            "created_at": str,
        },
        pk="detection_id",
        not_null={
            "image_id",
            "model",
            "model_version",
            "protocol",
            "duration_ms",
            "object_count",
            "created_at",
        },
        foreign_keys=[("image_id", "images", "image_id")],
        strict=True,
    )
    db.table("detections").create_index(["image_id"])
    db.table("objects").create(
        {
            "object_id": str,
            "detection_id": str,
            "image_id": str,
            "position": int,  # the detector's order within the run, from 0
            "x": int,
            "y": int,
            "width": int,
            "height": int,
            "centroid_x": float,
            "centroid_y": float,
            "radius_px": float,
            "score": float,
            "label": str,
        },
        pk="object_id",
        not_null={
            "detection_id",
            "image_id",
            "position",
            "x",
            "y",
            "width",
            "height",
            "centroid_x",
            "centroid_y",
            "radius_px",
            "label",
        },  # fmt: skip
        foreign_keys=[
            ("detection_id", "detections", "detection_id"),
            ("image_id", "images", "image_id"),
        ],
        strict=True,
    )
    db.table("objects").create_index(["detection_id", "position"], unique=True)
    db.table("objects").create_index(["image_id"])
