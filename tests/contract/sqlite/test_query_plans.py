"""Test by SQLite's query plans that queries use indexes."""

import re
import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest

from circles.adapters.sqlite import objects
from circles.adapters.sqlite.catalogue import SqliteCatalogue
from circles.adapters.sqlite.counting.scale_rows import read_scales
from circles.adapters.sqlite.outbox import SqliteOutbox
from circles.adapters.sqlite.upkeep.upkeep import SqliteUpkeep
from circles.domain.catalogue import Position
from circles.domain.detections import ObjectFilter
from circles.domain.events import DeliveryState
from circles.domain.images import ImageFilter, Order, Review, Status
from tests.contract.catalogue.test_catalogue import NOW

COUNT = 100_000


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """Write a file with 100,000 images and events, without our code."""
    path = tmp_path_factory.mktemp("large") / "catalogue.db"
    catalogue = SqliteCatalogue(path, busy_timeout_s=30)
    catalogue.ping()
    catalogue.close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute(
            """WITH RECURSIVE numbers(n) AS
                 (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < ? - 1)
               INSERT INTO images (image_id, status, key, media_type, size_bytes, sha256,
                                   width, height, source, created_at, attempts, due_at,
                                   batch, served_version, doubtful_count)
               SELECT printf('%08x-0000-7000-8000-000000000000', n),
                      iif(n % 100, 'detected', 'pending'),
                      printf('images/%d.jpg', n), 'image/jpeg', 1, printf('%064x', n % 5000),
                      9, 9, 'upload',
                      strftime('%Y-%m-%dT%H:%M:%S.000000+00:00', 1700000000 + n / 3, 'unixepoch'),
                      1, iif(n % 100, NULL, '2026-01-01T00:00:00.000000+00:00'),
                      printf('b %d', n / 2 % 10), '7', n / 2 % 3
               FROM numbers""",
            [COUNT],
        )
        connection.execute(
            """INSERT INTO outbox (sink, event_id, type, source, subject, time, data, state,
                                   attempts, due_at)
               SELECT 'a', image_id, 't', '/', image_id, created_at, '{}',
                      iif(status = 'pending', 'aside', 'waiting'), 0, created_at FROM images"""
        )
    return path


class Planned:
    """Record the statements of an adapter's query and explain their plans."""

    def __init__(self, adapter):
        self.plans = []
        file = adapter._file
        with file.read() as connection:
            self._connection = connection
        connection.set_trace_callback(self._statements().append)

    def _statements(self):
        self.statements = []
        return self.statements

    def plan(self):
        self._connection.set_trace_callback(None)
        return [
            row["detail"]
            for statement in list(self.statements)
            if statement.lstrip().startswith("SELECT")
            for row in self._connection.execute(f"EXPLAIN QUERY PLAN {statement}")
        ]


MIDDLE = Position(NOW, f"{COUNT // 2:08x}-0000-7000-8000-000000000000", 1)
PAGES = {
    "all": ({}, "idx_images_created_at_image_id"),
    "since": ({"since": NOW - timedelta(days=1000)}, "idx_images_created_at_image_id"),
    "status": ({"status": Status.PENDING}, "idx_images_status_created_at_image_id"),
    "sha256": ({"sha256": "0" * 63 + "7"}, "idx_images_sha256_created_at_image_id"),
    "until": ({"until": NOW + timedelta(days=1000)}, "idx_images_created_at_image_id"),
    "batch": ({"batch": "b 3"}, "idx_images_batch"),
    "batch and status": ({"batch": "b 3", "status": Status.DETECTED}, "idx_images_batch_status"),
    "source": ({"source": "upload"}, "idx_images_source"),
    "version": ({"model_version": "7"}, "idx_images_served_version"),
    "review": ({"review": Review.NONE}, "idx_images_review"),
    "doubt": ({"order": Order.DOUBT}, "idx_images_doubt"),
    "doubt of a batch": ({"order": Order.DOUBT, "batch": "b 3"}, "idx_images_batch_doubt"),
    "doubt of a review": (
        {"order": Order.DOUBT, "review": Review.NONE},
        "idx_images_review_doubt",
    ),
    "doubt of a status": (
        {"order": Order.DOUBT, "status": Status.PENDING},
        "idx_images_status_created_at_image_id",
    ),
    "status and since": (
        {"status": Status.DETECTED, "since": NOW - timedelta(days=1000)},
        "idx_images_status_created_at_image_id",
    ),
}


@pytest.mark.parametrize("before", [None, MIDDLE], ids=["first", "later"])
@pytest.mark.parametrize("page", PAGES)
def test_page_query_uses_an_index(large, page, before):
    wanted, index = PAGES[page]
    wanted = dict(wanted)
    catalogue = SqliteCatalogue(large, busy_timeout_s=30)
    planned = Planned(catalogue)
    first = "SCAN" if before is None and not {*wanted} - {"order"} else "SEARCH"
    order = wanted.pop("order", Order.NEWEST)
    images = catalogue.page(ImageFilter(**wanted), limit=51, before=before, order=order)
    plan = planned.plan()
    catalogue.close()

    assert 20 <= len(images) <= 51
    assert any(
        re.search(rf"USING INDEX {index}\b", step) and step.startswith(("SEARCH", first))
        for step in plan
    ), plan
    assert not [step for step in plan if "TEMP B-TREE" in step], plan


QUERIES = {
    "events": (
        SqliteOutbox,
        lambda outbox: outbox.due("a", now=NOW, latest_due=NOW, limit=50),
        "idx_outbox_sink_state_due_at_position",
    ),
    "images": (
        SqliteUpkeep,
        lambda upkeep: upkeep.due(now=NOW, latest_claim=NOW, latest_due=NOW, limit=50),
        "idx_images_status_attempts_due_at",
    ),
    "rows": (
        SqliteUpkeep,
        lambda upkeep: upkeep.images(after=MIDDLE[1], limit=50),
        "sqlite_autoindex_images_1",
    ),
    "ids": (
        SqliteUpkeep,
        lambda upkeep: upkeep.unknown_ids(
            [MIDDLE[1]] * 50 + ["x"], now=NOW, refused_for=timedelta(1)
        ),
        "sqlite_autoindex_images_1",
    ),
    "keys": (
        SqliteUpkeep,
        lambda upkeep: upkeep.unknown_keys(["images/7.jpg"] * 50 + ["x"]),
        "idx_images_key",
    ),
    "aside": (
        SqliteOutbox,
        lambda outbox: [outbox.count_laid_aside()],
        "idx_outbox_state_position",
    ),
    "deliveries": (
        SqliteOutbox,
        lambda outbox: outbox.deliveries(state=DeliveryState.ASIDE, limit=50, before=COUNT),
        "idx_outbox_state_position",
    ),
    "waiting": (SqliteOutbox, lambda outbox: [outbox.backlog()], "idx_outbox_state_time"),
}


@pytest.mark.parametrize("query", QUERIES)
def test_repair_query_uses_an_index(large, query):
    kind, ask, index = QUERIES[query]
    adapter = kind(large, busy_timeout_s=30)
    planned = Planned(adapter)
    assert ask(adapter)
    plan = planned.plan()
    adapter.close()

    assert any(step.startswith("SEARCH") and index in step for step in plan), plan
    assert not [step for step in plan if step.startswith("SCAN") and "json_each" not in step], plan
    assert not [step for step in plan if "TEMP B-TREE" in step], plan


def read_entries(catalogue, image_id):
    with catalogue._file.read() as connection:
        return objects.read_entries(connection, image_id, image_id)


READS = {
    "runs": lambda catalogue, image_id: catalogue.runs(image_id),
    "objects": lambda catalogue, image_id: catalogue.objects(image_id, ObjectFilter(min_score=0.1)),
    "entries": lambda catalogue, image_id: read_entries(catalogue, image_id),
}


@pytest.mark.parametrize("read", READS)
def test_reading_an_image_scans_no_table(large, read):
    catalogue = SqliteCatalogue(large, busy_timeout_s=30)
    planned = Planned(catalogue)
    READS[read](catalogue, MIDDLE[1])
    plan = planned.plan()
    catalogue.close()

    assert [step for step in plan if step.startswith("SEARCH")]
    scanned = [step for step in plan if step.startswith("SCAN")]
    assert not [step for step in scanned if step != "SCAN line" and "json_each" not in step], plan


def test_scales_are_found_by_their_indexes(large):
    catalogue = SqliteCatalogue(large, busy_timeout_s=30)
    planned = Planned(catalogue)
    with catalogue._file.read() as connection:
        read_scales(connection, ["a"], ["b"])
    plan = planned.plan()
    catalogue.close()

    assert any("idx_scales_batch" in step for step in plan), plan
    assert not [step for step in plan if step.startswith("SCAN") and "json_each" not in step], plan
