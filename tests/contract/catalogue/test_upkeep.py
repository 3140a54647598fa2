"""Test the Outbox and Upkeep contracts on SQLite and on the fakes."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from uuid import uuid4

import pytest

from circles.adapters.sqlite.catalogue import SqliteCatalogue
from circles.adapters.sqlite.outbox import SqliteOutbox
from circles.adapters.sqlite.upkeep.upkeep import SqliteUpkeep
from circles.domain.errors import Buried, KeyTaken, Unavailable
from circles.domain.events import DeliveryState, OutgoingEvent, SinkBacklog
from circles.domain.images import Backlog, ImageFilter, Refusal, Status, Tombstone
from tests.contract.catalogue.test_catalogue import LATER, NOW, Faulty, an_image, circle, run
from tests.unit.fakes.records import FakeCatalogue, FakeOutbox, FakeUpkeep

MUCH_LATER = LATER + timedelta(days=1)
FAR = LATER + timedelta(days=365)
SECOND = timedelta(seconds=1)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "catalogue.db"


@pytest.fixture
def sqlite(path):
    made = SimpleNamespace(
        catalogue=SqliteCatalogue(path, busy_timeout_s=30),
        outbox=SqliteOutbox(path, busy_timeout_s=30),
        upkeep=SqliteUpkeep(path, busy_timeout_s=30),
    )
    yield made
    for each in vars(made).values():
        each.close()


@pytest.fixture(params=["fake", "sqlite"])
def records(request):
    """Return catalogue, outbox and upkeep on one database, for one thread."""
    if request.param == "sqlite":
        return request.getfixturevalue("sqlite")
    catalogue = FakeCatalogue()
    return SimpleNamespace(
        catalogue=catalogue,
        outbox=FakeOutbox(catalogue.tables),
        upkeep=FakeUpkeep(catalogue.tables),
    )


@pytest.fixture
def catalogue(records):
    return records.catalogue


@pytest.fixture
def outbox(records):
    return records.outbox


@pytest.fixture
def upkeep(records):
    return records.upkeep


def an_event(image, kind="uploaded", **changes):
    known = OutgoingEvent(
        event_id=str(uuid4()),
        type=f"org.example.image.{kind}",
        source="/circles",
        subject=image.image_id,
        time=NOW,
        traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        data={
            "image_id": image.image_id,
            "file_name": "münzen 🪙",
            "score": 0.1,
            "error": None,
            "status": image.status,
        },
    )
    return replace(known, **changes)


def announce_to(*sinks, kind="uploaded", **changes):
    return lambda image: [(sink, an_event(image, kind, **changes)) for sink in sinks]


def due(outbox, sink="a", now=LATER, limit=100):
    return [queued.event for queued in outbox.due(sink, now=now, latest_due=FAR, limit=limit)]


# Events are written with their change


def test_queued_event_is_read_back_unchanged(catalogue, outbox):
    written = []

    def announce(image):
        written.append(an_event(image))
        return [("a", written[0])]

    catalogue.add(an_image(), announce=announce)

    assert due(outbox) == written
    assert due(outbox)[0].data["status"] == "pending"


CHANGES = {
    Status.DETECTED: lambda to, image_id, tell: to.record(
        image_id, run(circle()), claim=0, now=NOW, announce=tell
    ),
    Status.FAILED: lambda to, image_id, tell: to.give_up(
        image_id, claim=0, error="x", announce=tell
    ),
    Status.PENDING: lambda to, image_id, tell: to.delete(image_id, now=NOW, announce=tell),
}


@pytest.mark.parametrize("status", CHANGES)
def test_change_announces_the_updated_image(catalogue, outbox, status):
    image = an_image()
    catalogue.add(image)
    announced = []

    def announce(image):
        announced.append(image)
        return announce_to("a", "b")(image)

    CHANGES[status](catalogue, image.image_id, announce)

    assert [(each.image_id, each.status) for each in announced] == [(image.image_id, status)]
    assert len(due(outbox, "a")) == len(due(outbox, "b")) == 1


def test_no_change_queues_no_event(catalogue, outbox):
    image = an_image(idempotency_key="k", claim=1)
    catalogue.add(image)
    with pytest.raises(KeyTaken):
        catalogue.add(an_image(idempotency_key="k"), announce=announce_to("a"))
    catalogue.record(image.image_id, run(), claim=0, now=NOW, announce=announce_to("a"))
    catalogue.give_up(image.image_id, claim=0, error="x", announce=announce_to("a"))

    assert due(outbox) == []


def test_failed_change_queues_no_event(catalogue, outbox):
    """A change is also rolled back when its event cannot be built."""
    image = an_image()
    catalogue.add(image)
    with pytest.raises(RuntimeError):
        catalogue.record(
            image.image_id, run(circles=Faulty()), claim=0, now=NOW, announce=announce_to("a")
        )
    with pytest.raises(ZeroDivisionError):
        catalogue.record(image.image_id, run(), claim=0, now=NOW, announce=lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        catalogue.add(an_image(), announce=lambda _: 1 / 0)

    assert due(outbox) == []
    assert catalogue.page(ImageFilter(), limit=9) == [image]


# Due events


def test_events_of_one_image_are_due_in_order(catalogue, outbox):
    image = an_image()
    catalogue.add(image, announce=announce_to("a", "b"))
    catalogue.record(
        image.image_id, run(), claim=0, now=NOW, announce=announce_to("a", kind="detected")
    )
    catalogue.delete(image.image_id, now=NOW, announce=announce_to("a", kind="deleted"))
    kinds = []
    while waiting := outbox.due("a", now=LATER, latest_due=FAR, limit=9):
        [queued] = waiting
        kinds.append(queued.event.type)
        outbox.sent(queued)

    assert [kind.rpartition(".")[2] for kind in kinds] == ["uploaded", "detected", "deleted"]
    assert len(due(outbox, "b")) == 1
    assert due(outbox, "c") == []


def test_events_are_due_at_their_time_up_to_the_limit(catalogue, outbox):
    for number in range(5):
        catalogue.add(an_image(), announce=announce_to("a", time=NOW + number * SECOND))

    assert [event.time for event in due(outbox, now=NOW + 2 * SECOND)] == [
        NOW,
        NOW + SECOND,
        NOW + 2 * SECOND,
    ]
    assert [event.time for event in due(outbox, limit=2)] == [NOW, NOW + SECOND]
    assert due(outbox, now=NOW - SECOND) == []


def test_postponed_event_holds_back_its_image(catalogue, outbox):
    image, other = an_image(), an_image()
    for each in (image, other):
        catalogue.add(each, announce=announce_to("a"))
        catalogue.record(
            each.image_id, run(), claim=0, now=NOW, announce=announce_to("a", kind="detected")
        )
    [first] = [
        queued
        for queued in outbox.due("a", now=NOW, latest_due=FAR, limit=9)
        if queued.event.subject == image.image_id
    ]
    outbox.put_off(first, until=LATER, error="It is unavailable.")

    assert {event.subject for event in due(outbox, now=LATER - SECOND)} == {other.image_id}
    [again] = [
        queued
        for queued in outbox.due("a", now=LATER, latest_due=FAR, limit=9)
        if queued.event.subject == image.image_id
    ]
    assert (again.event, again.attempts) == (first.event, 1)


def test_event_laid_aside_lets_the_next_one_through(catalogue, outbox):
    image = an_image()
    catalogue.add(image, announce=announce_to("a"))
    catalogue.record(
        image.image_id, run(), claim=0, now=NOW, announce=announce_to("a", kind="detected")
    )
    [first] = outbox.due("a", now=NOW, latest_due=FAR, limit=9)
    assert outbox.count_laid_aside() == 0
    outbox.lay_aside(first, error="It answered 422.")

    assert [event.type for event in due(outbox)] == ["org.example.image.detected"]
    assert outbox.count_laid_aside() == 1


def test_deliveries_are_newest_first_in_pages(catalogue, outbox):
    for kind in ("uploaded", "detected"):
        catalogue.add(an_image(), announce=announce_to("a", "b", kind=kind))
    [first, *_] = outbox.due("a", now=NOW, latest_due=FAR, limit=9)
    outbox.lay_aside(first, error="It answered 422.")

    everything = outbox.deliveries(limit=9)
    page = outbox.deliveries(limit=2)
    rest = outbox.deliveries(limit=9, before=page[-1].position)

    assert [each.position for each in everything] == [4, 3, 2, 1]
    assert [*page, *rest] == everything
    assert [each.position for each in outbox.deliveries(sink="b", limit=9)] == [4, 2]
    [aside] = outbox.deliveries(state=DeliveryState.ASIDE, limit=9)
    assert (aside.event, aside.attempts, aside.error) == (first.event, 1, "It answered 422.")
    assert [each.position for each in outbox.deliveries(state="waiting", sink="a", limit=9)] == [3]
    assert outbox.backlogs() == [SinkBacklog("a", 1, 1), SinkBacklog("b", 2, 0)]


def test_replay_makes_an_event_due_once_more(catalogue, outbox):
    event = an_event(an_image())
    catalogue.add(an_image(), announce=lambda _: [("a", event), ("b", event)])
    [first] = outbox.due("a", now=NOW, latest_due=FAR, limit=9)
    outbox.lay_aside(first, error="It answered 422.")
    [second] = outbox.due("b", now=NOW, latest_due=FAR, limit=9)
    outbox.put_off(second, until=LATER, error="It is unavailable.")
    assert outbox.replay(event.event_id, [], now=NOW, attempts=11) == []
    assert outbox.replay(str(uuid4()), ["a", "b"], now=NOW, attempts=11) == []

    replayed = outbox.replay(event.event_id, ["a", "b", "c"], now=NOW, attempts=11)

    assert [(each.sink, each.attempts, each.state) for each in replayed] == [
        ("a", 11, "waiting"),
        ("b", 1, "waiting"),
    ]
    for sink in ("a", "b"):
        assert due(outbox, sink, now=NOW) == [event]


def test_backlog_counts_waiting_events_only(catalogue, outbox):
    assert outbox.backlog() == Backlog(0, None)
    for moment in (LATER, NOW):
        catalogue.add(an_image(), announce=announce_to("a", "b", time=moment))
    assert outbox.backlog() == Backlog(4, NOW)

    for queued in outbox.due("a", now=NOW, latest_due=FAR, limit=1) + outbox.due(
        "b", now=NOW, latest_due=FAR, limit=1
    ):
        outbox.lay_aside(queued, error="x")
    assert outbox.backlog() == Backlog(2, LATER)


def test_late_result_does_not_touch_a_newer_event(catalogue, outbox):
    """A deleted event's position in the file is used again."""
    catalogue.add(an_image(), announce=announce_to("a"))
    [slow] = outbox.due("a", now=NOW, latest_due=FAR, limit=1)
    outbox.sent(slow)
    catalogue.add(an_image(), announce=announce_to("a"))
    [newer] = due(outbox)
    outbox.sent(slow)
    outbox.put_off(slow, until=MUCH_LATER, error="x")
    outbox.lay_aside(slow, error="x")

    assert due(outbox) == [newer]
    assert outbox.count_laid_aside() == 0


# Due images


def test_due_images_come_longest_due_first(catalogue, upkeep):
    images = [an_image(due_at=NOW + number * SECOND) for number in (3, 1, 2)]
    for each in images:
        catalogue.add(each)
    first, second, third = sorted(images, key=lambda image: image.due_at)

    assert upkeep.due(now=NOW, latest_claim=FAR, latest_due=FAR, limit=9) == []
    assert upkeep.due(now=second.due_at, latest_claim=FAR, latest_due=FAR, limit=9) == [
        first,
        second,
    ]
    assert upkeep.due(now=LATER, latest_claim=FAR, latest_due=FAR, limit=2) == [first, second]
    assert upkeep.due(now=LATER, latest_claim=FAR, latest_due=FAR, limit=9) == [
        first,
        second,
        third,
    ]


def test_held_or_finished_images_are_not_due(catalogue, upkeep):
    held, detected, failed, released = (an_image(due_at=NOW) for _ in range(4))
    for each in (held, detected, failed, released):
        catalogue.add(each)
    catalogue.claim(held.image_id, now=NOW, until=LATER)
    catalogue.record(detected.image_id, run(), claim=0, now=NOW)
    catalogue.give_up(failed.image_id, claim=0, error="x")
    catalogue.release(released.image_id, claim=0, error="x", due_at=MUCH_LATER)

    assert upkeep.due(now=LATER - SECOND, latest_claim=FAR, latest_due=FAR, limit=9) == []
    assert [
        image.image_id for image in upkeep.due(now=LATER, latest_claim=FAR, latest_due=FAR, limit=9)
    ] == [held.image_id]
    assert [
        image.image_id
        for image in upkeep.due(now=MUCH_LATER, latest_claim=FAR, latest_due=FAR, limit=9)
    ] == [
        released.image_id,
        held.image_id,  # its claim was an attempt
    ]


def test_images_are_listed_in_id_order(catalogue, upkeep):
    ids = sorted(str(uuid4()) for _ in range(5))
    for image_id in reversed(ids):
        catalogue.add(an_image(image_id=image_id))

    assert [image.image_id for image in upkeep.images(after="", limit=3)] == ids[:3]
    assert [image.image_id for image in upkeep.images(after=ids[2], limit=3)] == ids[3:]
    assert upkeep.images(after=ids[4], limit=3) == []


# Known blobs


def test_unknown_ids_excludes_recorded_ids(catalogue, upkeep):
    image, buried, finished = an_image(), an_image(), an_image()
    for each in (image, buried, finished):
        catalogue.add(each)
    for each in (buried, finished):
        catalogue.delete(each.image_id, now=NOW)
    upkeep.finish_tombstone(finished.image_id, now=NOW)
    upkeep.refuse(a_refusal("refused"))
    asked = [image.image_id, buried.image_id, finished.image_id, "refused", "new"]

    assert upkeep.unknown_ids(asked, now=NOW, refused_for=SECOND) == {finished.image_id, "new"}
    assert upkeep.unknown_ids([], now=NOW, refused_for=SECOND) == set()


def test_unknown_keys_excludes_recorded_keys(catalogue, upkeep):
    image, buried, finished = an_image(), an_image(), an_image()
    for each in (image, buried, finished):
        catalogue.add(each)
    for each in (buried, finished):
        catalogue.delete(each.image_id, now=NOW)
    upkeep.finish_tombstone(finished.image_id, now=NOW)
    odd = "incoming/ü '\"; 🪙"

    assert upkeep.unknown_keys([image.key, buried.key, finished.key, odd]) == {odd}
    assert [upkeep.key_in_use(each.key) for each in (image, buried, finished)] == [
        True,
        False,
        False,
    ]


def a_refusal(object_id="id", **changes):
    return replace(
        Refusal(object_id, "incoming/ü", "etag", "unsupported-picture", "Send a picture.", NOW),
        **changes,
    )


def test_last_refusal_replaces_earlier_ones(upkeep):
    assert upkeep.refusal("id") is None
    upkeep.refuse(a_refusal())
    assert upkeep.refusal("id") == a_refusal()

    upkeep.refuse(a_refusal(code="too-large", refused_at=LATER))
    assert upkeep.refusal("id") == a_refusal(code="too-large", refused_at=LATER)


def test_pages_list_every_refusal_newest_first(upkeep):
    known = [
        a_refusal(object_id=str(number), key=f"incoming/{number % 2}", refused_at=at)
        for number, at in enumerate([NOW, LATER, NOW, NOW + SECOND])
    ]
    for each in known:
        upkeep.refuse(each)

    def walk(**wanted):
        before, found = None, []
        while page := upkeep.refusals(limit=1, before=before, **wanted):
            before = (page[-1].refused_at, page[-1].object_id)
            found += page
        return found

    assert walk() == [known[1], known[3], known[2], known[0]]
    assert walk(key="incoming/0") == [known[2], known[0]]
    assert walk(key="incoming/1", since=NOW + 2 * SECOND) == [known[1]]
    assert walk(since=LATER + SECOND) == []


def test_counts_of_older_code_are_filled_in(sqlite, path):
    """Older code served the images before the migration: then no trigger copied their counts."""
    images = [an_image() for _ in range(5)]
    for image in images:
        sqlite.catalogue.add(image)
    for image in images[1:]:
        sqlite.catalogue.record(image.image_id, run(circle()), claim=0, now=NOW)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE images SET served_count = NULL, served_version = NULL")
    wanted = ImageFilter(min_count=1, model_version="7")
    assert sqlite.catalogue.page(wanted, limit=9) == []

    assert [sqlite.upkeep.fill_in_counts(limit=3) for _ in range(3)] == [3, 1, 0]
    assert len(sqlite.catalogue.page(wanted, limit=9)) == 4


def test_sizes_of_older_code_are_filled_in(sqlite, path):
    for _ in range(4):
        image = an_image()
        sqlite.catalogue.add(image)
        sqlite.catalogue.record(image.image_id, run(circle()), claim=0, now=NOW)

    def sizes():
        with closing(sqlite3.connect(path)) as connection:
            query = "SELECT size_bins, size_total_px, size_least_px, size_most_px FROM detections"
            return connection.execute(query).fetchall()

    written = sizes()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "UPDATE detections SET size_bins = NULL, size_total_px = NULL, size_most_px = NULL"
        )

    assert [sqlite.upkeep.fill_in_sizes(limit=3) for _ in range(3)] == [3, 1, 0]
    assert sizes() == written


# Tombstones


def test_open_tombstones_come_oldest_first(catalogue, upkeep):
    images = [an_image() for _ in range(3)]
    for number, each in enumerate(images):
        catalogue.add(each)
        catalogue.delete(each.image_id, now=NOW - number * SECOND)
    expected = [
        Tombstone(each.image_id, each.key, "upload", NOW - number * SECOND)
        for number, each in enumerate(images)
    ][::-1]

    assert upkeep.tombstones(limit=9) == expected
    assert upkeep.tombstones(limit=2) == expected[:2]
    assert upkeep.is_buried(images[0].image_id)
    upkeep.finish_tombstone(images[0].image_id, now=LATER)
    assert not upkeep.is_buried(images[0].image_id)
    assert upkeep.tombstones(limit=9) == expected[:2]


def test_finished_tombstone_blocks_its_key_until_forgotten(catalogue, upkeep):
    image = an_image()
    catalogue.add(image)
    catalogue.delete(image.image_id, now=NOW)
    upkeep.finish_tombstone(image.image_id, now=NOW)
    upkeep.forget_tombstones(before=NOW)
    with pytest.raises(Buried):
        catalogue.add(an_image(key=image.key))

    upkeep.forget_tombstones(before=NOW + SECOND)
    catalogue.add(an_image(key=image.key))


def test_open_tombstones_are_not_forgotten(catalogue, upkeep):
    image = an_image()
    catalogue.add(image)
    catalogue.delete(image.image_id, now=NOW)
    upkeep.forget_tombstones(before=MUCH_LATER)

    assert upkeep.is_buried(image.image_id)


def test_deleted_s3_key_can_be_added_after_the_tombstone(catalogue, upkeep):
    image = an_image(source="s3", key="incoming/a")
    catalogue.add(image)
    catalogue.delete(image.image_id, now=NOW)
    with pytest.raises(Buried):
        catalogue.add(image)
    other = an_image(source="s3", key="incoming/a")
    catalogue.add(other)  # another version of the file

    upkeep.finish_tombstone(image.image_id, now=NOW)
    catalogue.add(image)
    catalogue.delete(image.image_id, now=LATER)
    assert upkeep.is_buried(image.image_id)


def test_blob_is_buried_unless_an_image_uses_it(catalogue, upkeep):
    image = an_image()
    catalogue.add(image)
    tombstone = Tombstone("unused", "images/unused.jpg", "upload", NOW)

    assert not upkeep.bury(replace(tombstone, key=image.key))
    assert upkeep.tombstones(limit=9) == []
    assert upkeep.bury(tombstone)
    assert upkeep.tombstones(limit=9) == [tombstone]
    with pytest.raises(Buried):
        catalogue.add(an_image(key=tombstone.key))


# Leases and bookmarks


def test_lease_has_one_holder_until_it_ends(upkeep):
    assert upkeep.lease("sweep", "me", now=NOW, until=LATER)
    assert not upkeep.lease("sweep", "you", now=LATER - SECOND, until=MUCH_LATER)
    assert upkeep.lease("other", "you", now=NOW, until=LATER)
    assert upkeep.lease("sweep", "you", now=LATER, until=MUCH_LATER)  # my lease expired
    assert not upkeep.lease("sweep", "me", now=LATER, until=MUCH_LATER)
    upkeep.end_lease("sweep", "me")
    assert not upkeep.lease("sweep", "me", now=LATER, until=MUCH_LATER)
    upkeep.end_lease("sweep", "you")
    assert upkeep.lease("sweep", "me", now=LATER, until=MUCH_LATER)


def test_holder_extends_its_lease(upkeep):
    upkeep.lease("sweep", "me", now=NOW, until=LATER)

    assert upkeep.lease("sweep", "me", now=NOW, until=MUCH_LATER)
    assert not upkeep.lease("sweep", "you", now=LATER, until=MUCH_LATER)


def test_concurrent_leases_have_one_winner(sqlite):
    with ThreadPoolExecutor(16) as pool:
        got = list(
            pool.map(
                lambda name: sqlite.upkeep.lease("sweep", str(name), now=NOW, until=LATER),
                range(16),
            )
        )

    assert got.count(True) == 1


def test_bookmark_is_read_back(upkeep):
    assert upkeep.bookmark("rows") == ""
    for place in ("a", "incoming/ü 🪙", ""):
        upkeep.set_bookmark("rows", place)
        assert upkeep.bookmark("rows") == place
    assert upkeep.bookmark("other") == ""


# Errors


def test_unusable_file_is_unavailable_to_outbox_and_upkeep(path, sqlite):
    path.mkdir()
    event = an_event(an_image())
    queued = SimpleNamespace(position=1, event=event, attempts=0)
    for call in (
        lambda: sqlite.outbox.due("a", now=NOW, latest_due=FAR, limit=1),
        lambda: sqlite.outbox.sent(queued),
        lambda: sqlite.outbox.put_off(queued, until=NOW, error="x"),
        lambda: sqlite.outbox.lay_aside(queued, error="x"),
        sqlite.outbox.backlog,
        sqlite.outbox.count_laid_aside,
        lambda: sqlite.upkeep.due(now=NOW, latest_claim=FAR, latest_due=FAR, limit=1),
        lambda: sqlite.upkeep.unknown_ids(["a"], now=NOW, refused_for=SECOND),
        lambda: sqlite.upkeep.refuse(a_refusal()),
        lambda: sqlite.upkeep.lease("a", "b", now=NOW, until=LATER),
        lambda: sqlite.upkeep.tombstones(limit=1),
    ):
        with pytest.raises(Unavailable):
            call()
