"""
Add candidates, corrections, scales and batches: the tables of those who count and measure.

Code of commit 46f6359 reads, writes and deletes over it: new columns may be NULL, and what refers
to a run or an image is deleted with it.
"""

from sqlite_utils import Database
from sqlite_utils.db import ForeignKey

DOUBT = "coalesce(doubtful_count, -1)"
"""What order=doubt sorts by: images without a count come last."""

_TRIGGERS = (
    """
    CREATE TRIGGER images_pin AFTER UPDATE OF detection_id, pinned_id ON images
    WHEN NEW.pinned_id IS NOT NULL AND NEW.detection_id IS NOT NEW.pinned_id
    BEGIN
        UPDATE images SET detection_id = NEW.pinned_id WHERE image_id = NEW.image_id;
    END
    """,
    """
    CREATE TRIGGER images_serve AFTER UPDATE OF detection_id, pinned_id ON images
    BEGIN
        UPDATE images SET (served_count, served_version) = (
            SELECT object_count, model_version FROM detections
            WHERE detection_id = coalesce(images.pinned_id, images.detection_id)
        )
        WHERE image_id = NEW.image_id;
        UPDATE images SET (doubtful_count, review) = (run.doubtful_count, run.review)
        FROM detections AS run
        WHERE images.image_id = NEW.image_id
        AND run.detection_id = coalesce(images.pinned_id, images.detection_id)
        AND (run.doubtful_count, run.review) IS NOT (images.doubtful_count, images.review);
    END
    """,
)
"""
Keep the pinned run served, and copy what lists filter by. They also run for older code.

They work with and without PRAGMA recursive_triggers, whose default depends on the build.
"""

_SORTED_BY = {
    "batch": "batch, created_at, image_id",
    "batch_status": "batch, status, created_at, image_id",
    "batch_doubt": f"batch, {DOUBT}, created_at, image_id",
    "doubt": f"{DOUBT}, created_at, image_id",
    "review": "review, created_at, image_id",
    "review_doubt": f"review, {DOUBT}, created_at, image_id",
    "source": "source, created_at, image_id",
    "served_version": "served_version, created_at, image_id",
    "served_count": "served_count, created_at, image_id",
    "not_counted": "image_id",
}
"""Indexes of images, by name. Each ends in the columns that its pages are sorted by."""

_ONLY = {
    "batch": "batch IS NOT NULL",
    "batch_status": "batch IS NOT NULL",
    "batch_doubt": "batch IS NOT NULL",
    # Images that code before this migration served; repair fills in what the trigger copies.
    "not_counted": "detection_id IS NOT NULL AND served_count IS NULL",
}


def apply(db: Database) -> None:
    """Add tables, columns, indexes and the trigger."""
    _add_columns(
        db,
        "images",
        batch=str,
        created_by=str,
        pinned_id=str,  # the run that a person chose; machine runs do not replace it
        scale_id=str,
        served_count=int,
        doubtful_count=int,
        served_version=str,
        review=str,  # NULL is none
    )
    _add_columns(
        db,
        "detections",
        threshold=float,  # NULL if the predictor states none
        floor=float,  # the score from which candidates were asked for
        sure_count=int,
        doubtful_count=int,
        parent_id=str,
        created_by=str,
        review=str,
        request_digest=str,  # of the request that an Idempotency-Key came with
    )
    _add_columns(db, "objects", origin_id=str)  # the first ancestor; NULL is the object itself
    for name, columns in _SORTED_BY.items():
        only = f"WHERE {_ONLY[name]}" if name in _ONLY else ""
        db.execute(f"CREATE INDEX idx_images_{name} ON images ({columns}) {only}")
    db.table("refusals").create_index(["key", "refused_at", "object_id"])
    db.table("refusals").create_index(["refused_at", "object_id"])
    _create_candidates(db)
    _create_scales(db)
    _create_batches(db)
    for trigger in _TRIGGERS:
        db.execute(trigger)


def _add_columns(db: Database, table: str, **columns: type) -> None:
    for name, kind in columns.items():
        db.table(table).add_column(name, kind)


def _create_candidates(db: Database) -> None:
    """Create candidates: what a run found below its threshold, with the columns of objects."""
    columns = {
        "object_id": str,
        "detection_id": str,
        "position": int,
        "x": int,
        "y": int,
        "width": int,
        "height": int,
        "centroid_x": float,
        "centroid_y": float,
        "radius_px": float,
        "score": float,
        "label": str,
    }
    run = _cascading("candidates", "detection_id", "detections")
    db.table("candidates").create(
        columns, pk="object_id", not_null=set(columns), foreign_keys=[run], strict=True
    )
    db.table("candidates").create_index(["detection_id", "position"], unique=True)


def _create_scales(db: Database) -> None:
    """
    Create scales: millimetres of an image, or of a batch.

    reference_id is the image of the marked object, origin_id that object's first ancestor. They and
    diameter_mm, radius_px and the centroid are NULL where mm_per_px was given.
    """
    db.table("scales").create(
        {
            "scale_id": str,
            "image_id": str,
            "batch": str,
            "mm_per_px": float,
            "reference_id": str,
            "object_id": str,
            "origin_id": str,
            "diameter_mm": float,
            "radius_px": float,
            "centroid_x": float,
            "centroid_y": float,
            "created_at": str,
            "created_by": str,
        },
        pk="scale_id",
        not_null={"mm_per_px", "created_at"},
        foreign_keys=[_cascading("scales", "image_id", "images")],
        strict=True,
    )
    db.table("scales").create_index(["image_id"], unique=True)
    db.table("scales").create_index(["batch"], unique=True)


def _create_batches(db: Database) -> None:
    """
    Create batches. revision counts the announcements of a quiet batch.

    open is 1 from an arrival until it is announced.
    """
    db.table("batches").create(
        {
            "batch": str,
            "created_at": str,
            "arrived_at": str,
            "open": int,
            "revision": int,
            "quiet_at": str,
        },
        pk="batch",
        not_null={"created_at", "arrived_at", "open", "revision"},
        strict=True,
    )
    db.table("batches").create_index(["open", "arrived_at"])
    db.table("batches").create_index(["created_at", "batch"])


def _cascading(table: str, column: str, other: str) -> ForeignKey:
    return ForeignKey(table, column, other, column, (column,), (column,), on_delete="CASCADE")
