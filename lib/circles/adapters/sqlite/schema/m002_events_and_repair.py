"""Add repair, the outbox and tombstones. Indexes end in their queries' sort columns."""

from sqlite_utils import Database

from circles.adapters.sqlite.schema.tables import create


def apply(db: Database) -> None:
    # from then on repair retries the image, while it is pending
    db.table("images").add_column("due_at", str)
    db.execute(
        "UPDATE images SET due_at = coalesce(claimed_until, created_at) WHERE status = 'pending'"
    )
    for superseded in ("idx_images_status_claimed_until", "idx_images_sha256"):
        db.execute(f"DROP INDEX {superseded}")
    db.table("images").create_index(["status", "due_at"])
    db.table("images").create_index(["status", "created_at", "image_id"])
    db.table("images").create_index(["sha256", "created_at", "image_id"])
    db.table("images").create_index(["key"])
    create(db, "refusals", "object_id", key=str, etag=str, code=str, detail=str, refused_at=str)
    create(db, "tombstones", "image_id", key=str, source=str, deleted_at=str)
    db.table("tombstones").add_column("finished_at", str)
    db.table("tombstones").create_index(["finished_at", "deleted_at"])
    db.table("tombstones").create_index(["key"])
    create(db, "leases", "name", holder=str, until=str)
    create(db, "bookmarks", "name", place=str)
    _create_outbox(db)


def _create_outbox(db: Database) -> None:
    """
    Create the outbox: one row per event and sink.

    position is the order; state is waiting or aside.
    """
    columns = {
        "position": int,
        "sink": str,
        "event_id": str,
        "type": str,
        "source": str,
        "subject": str,
        "time": str,
        "traceparent": str,
        "data": str,
        "state": str,
        "attempts": int,
        "due_at": str,
        "error": str,
    }
    required = set(columns) - {"position", "traceparent", "error"}
    db.table("outbox").create(columns, pk="position", not_null=required, strict=True)
    db.table("outbox").create_index(["sink", "state", "due_at", "position"])
    db.table("outbox").create_index(["sink", "subject", "state", "position"])
    db.table("outbox").create_index(["state", "time"])
