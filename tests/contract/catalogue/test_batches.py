"""Test the Batches contract on SQLite and on the fake."""

from datetime import timedelta
from types import SimpleNamespace
from uuid import uuid4

import pytest

from circles.adapters.sqlite.catalogue import SqliteCatalogue
from circles.adapters.sqlite.counting.batches import SqliteBatches
from circles.adapters.sqlite.outbox import SqliteOutbox
from circles.domain.errors import KeyTaken, NotFound
from circles.domain.events import OutgoingEvent
from tests.contract.catalogue.test_catalogue import NOW, add_image, an_image, circle, run
from tests.unit.fakes.batches import FakeBatches
from tests.unit.fakes.records import FakeCatalogue, FakeOutbox

QUIET = timedelta(minutes=2)
SECOND = timedelta(seconds=1)
LATER = NOW + timedelta(hours=1)


class Ports:
    """A catalogue, its batches and its outbox."""

    def __init__(self, catalogue, batches, outbox):
        self.catalogue, self.batches, self.outbox = catalogue, batches, outbox

    def add(self, batch="a", *, at=NOW, detect=True, **changes):
        image = add_image(self.catalogue, batch=batch, created_at=at, **changes)
        return self.detect(image) if detect else image

    def detect(self, image):
        return self.catalogue.record(image.image_id, run(circle()), claim=0, now=NOW)

    def quiet(self, now):
        return self.batches.quiet(**times(now), limit=10)

    def complete(self, name, now, announce=None):
        return self.batches.complete(name, now=now, announce=announce or tell, **times(now))

    def told(self):
        events = self.outbox.due("sink", now=LATER, latest_due=LATER, limit=50)
        return [queued.event.data for queued in events]


def times(now):
    return {"arrived_before": now - QUIET, "arrived_after": now + 2 * QUIET}


def tell(batch):
    data = {"batch": batch.name, "revision": batch.revision, "detected": batch.detected}
    # A subject of its own, because only the first event of each is due.
    subject = f"{batch.name} {batch.revision}"
    event = OutgoingEvent(str(uuid4()), "completed", "/", subject, NOW, None, data)
    return [("sink", event)]


@pytest.fixture(params=["fake", "sqlite"])
def ports(request, tmp_path):
    if request.param == "fake":
        catalogue = FakeCatalogue()
        tables = catalogue.tables
        yield Ports(catalogue, FakeBatches(tables), FakeOutbox(tables))
        return
    kinds = (SqliteCatalogue, SqliteBatches, SqliteOutbox)
    opened = [each(tmp_path / "catalogue.db", busy_timeout_s=30) for each in kinds]
    yield Ports(*opened)
    for each in opened:
        each.close()


def test_batch_counts_its_images_by_state(ports):
    ports.add()
    ports.add(detect=False)
    failed = ports.add(detect=False)
    ports.catalogue.give_up(failed.image_id, claim=0, error="No.")
    ports.add("b", at=NOW + SECOND)
    ports.add(None)

    newest, oldest = ports.batches.page(limit=9)
    assert (newest.name, newest.detected, newest.pending) == ("b", 1, 0)
    assert (oldest.name, oldest.detected, oldest.pending, oldest.failed) == ("a", 1, 1, 1)
    assert (oldest.revision, oldest.open, oldest.quiet_at) == (0, True, None)
    assert (oldest.created_at, oldest.arrived_at) == (NOW, NOW)


def test_pages_list_every_batch_once(ports):
    names = ["ä ö", "a", "b", "c", "d"]
    for number, name in enumerate(names):
        ports.add(name, at=NOW + number // 2 * SECOND)
    before, found = None, []
    while page := ports.batches.page(limit=2, before=before):
        found += [batch.name for batch in page]
        before = (page[-1].created_at, page[-1].name)

    assert found == ["d", "c", "b", "ä ö", "a"]


def test_batch_is_completed_once_it_is_quiet(ports):
    ports.add(at=NOW - SECOND)
    ports.add(at=NOW)

    assert ports.quiet(NOW + QUIET - SECOND) == []
    assert ports.complete("a", NOW + QUIET - SECOND) is None
    assert ports.quiet(NOW + QUIET) == ["a"]
    batch = ports.complete("a", NOW + QUIET)
    assert (batch.revision, batch.open, batch.quiet_at) == (1, False, NOW + QUIET)
    assert ports.told() == [{"batch": "a", "revision": 1, "detected": 2}]


def test_pending_image_keeps_a_batch_open(ports):
    image = ports.add(detect=False)
    assert ports.quiet(LATER) == []
    assert ports.complete("a", LATER) is None

    ports.detect(image)
    assert ports.quiet(LATER) == ["a"]


def test_batch_is_announced_once_for_each_revision(ports):
    ports.add()
    assert ports.complete("a", LATER).revision == 1
    assert ports.complete("a", LATER) is None
    assert ports.quiet(LATER) == []

    ports.add(at=NOW + SECOND)
    [batch] = ports.batches.page(limit=9)
    assert (batch.open, batch.revision, batch.quiet_at) == (True, 1, LATER)
    assert ports.complete("a", LATER).revision == 2
    assert [each["revision"] for each in ports.told()] == [1, 2]


def test_failed_announcement_leaves_a_batch_open(ports):
    ports.add()

    def fail(_):
        raise RuntimeError("boom")

    with pytest.raises(RuntimeError, match="boom"):
        ports.complete("a", LATER, fail)
    [batch] = ports.batches.page(limit=9)
    assert (batch.open, batch.revision) == (True, 0)
    assert ports.told() == []
    assert ports.complete("a", LATER).revision == 1


def test_batch_of_deleted_images_is_completed_with_none(ports):
    image = ports.add(detect=False)
    ports.catalogue.delete(image.image_id, now=NOW)

    batch = ports.complete("a", LATER)
    assert (batch.revision, batch.pending, batch.detected, batch.failed) == (1, 0, 0, 0)


def test_arrival_by_a_clock_ahead_does_not_keep_it_open(ports):
    ports.add(at=NOW + timedelta(days=365))

    assert ports.quiet(NOW) == ["a"]
    assert ports.complete("a", NOW).revision == 1


def test_longest_quiet_batch_comes_first(ports):
    for number, name in enumerate("cab"):
        ports.add(name, at=NOW + number * SECOND)

    assert ports.quiet(LATER) == ["c", "a", "b"]
    assert ports.batches.quiet(**times(LATER), limit=2) == ["c", "a"]


def test_adopted_blob_gets_the_batch_of_its_upload(ports):
    """Repair adopted the blob of an upload that was killed; then the client sends it again."""
    adopted = an_image(created_at=NOW)
    ports.catalogue.add(adopted)
    retry = an_image(key=adopted.key, idempotency_key="k", batch="a", created_at=LATER)

    with pytest.raises(KeyTaken):
        ports.catalogue.add(retry)
    assert ports.catalogue.get(adopted.image_id).batch == "a"
    [batch] = ports.batches.page(limit=9)
    assert (batch.name, batch.pending, batch.open) == ("a", 1, True)


def test_concurrent_repairs_complete_a_batch_once(tmp_path):
    path = tmp_path / "catalogue.db"
    opened = SimpleNamespace(
        catalogue=SqliteCatalogue(path, busy_timeout_s=30),
        batches=[SqliteBatches(path, busy_timeout_s=30) for _ in range(2)],
    )
    add_image(opened.catalogue, batch="a", status="failed")
    done = [
        each.complete("a", now=LATER, announce=tell, **times(LATER)) for each in opened.batches * 2
    ]
    for each in (opened.catalogue, *opened.batches):
        each.close()

    assert [batch and batch.revision for batch in done] == [1, None, None, None]


def test_batch_is_read_by_its_name(ports):
    ports.add("a")
    ports.add("a", detect=False)
    ports.add("b")
    listed = {each.name: each for each in ports.batches.page(limit=9)}

    assert ports.batches.get("a") == listed["a"]
    assert (listed["a"].pending, listed["a"].detected) == (1, 1)
    with pytest.raises(NotFound):
        ports.batches.get("c")
