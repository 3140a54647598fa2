"""Define the catalogue's tables as sqlite-utils migrations. Never edit one: add another."""

import sqlite3

from sqlite_utils import Database, Migrations

from circles.adapters.sqlite.schema import counting

migrations = Migrations("circles")


def migrate(connection: sqlite3.Connection) -> None:
    """Apply missing migrations in the caller's transaction. Each runs as a savepoint in it."""
    migrations.apply(Database(connection, execute_plugins=False))


@migrations()
def m001_images_detections_objects(db: Database) -> None:
    """
    Create images, detections and objects.

    Times are ISO 8601 in UTC, so that text order is time order. Ids are UUIDs as text; bbox is
    COCO's.
    """
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


@migrations()
def m002_events_and_repair(db: Database) -> None:
    """Add repair, the outbox and tombstones. Indexes end in their queries' sort columns."""
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
    _create(db, "refusals", "object_id", key=str, etag=str, code=str, detail=str, refused_at=str)
    _create(db, "tombstones", "image_id", key=str, source=str, deleted_at=str)
    db.table("tombstones").add_column("finished_at", str)
    db.table("tombstones").create_index(["finished_at", "deleted_at"])
    db.table("tombstones").create_index(["key"])
    _create(db, "leases", "name", holder=str, until=str)
    _create(db, "bookmarks", "name", place=str)
    _create_outbox(db)


@migrations()
def m003_claims_of_their_own(db: Database) -> None:
    """
    Number claims apart from attempts, and count looks.

    The columns are NULL in older rows, and in rows that older code adds. looks has a row for each
    process that decodes an object; it stays if that ends the process.
    """
    db.table("images").add_column("claim", int)
    db.table("images").add_column("refused_attempts", int)
    db.table("images").create_index(["status", "attempts", "due_at"])
    db.table("tombstones").add_column("tried_at", str)
    columns = {"object_id": str, "holder": str, "until": str}
    db.table("looks").create(
        columns, pk=("object_id", "holder"), not_null=set(columns), strict=True
    )


@migrations()
def m004_counting(db: Database) -> None:
    """Add candidates, corrections, scales and batches (counting.py)."""
    counting.add(db)


@migrations()
def m005_access(db: Database) -> None:
    """
    Add tokens, sessions and usage. A digest is that of a secret, which is not stored.

    usage counts what a principal did in its last minute.
    """
    _create(db, "tokens", "token_id", digest=str, principal=str, scopes=str, created_at=str)
    for name in ("expires_at", "revoked_at", "used_at", "created_by"):
        db.table("tokens").add_column(name, str)
    _create(db, "sessions", "session_id", digest=str, token_id=str, expires_at=str)
    db.table("sessions").create_index(["token_id"])
    db.table("sessions").create_index(["expires_at"])
    columns = {"principal": str, "kind": str, "minute": str, "count": int}
    db.table("usage").create(columns, pk=("principal", "kind"), not_null=set(columns), strict=True)


@migrations()
def m006_deliveries(db: Database) -> None:
    """Index what clients list and send again."""
    db.table("outbox").create_index(["state", "position"])
    db.table("outbox").create_index(["event_id"])


@migrations()
def m007_sizes(db: Database) -> None:
    """
    Add what statistics add up to each run: domain/exports/sizes.py says what.

    The columns are NULL in older rows, and in rows that older code adds; repair fills them in.
    """
    db.table("detections").add_column("size_bins", bytes)
    for name in ("size_total_px", "size_least_px", "size_most_px"):
        db.table("detections").add_column(name, float)
    db.execute(
        "CREATE INDEX idx_detections_without_sizes ON detections (detection_id)"
        " WHERE size_bins IS NULL"
    )


def _create(db: Database, table: str, pk: str, **columns: type) -> None:
    """Create a table of columns that are all required."""
    db.table(table).create({pk: str, **columns}, pk=pk, not_null={pk, *columns}, strict=True)


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
