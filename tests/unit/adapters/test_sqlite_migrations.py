"""Test the migrations and the version that the adapter expects."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlite_utils import Database

from circles.adapters.sqlite.catalogue import SqliteCatalogue
from circles.adapters.sqlite.connections import SCHEMA, open_connection
from circles.adapters.sqlite.schema import migrations
from circles.adapters.sqlite.upkeep.upkeep import SqliteUpkeep
from circles.domain.images import ImageFilter

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_current_schema_has_every_migration(tmp_path):
    database = Database(tmp_path / "catalogue.db")
    migrations.migrations.apply(database)

    names = [applied.name for applied in migrations.migrations.applied(database)]
    database.close()

    assert set(names) == SCHEMA
    files = Path(migrations.__file__).parent.glob("m[0-9]*.py")
    assert {file.stem for file in files} == SCHEMA


@pytest.mark.parametrize("missing", sorted(SCHEMA))
def test_missing_migration_is_applied(tmp_path, missing):
    """Not only one that lacks the newest: two branches may have added one each."""
    path = tmp_path / "catalogue.db"
    open_connection(path, 5).close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM _sqlite_migrations WHERE name = ?", [missing])
    with pytest.raises(sqlite3.OperationalError, match="already exists|duplicate column"):
        open_connection(path, 5)  # it tries to apply what the file has in truth


def test_migration_keeps_images_and_makes_pending_due(tmp_path):
    path = tmp_path / "catalogue.db"
    database = Database(path)
    migrations.migrations.apply(database, stop_before="m002_events_and_repair")
    known = {
        "media_type": "image/png",
        "size_bytes": 1,
        "sha256": "0" * 64,
        "width": 9,
        "height": 9,
        "source": "upload",
        "created_at": "2026-03-01T12:00:00.000000+00:00",
        "attempts": 1,
    }
    held = "2026-03-01T12:01:00.000000+00:00"
    database["images"].insert_all(
        [
            {"image_id": "free", "status": "pending", "key": "images/1.png", **known},
            {
                "image_id": "held",
                "status": "pending",
                "key": "images/2.png",
                "claimed_until": held,
                **known,
            },
            {
                "image_id": "done",
                "status": "detected",
                "key": "images/3.png",
                "idempotency_key": "k",
                **known,
            },
        ]
    )
    database.close()

    catalogue, upkeep = (
        SqliteCatalogue(path, busy_timeout_s=5),
        SqliteUpkeep(path, busy_timeout_s=5),
    )
    due = [
        [
            image.image_id
            for image in upkeep.due(
                now=NOW + n * timedelta(minutes=1),
                latest_claim=NOW,
                latest_due=NOW + timedelta(days=9),
                limit=9,
            )
        ]
        for n in (-1, 0, 1)
    ]
    listed = catalogue.page(ImageFilter(), limit=9)
    catalogue.close()
    upkeep.close()

    assert due == [[], ["free"], ["free", "held"]]
    assert [(image.image_id, image.due_at is None) for image in listed] == [
        ("held", False),
        ("free", False),
        ("done", True),
    ]
