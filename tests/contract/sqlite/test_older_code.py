"""Test that the code of commit 46f6359 works on a migrated file, beside the present code."""

import json
import sqlite3
from datetime import timedelta
from uuid import uuid4

import pytest

from circles.adapters.sqlite.catalogue import SqliteCatalogue
from circles.adapters.sqlite.rows import to_text_time
from circles.adapters.sqlite.upkeep.upkeep import SqliteUpkeep
from circles.domain.images import ImageFilter, Status
from tests.contract.catalogue.test_catalogue import EVERYTHING, LATER, NOW, an_image, circle, run
from tests.contract.sqlite import old_statements as old

FAR = LATER + timedelta(days=365)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "catalogue.db"


@pytest.fixture
def catalogue(path):
    catalogue = SqliteCatalogue(path, busy_timeout_s=5)
    catalogue.ping()
    yield catalogue
    catalogue.close()


@pytest.fixture
def upkeep(path):
    upkeep = SqliteUpkeep(path, busy_timeout_s=5)
    yield upkeep
    upkeep.close()


@pytest.fixture
def older(path, catalogue):
    """A connection as the old code opens it."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA foreign_keys = ON")
    yield connection
    connection.close()


def add(older, **changes):
    """Add an image as the old upload does: claimed from the start."""
    image_id = str(uuid4())
    known = {
        "image_id": image_id,
        "key": f"images/{image_id}.png",
        "idempotency_key": None,
        "attempts": 1,
        "now": to_text_time(NOW),
        "claimed_until": to_text_time(LATER),
        "due_at": to_text_time(LATER),
    }
    older.execute(old.ADD, {**known, **changes})
    return image_id


def record(older, image_id):
    ids = {"image_id": image_id, "detection_id": str(uuid4()), "object_id": str(uuid4())}
    older.execute("BEGIN IMMEDIATE")
    older.execute(old.ADD_RUN, {**ids, "now": to_text_time(NOW)})
    older.execute(old.ADD_OBJECT, ids)
    older.execute(old.SERVE, [ids["detection_id"], image_id])
    older.execute("COMMIT")


def claim(older, image_id, now, until):
    values = {"now": to_text_time(now), "until": to_text_time(until), "again": False}
    return older.execute(old.CLAIM, {"image_id": image_id, **values}).rowcount


def test_old_code_takes_the_schema_for_current(older):
    assert older.execute(old.SCHEMA).fetchone()


def test_old_rows_are_read_and_detected(older, catalogue, upkeep):
    image_id = add(older)
    image = catalogue.get(image_id)
    assert (image.claim, image.refused_attempts, image.attempts) == (0, 0, 1)
    assert catalogue.claim(image_id, now=NOW, until=LATER) is None
    [due] = upkeep.due(now=LATER, latest_claim=FAR, latest_due=FAR, limit=9)
    assert due == image

    claimed = catalogue.claim(image_id, now=LATER, until=LATER + timedelta(minutes=1))
    detected = catalogue.record(image_id, run(circle()), claim=claimed.claim, now=LATER)
    assert detected.status is Status.DETECTED


def test_old_code_releases_what_it_claimed(older, catalogue):
    image_id = add(older, claimed_until=None)
    assert claim(older, image_id, NOW, LATER) == 1
    values = {"image_id": image_id, "claim": 2, "error": "x", "due_at": to_text_time(LATER)}
    assert older.execute(old.RELEASE, values).rowcount == 1

    image = catalogue.get(image_id)
    assert (image.attempts, image.claimed_until, image.error) == (2, None, "x")


def test_old_worker_that_lost_its_claim_changes_nothing(older, catalogue):
    """Present claims count the attempt, which is the number of an old one."""
    image_id = add(older)
    assert catalogue.claim(image_id, now=LATER, until=LATER + timedelta(minutes=1))
    values = {"image_id": image_id, "claim": 1, "error": "x", "due_at": to_text_time(NOW)}

    assert older.execute(old.RELEASE, values).rowcount == 0
    assert older.execute(old.GIVE_UP, values).rowcount == 0


def test_old_code_respects_present_claims(older, catalogue):
    image = an_image(due_at=NOW)
    catalogue.add(image)
    catalogue.claim(image.image_id, now=NOW, until=LATER)
    due = {"now": to_text_time(LATER - timedelta(seconds=1)), "limit": 9}

    assert older.execute(old.DUE, due).fetchall() == []
    assert claim(older, image.image_id, NOW, FAR) == 0
    assert claim(older, image.image_id, LATER, FAR) == 1


def test_old_code_detects_and_reads_present_rows(older, catalogue):
    image = an_image(due_at=NOW)
    catalogue.add(image)
    [due] = older.execute(old.DUE, {"now": to_text_time(NOW), "limit": 9})
    assert due["image_id"] == image.image_id
    record(older, image.image_id)

    served, [found] = catalogue.objects(image.image_id, EVERYTHING)
    assert (served.object_count, found.circle.label) == (1, "coin")
    [row] = older.execute(old.IMAGE)
    assert (row["status"], row["object_count"]) == ("detected", 1)


def test_old_code_deletes_present_images(older, catalogue, upkeep):
    """No new table refers to an image: the foreign keys of the old ones would keep it."""
    image = an_image()
    upkeep.begin_look(image.image_id, "a", now=NOW, until=LATER)
    catalogue.add(image)
    upkeep.begin_look(image.image_id, "b", now=NOW, until=LATER)
    catalogue.record(image.image_id, run(circle()), claim=0, now=NOW, keep_runs=1)
    older.execute("BEGIN IMMEDIATE")
    for table in ("objects", "detections", "images"):
        older.execute(f"DELETE FROM {table} WHERE image_id = ?", [image.image_id])
    known = {"image_id": image.image_id, "key": image.key, "now": to_text_time(NOW)}
    older.execute(old.BURY, known)
    older.execute("COMMIT")

    assert catalogue.page(ImageFilter(), limit=9) == []
    assert [each.image_id for each in upkeep.tombstones(limit=9)] == [image.image_id]
    assert older.execute(old.BURIED, known).fetchone()
    assert older.execute(old.TOMBSTONES, [9]).fetchall()


# What people who count and measure add


def count_rows(older):
    tables = ("images", "detections", "objects", "candidates", "scales")
    return {table: older.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables}


@pytest.fixture
def counted(older, catalogue):
    """
    Return the id of an image with a candidate, a scale and a pinned human run.

    Its rows are written out, so that this tests the schema alone.
    """
    image = an_image(due_at=NOW)
    catalogue.add(image)
    catalogue.record(image.image_id, run(circle()), claim=0, now=NOW)
    [machine] = older.execute(
        "SELECT detection_id FROM images WHERE image_id = ?", [image.image_id]
    ).fetchone()
    ids = {"image_id": image.image_id, "machine": machine, "now": to_text_time(NOW)}
    older.execute(
        """INSERT INTO candidates VALUES
           ('c', :machine, 0, 1, 2, 3, 4, 2.5, 4.0, 2.0, 0.4, 'circle')""",
        ids,
    )
    older.execute(
        """INSERT INTO detections (detection_id, image_id, model, model_version, protocol,
               duration_ms, object_count, created_at, parent_id, review)
           VALUES ('h', :image_id, 'human', '1', 'human', 0, 0, :now, :machine, 'corrected')""",
        ids,
    )
    older.execute(
        "UPDATE images SET detection_id = 'h', pinned_id = 'h' WHERE image_id = :image_id", ids
    )
    older.execute(
        """INSERT INTO scales (scale_id, image_id, mm_per_px, created_at)
           VALUES ('s', :image_id, 0.1, :now)""",
        ids,
    )
    return image.image_id


def test_old_code_never_serves_candidates(older, counted):
    found = older.execute("SELECT * FROM objects WHERE image_id = ?", [counted]).fetchall()

    assert [row["label"] for row in found] == ["coin 0"]
    [row] = older.execute(old.IMAGE)
    assert (row["model"], row["object_count"]) == ("human", 0)


@pytest.mark.parametrize("recursive", ["ON", "OFF"])
def test_old_detection_does_not_replace_a_pinned_run(older, catalogue, counted, recursive):
    older.execute(f"PRAGMA recursive_triggers = {recursive}")
    record(older, counted)

    [row] = older.execute("SELECT * FROM images")
    assert (row["detection_id"], row["pinned_id"]) == ("h", "h")
    assert (row["served_count"], row["served_version"], row["review"]) == (0, "1", "corrected")
    assert catalogue.get(counted).model == "human"
    assert count_rows(older)["detections"] == 3


def test_old_detection_fills_what_lists_filter_by(older):
    record(older, add(older))

    [row] = older.execute("SELECT * FROM images")
    assert (row["served_count"], row["served_version"]) == (1, "1")
    assert (row["doubtful_count"], row["review"]) == (None, None)


def test_old_deletion_leaves_no_row_of_an_image(older, counted):
    older.execute("BEGIN IMMEDIATE")
    for table in ("objects", "detections", "images"):
        older.execute(f"DELETE FROM {table} WHERE image_id = ?", [counted])
    older.execute("COMMIT")

    assert set(count_rows(older).values()) == {0}


def test_old_code_reads_every_refusal(older, upkeep):
    older.execute(old.REFUSE, {"object_id": "a", "now": to_text_time(NOW)})
    [row] = older.execute("SELECT * FROM refusals")

    assert set(row.keys()) == old.REFUSAL_FIELDS
    assert upkeep.refusal("a").code == "too-large"
    assert [row["value"] for row in older.execute(old.UNKNOWN_IDS, [json.dumps(["a", "b"])])] == [
        "b"
    ]


def test_leases_and_bookmarks_are_shared(older, upkeep):
    lease = {"name": "sweep", "now": to_text_time(NOW), "until": to_text_time(LATER)}
    assert upkeep.lease("sweep", "present", now=NOW, until=LATER)
    assert older.execute(old.LEASE, {**lease, "holder": "old"}).rowcount == 0
    older.execute(old.BOOKMARK, ["rows", "a"])

    assert upkeep.bookmark("rows") == "a"
