"""
Test the Catalogue contract on SQLite and on the fake.

test_sqlite_database.py tests what only a file can suffer.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from uuid import uuid4

import pytest

from circles.adapters.sqlite.catalogue import SqliteCatalogue
from circles.domain.catalogue import Position
from circles.domain.detections import Circle, Detection, ObjectFilter
from circles.domain.errors import Buried, IdTaken, KeyTaken, NotFound
from circles.domain.images import Backlog, Image, ImageFilter, Status, Tombstone
from tests.unit.fakes.records import FakeCatalogue

NOW = datetime(2026, 3, 1, 12, 0, 0, 123456, UTC)
LATER = NOW + timedelta(seconds=60)
EVERYTHING = ObjectFilter()


def circle(number=0, **changes):
    known = Circle((number, 2, 30, 40), (number + 15.25, 22.5), 17.75, 0.5, f"coin {number}")
    return replace(known, **changes)


def run(*circles, **changes):
    """Return a detection with these circles."""
    return replace(Detection("circles", "7", "v1", 12.5, circles), **changes)


def an_image(**changes):
    image_id = str(uuid4())
    known = Image(
        image_id=image_id,
        key=f"images/{image_id}.jpg",
        media_type="image/jpeg",
        size_bytes=1234,
        sha256="ab" * 32,
        width=640,
        height=480,
        source="upload",
        created_at=NOW,
    )
    return replace(known, **changes)


class SqliteFiles:
    """A file that a test can open several times."""

    def __init__(self, folder):
        self._path = folder / "data" / "catalogue.db"
        self._opened = []

    def open(self):
        self._opened.append(SqliteCatalogue(self._path, busy_timeout_s=30))
        return self._opened[-1]

    def close(self):
        for catalogue in self._opened:
            catalogue.close()


DATABASES = {"sqlite": SqliteFiles}
"""Factories by adapter: each takes a folder and opens catalogues in it. Add new adapters here."""


@pytest.fixture(params=DATABASES)
def database(request, tmp_path):
    """Yield a database on which several catalogues can be opened."""
    opened = DATABASES[request.param](tmp_path)
    yield opened
    opened.close()


@pytest.fixture(params=["fake", *DATABASES])
def catalogue(request, tmp_path):
    """Yield one catalogue for one thread, the fake included."""
    if request.param == "fake":
        yield FakeCatalogue()
        return
    opened = DATABASES[request.param](tmp_path)
    yield opened.open()
    opened.close()


def add_image(catalogue, **changes):
    """Add a pending image without a claim, and return it."""
    image = an_image(**changes)
    catalogue.add(image)
    return image


@pytest.fixture
def image(catalogue):
    return add_image(catalogue)


# Images


def test_backlog_counts_pending_and_oldest(catalogue):
    assert catalogue.backlog() == Backlog(0, None)

    newest, oldest, done = (
        add_image(catalogue, created_at=NOW - timedelta(hours=age)) for age in (1, 2, 3)
    )
    catalogue.record(done.image_id, run(), claim=0, now=NOW)
    catalogue.claim(newest.image_id, now=NOW, until=LATER)
    assert catalogue.backlog() == Backlog(2, oldest.created_at)

    catalogue.record(oldest.image_id, run(), claim=0, now=NOW)
    catalogue.release(newest.image_id, claim=0, due_at=LATER, error="The predictor answered 500.")
    assert catalogue.backlog() == Backlog(1, newest.created_at)


def test_added_image_is_read_back_unchanged(catalogue):
    whole = an_image(
        file_name="münzen 🪙 '; DROP TABLE images; --.jpg",
        idempotency_key='k"%_\\',
        attempts=3,
        claimed_until=LATER,
        error="The predictor answered 500.",
    )
    bare = an_image()
    catalogue.add(whole)
    catalogue.add(bare)

    assert catalogue.get(whole.image_id) == whole
    assert catalogue.get(bare.image_id) == bare


@pytest.mark.parametrize("microsecond", [0, 1, 999_999, 500_000])
def test_times_keep_their_microseconds(catalogue, microsecond):
    added = an_image(
        created_at=NOW.replace(microsecond=microsecond),
        claimed_until=LATER.replace(microsecond=microsecond),
    )
    catalogue.add(added)

    assert catalogue.get(added.image_id) == added


def test_times_in_other_zones_are_converted(catalogue):
    tokyo = timezone(timedelta(hours=9))
    added = an_image(created_at=NOW.astimezone(tokyo))
    catalogue.add(added)

    assert catalogue.get(added.image_id).created_at == NOW
    assert catalogue.claim(added.image_id, now=NOW, until=LATER.astimezone(tokyo))
    assert not catalogue.claim(added.image_id, now=LATER - timedelta(microseconds=1), until=LATER)
    assert catalogue.claim(
        added.image_id, now=LATER.astimezone(timezone(-timedelta(hours=9))), until=LATER
    )


def test_unknown_image_raises_not_found(catalogue, image):
    with pytest.raises(NotFound):
        catalogue.get(str(uuid4()))
    with pytest.raises(NotFound):
        catalogue.objects(str(uuid4()), EVERYTHING)
    with pytest.raises(NotFound):
        catalogue.record(str(uuid4()), run(circle()), claim=0, now=NOW)
    with pytest.raises(NotFound):
        catalogue.release(str(uuid4()), claim=0, due_at=LATER, error="x")

    assert catalogue.get(image.image_id) == image
    catalogue.ping()


def test_find_by_idempotency_key(catalogue):
    first, second = an_image(idempotency_key="a"), an_image(idempotency_key="b")
    catalogue.add(first)
    catalogue.add(second)
    catalogue.add(an_image())

    assert catalogue.find_by_idempotency_key("a") == first
    assert catalogue.find_by_idempotency_key("b") == second
    assert catalogue.find_by_idempotency_key("c") is None
    assert catalogue.find_by_idempotency_key("A") is None
    assert catalogue.find_by_idempotency_key("") is None


def test_taken_idempotency_key_adds_nothing(catalogue):
    first, second = an_image(idempotency_key="a"), an_image(idempotency_key="a")
    catalogue.add(first)
    with pytest.raises(KeyTaken):
        catalogue.add(second)

    assert catalogue.find_by_idempotency_key("a") == first
    with pytest.raises(NotFound):
        catalogue.get(second.image_id)


def test_images_may_lack_an_idempotency_key(catalogue):
    images = [an_image() for _ in range(3)]
    for each in images:
        catalogue.add(each)

    assert [catalogue.get(each.image_id) for each in images] == images


def test_concurrent_adds_with_one_key_add_one(database):
    catalogue = database.open()

    def add(image):
        try:
            catalogue.add(image)
            return True
        except KeyTaken:
            return False

    images = [an_image(idempotency_key="k") for _ in range(16)]
    with ThreadPoolExecutor(16) as pool:
        added = list(pool.map(add, images))

    assert added.count(True) == 1
    assert catalogue.find_by_idempotency_key("k") == images[added.index(True)]


# Claims


def test_claim_counts_an_attempt(catalogue, image):
    claimed = catalogue.claim(image.image_id, now=NOW, until=LATER)

    assert (
        claimed
        == catalogue.get(image.image_id)
        == replace(image, claimed_until=LATER, attempts=1, claim=1)
    )


def test_held_image_cannot_be_claimed(catalogue, image):
    catalogue.claim(image.image_id, now=NOW, until=LATER)
    for now in (NOW, LATER - timedelta(microseconds=1)):
        assert not catalogue.claim(image.image_id, now=now, until=LATER + timedelta(days=1))

    assert catalogue.get(image.image_id) == replace(image, claimed_until=LATER, attempts=1, claim=1)


def test_expired_claim_can_be_taken(catalogue, image):
    catalogue.claim(image.image_id, now=NOW, until=LATER)
    until = LATER + timedelta(seconds=60)

    assert catalogue.claim(image.image_id, now=LATER, until=until)
    assert catalogue.get(image.image_id) == replace(image, claimed_until=until, attempts=2, claim=2)


def test_unknown_image_cannot_be_claimed(catalogue):
    assert not catalogue.claim(str(uuid4()), now=NOW, until=LATER)


def test_detected_image_cannot_be_claimed(catalogue, image):
    detected = catalogue.record(image.image_id, run(circle()), claim=0, now=NOW)

    assert not catalogue.claim(image.image_id, now=LATER, until=LATER + timedelta(seconds=60))
    assert catalogue.get(image.image_id) == detected


def test_concurrent_claims_have_one_winner(database):
    catalogues = [database.open() for _ in range(4)]
    image = add_image(catalogues[0])
    with ThreadPoolExecutor(16) as pool:
        won = list(
            pool.map(
                lambda number: catalogues[number % 4].claim(image.image_id, now=NOW, until=LATER),
                range(16),
            )
        )

    assert [image.attempts for image in won if image] == [1]
    assert catalogues[0].get(image.image_id).attempts == 1


# Runs


def test_record_makes_the_image_detected(catalogue, image):
    catalogue.claim(image.image_id, now=NOW, until=LATER)
    detected = catalogue.record(image.image_id, run(circle(1), circle(2)), claim=1, now=LATER)

    assert detected == catalogue.get(image.image_id)
    assert detected == replace(
        image,
        status=Status.DETECTED,
        attempts=1,
        claim=1,
        claimed_until=None,
        error=None,
        object_count=2,
        model="circles",
        model_version="7",
        detection_ms=12.5,
        detected_at=LATER,
        detection_id=catalogue.runs(image.image_id)[0].detection_id,
    )


def test_success_clears_the_last_error(catalogue, image):
    catalogue.release(image.image_id, claim=0, due_at=LATER, error="No answer.")

    assert catalogue.record(image.image_id, run(), claim=0, now=NOW).error is None


def test_objects_keep_the_detector_order(catalogue, image):
    circles = [circle(number, score=score) for number, score in enumerate((0.9, 0.1, None, 0.5))]
    detected = catalogue.record(image.image_id, run(*circles), claim=0, now=NOW)
    served, found = catalogue.objects(image.image_id, EVERYTHING)

    assert served == detected
    assert [each.circle for each in found] == circles
    assert {(each.image_id, each.model, each.model_version) for each in found} == {
        (image.image_id, "circles", "7")
    }
    assert len({each.object_id for each in found}) == 4
    assert [catalogue.object(image.image_id, each.object_id) for each in found] == list(found)


def test_numbers_and_text_are_stored_exactly(catalogue, image):
    exact = Circle((0, 0, 2**31, 1), (0.1 + 0.2, 1e-9), 1 / 3, 1.0, "Münze\n'\";\0 🪙")
    catalogue.record(image.image_id, run(exact), claim=0, now=NOW)

    assert catalogue.objects(image.image_id, EVERYTHING)[1][0].circle == exact


def test_image_without_a_run_has_no_objects(catalogue, image):
    assert catalogue.objects(image.image_id, EVERYTHING) == (image, [])


def test_empty_run_makes_the_image_detected(catalogue, image):
    detected = catalogue.record(image.image_id, run(), claim=0, now=NOW)

    assert (detected.status, detected.object_count, detected.model) == (
        Status.DETECTED,
        0,
        "circles",
    )
    assert catalogue.objects(image.image_id, EVERYTHING) == (detected, [])


def test_a_thousand_objects_are_stored(catalogue, image):
    circles = [circle(number) for number in range(1000)]
    detected = catalogue.record(image.image_id, run(*circles), claim=0, now=NOW)

    assert detected.object_count == 1000
    assert [each.circle for each in catalogue.objects(image.image_id, EVERYTHING)[1]] == circles


def test_newest_run_is_served_old_objects_stay_readable(catalogue, image):
    catalogue.record(image.image_id, run(circle(1), circle(2)), claim=0, now=NOW)
    _, old = catalogue.objects(image.image_id, EVERYTHING)
    newer = run(circle(3), model="other", model_version="8", duration_ms=3.25)
    detected = catalogue.record(image.image_id, newer, claim=0, now=LATER)
    _, new = catalogue.objects(image.image_id, EVERYTHING)

    assert [each.circle for each in new] == [circle(3)]
    assert (detected.object_count, detected.model, detected.model_version) == (1, "other", "8")
    assert (detected.detection_ms, detected.detected_at) == (3.25, LATER)
    assert (new[0].model, new[0].model_version) == ("other", "8")
    assert [catalogue.object(image.image_id, each.object_id) for each in old] == list(old)
    assert {each.object_id for each in old}.isdisjoint({each.object_id for each in new})


def test_newer_empty_run_replaces_the_objects(catalogue, image):
    catalogue.record(image.image_id, run(circle(1)), claim=0, now=NOW)
    catalogue.record(image.image_id, run(), claim=0, now=LATER)
    served, found = catalogue.objects(image.image_id, EVERYTHING)

    assert (served.object_count, list(found)) == (0, [])


def test_objects_belong_to_their_image(catalogue, image):
    other = an_image()
    catalogue.add(other)
    catalogue.record(image.image_id, run(circle(1)), claim=0, now=NOW)
    catalogue.record(other.image_id, run(circle(2)), claim=0, now=NOW)

    assert [each.circle for each in catalogue.objects(image.image_id, EVERYTHING)[1]] == [circle(1)]
    assert [each.circle for each in catalogue.objects(other.image_id, EVERYTHING)[1]] == [circle(2)]


def test_object_of_another_image_is_not_found(catalogue, image):
    other = an_image()
    catalogue.add(other)
    catalogue.record(image.image_id, run(circle(1)), claim=0, now=NOW)
    (found,) = catalogue.objects(image.image_id, EVERYTHING)[1]

    for image_id, object_id in (
        (other.image_id, found.object_id),
        (str(uuid4()), found.object_id),
        (image.image_id, str(uuid4())),
        (image.image_id, image.image_id),
        (found.object_id, found.object_id),
    ):
        with pytest.raises(NotFound):
            catalogue.object(image_id, object_id)


# Filters


SIZES = [(0.9, 10.0), (0.8, 20.0), (0.5, 30.0), (None, 20.0), (0.0, 5.0)]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (ObjectFilter(), [0, 1, 2, 3, 4]),
        (ObjectFilter(min_score=0.5), [0, 1, 2]),
        (ObjectFilter(min_score=0.500001), [0, 1]),
        (ObjectFilter(min_score=0.0), [0, 1, 2, 4]),
        (ObjectFilter(min_score=1.0), []),
        (ObjectFilter(min_radius_px=20), [1, 2, 3]),
        (ObjectFilter(max_radius_px=20), [0, 1, 3, 4]),
        (ObjectFilter(min_radius_px=20, max_radius_px=20), [1, 3]),
        (ObjectFilter(min_radius_px=21, max_radius_px=19), []),
        (ObjectFilter(min_score=0.6, min_radius_px=15, max_radius_px=25), [1]),
        (ObjectFilter(min_radius_px=0), [0, 1, 2, 3, 4]),
        (ObjectFilter(max_radius_px=0), []),
    ],
)
def test_filters_select_objects_in_order(catalogue, image, wanted, expected):
    circles = [
        circle(number, score=score, radius_px=radius)
        for number, (score, radius) in enumerate(SIZES)
    ]
    catalogue.record(image.image_id, run(*circles), claim=0, now=NOW)
    served, found = catalogue.objects(image.image_id, wanted)

    assert [each.circle for each in found] == [circles[number] for number in expected]
    assert served.object_count == 5


# Failures


def test_release_stores_the_error_and_frees_the_image(catalogue, image):
    catalogue.claim(image.image_id, now=NOW, until=LATER)
    released = catalogue.release(image.image_id, claim=1, due_at=LATER, error="No answer.")

    assert (
        released
        == catalogue.get(image.image_id)
        == replace(image, attempts=1, claim=1, due_at=LATER, error="No answer.")
    )
    assert catalogue.claim(image.image_id, now=NOW, until=LATER)


def test_last_error_is_kept(catalogue, image):
    catalogue.release(image.image_id, claim=0, due_at=LATER, error="First.")

    assert (
        catalogue.release(image.image_id, claim=0, due_at=LATER, error="Second.").error == "Second."
    )


def lose_claim(catalogue, image):
    """Let a second holder claim the image. Returns the first, expired claim."""
    slow = catalogue.claim(image.image_id, now=NOW, until=LATER)
    assert catalogue.claim(image.image_id, now=LATER, until=LATER + timedelta(seconds=60))
    return slow


def test_late_release_does_not_undo_a_success(catalogue, image):
    slow = lose_claim(catalogue, image)
    detected = catalogue.record(image.image_id, run(circle(1)), claim=slow.claim + 1, now=NOW)
    released = catalogue.release(image.image_id, claim=slow.claim, due_at=LATER, error="No answer.")

    assert released == detected
    assert [each.circle for each in catalogue.objects(image.image_id, EVERYTHING)[1]] == [circle(1)]


def test_lost_claim_changes_nothing(catalogue, image):
    slow = lose_claim(catalogue, image)
    held = catalogue.get(image.image_id)

    assert (
        catalogue.release(image.image_id, claim=slow.claim, due_at=NOW, error="No answer.") == held
    )
    assert catalogue.record(image.image_id, run(circle(1)), claim=slow.claim, now=LATER) == held
    assert catalogue.give_up(image.image_id, claim=slow.claim, error="No answer.") == held
    assert catalogue.get(image.image_id) == held
    assert catalogue.objects(image.image_id, EVERYTHING)[1] == []


def test_expired_claim_not_retaken_still_records(catalogue, image):
    slow = catalogue.claim(image.image_id, now=NOW, until=LATER)
    detected = catalogue.record(
        image.image_id, run(), claim=slow.claim, now=LATER + timedelta(days=1)
    )

    assert detected.status is Status.DETECTED


def test_given_up_image_is_failed_and_not_due(catalogue, image):
    catalogue.claim(image.image_id, now=NOW, until=LATER)
    failed = catalogue.give_up(image.image_id, claim=1, error="It cannot be read.")

    assert failed == catalogue.get(image.image_id)
    assert failed == replace(
        image, status=Status.FAILED, attempts=1, claim=1, error="It cannot be read."
    )
    assert catalogue.claim(image.image_id, now=LATER, until=LATER + timedelta(days=1)) is None


def test_detected_image_is_not_given_up(catalogue, image):
    detected = catalogue.record(image.image_id, run(circle(1)), claim=0, now=NOW)

    assert catalogue.give_up(image.image_id, claim=0, error="x") == detected


# Once more


@pytest.mark.parametrize("status", Status)
def test_any_status_can_be_claimed_again(catalogue, image, status):
    if status is Status.DETECTED:
        catalogue.record(image.image_id, run(circle(1)), claim=0, now=NOW)
    if status is Status.FAILED:
        catalogue.give_up(image.image_id, claim=0, error="x")
    claimed = catalogue.claim(image.image_id, now=NOW, until=LATER, again=True)

    assert (claimed.status, claimed.attempts, claimed.claimed_until) == (status, 1, LATER)
    assert claimed.due_at is None  # as it was: repair looks at the claim
    assert catalogue.claim(image.image_id, now=NOW, until=LATER, again=True) is None
    assert (
        catalogue.claim(
            image.image_id, now=LATER, until=LATER + timedelta(days=1), again=True
        ).attempts
        == 2
    )


def test_failed_redetection_keeps_the_old_result(catalogue, image):
    catalogue.record(image.image_id, run(circle(1)), claim=0, now=NOW)
    catalogue.claim(image.image_id, now=NOW, until=LATER, again=True)
    released = catalogue.release(image.image_id, claim=1, due_at=LATER, error="No answer.")

    assert (released.status, released.error, released.due_at) == (
        Status.DETECTED,
        "No answer.",
        None,
    )
    assert [each.circle for each in catalogue.objects(image.image_id, EVERYTHING)[1]] == [circle(1)]


def test_failed_image_can_become_detected(catalogue, image):
    catalogue.give_up(image.image_id, claim=0, error="x")
    catalogue.claim(image.image_id, now=NOW, until=LATER, again=True)
    detected = catalogue.record(image.image_id, run(circle(1)), claim=1, now=LATER)

    assert (detected.status, detected.error, detected.object_count) == (Status.DETECTED, None, 1)


# Deletion


def test_delete_removes_the_image_and_its_objects(catalogue, image):
    other = add_image(catalogue)
    catalogue.record(image.image_id, run(circle(1)), claim=0, now=NOW)
    catalogue.record(image.image_id, run(circle(2)), claim=0, now=NOW)
    (found,) = catalogue.objects(image.image_id, EVERYTHING)[1]
    tombstone = catalogue.delete(image.image_id, now=LATER)

    assert tombstone == Tombstone(image.image_id, image.key, "upload", LATER)
    for gone in (
        lambda: catalogue.get(image.image_id),
        lambda: catalogue.objects(image.image_id, EVERYTHING),
        lambda: catalogue.object(image.image_id, found.object_id),
        lambda: catalogue.record(image.image_id, run(), claim=0, now=NOW),
        lambda: catalogue.release(image.image_id, claim=0, error="x", due_at=NOW),
        lambda: catalogue.give_up(image.image_id, claim=0, error="x"),
        lambda: catalogue.delete(image.image_id, now=NOW),
    ):
        with pytest.raises(NotFound):
            gone()
    assert catalogue.claim(image.image_id, now=NOW, until=LATER, again=True) is None
    assert catalogue.page(ImageFilter(), limit=9) == [other]


def test_deletion_frees_the_idempotency_key(catalogue):
    first = add_image(catalogue, idempotency_key="k")
    catalogue.delete(first.image_id, now=NOW)
    assert catalogue.find_by_idempotency_key("k") is None

    second = add_image(catalogue, idempotency_key="k")
    assert catalogue.find_by_idempotency_key("k") == second


def test_key_or_id_under_deletion_cannot_be_added(catalogue, image):
    catalogue.delete(image.image_id, now=NOW)
    for again in (an_image(key=image.key), replace(image, key="incoming/other")):
        with pytest.raises(Buried):
            catalogue.add(again)

    assert catalogue.page(ImageFilter(), limit=9) == []


def test_taken_id_adds_nothing(catalogue, image):
    with pytest.raises(IdTaken):
        catalogue.add(replace(image, key="incoming/other", size_bytes=1))

    assert catalogue.get(image.image_id) == image


def test_concurrent_adds_with_one_id_add_one(database):
    catalogue, image = database.open(), an_image()

    def add(_):
        try:
            catalogue.add(image)
            return True
        except IdTaken:
            return False

    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(add, range(16))).count(True) == 1


# Pages


def walk(catalogue, wanted, limit):
    """Yield the images of all pages."""
    before = None
    while page := catalogue.page(wanted, limit=limit, before=before):
        assert len(page) <= limit
        yield from page
        before = Position(page[-1].created_at, page[-1].image_id)


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_pages_list_every_image_once_newest_first(catalogue, limit):
    moments = [
        NOW + timedelta(seconds=number // 3) for number in range(10)
    ]  # three images at each time
    images = [add_image(catalogue, created_at=moment) for moment in moments]
    expected = sorted(images, key=lambda each: (each.created_at, each.image_id), reverse=True)

    assert list(walk(catalogue, ImageFilter(), limit)) == expected


def test_page_filters_images(catalogue):
    old, new = add_image(catalogue, sha256="cd" * 32), add_image(catalogue, created_at=LATER)
    detected = catalogue.record(new.image_id, run(circle(1)), claim=0, now=NOW)

    def found(**wanted):
        return list(walk(catalogue, ImageFilter(**wanted), 1))

    assert found() == [detected, old]
    assert found(status=Status.DETECTED) == [detected]
    assert found(status=Status.PENDING) == [old]
    assert found(status=Status.FAILED) == []
    assert found(sha256="cd" * 32) == [old]
    assert found(sha256="ab" * 32, status=Status.PENDING) == []
    assert found(since=NOW) == [detected, old]
    assert found(since=NOW + timedelta(microseconds=1)) == [detected]
    assert found(since=LATER.astimezone(timezone(timedelta(hours=9)))) == [detected]
    assert found(since=LATER, status=Status.DETECTED, sha256="ab" * 32) == [detected]
    assert found(since=LATER + timedelta(microseconds=1)) == []


def test_new_images_do_not_shift_later_pages(catalogue):
    images = [
        add_image(catalogue, created_at=NOW + timedelta(seconds=number)) for number in range(4)
    ]
    first = catalogue.page(ImageFilter(), limit=2)
    add_image(catalogue, created_at=LATER)
    catalogue.delete(images[3].image_id, now=NOW)

    before = Position(first[-1].created_at, first[-1].image_id)
    assert catalogue.page(ImageFilter(), limit=2, before=before) == [images[1], images[0]]


class Faulty(tuple):
    """Circles that fail at the second one. The first must not stay in the database."""

    def __iter__(self):
        yield circle(1)
        raise RuntimeError("boom")


def test_failed_record_leaves_no_partial_run(catalogue, image):
    before = catalogue.record(image.image_id, run(circle(5)), claim=0, now=NOW)
    with pytest.raises(RuntimeError, match="boom"):
        catalogue.record(image.image_id, run(circles=Faulty()), claim=0, now=LATER)

    assert catalogue.get(image.image_id) == before
    assert [each.circle for each in catalogue.objects(image.image_id, EVERYTHING)[1]] == [circle(5)]
    assert catalogue.record(image.image_id, run(), claim=0, now=LATER).object_count == 0


# Several at once


def test_writes_are_visible_to_other_connections(database):
    first, second = database.open(), database.open()
    image = add_image(first)
    first.record(image.image_id, run(circle(1)), claim=0, now=NOW)

    assert second.get(image.image_id) == first.get(image.image_id)
    assert second.objects(image.image_id, EVERYTHING) == first.objects(image.image_id, EVERYTHING)


def test_threads_write_and_read_concurrently(database):
    catalogue = database.open()

    def visit(number):
        mine = an_image(idempotency_key=f"key {number}")
        catalogue.add(mine)
        assert catalogue.claim(mine.image_id, now=NOW, until=LATER)
        catalogue.release(mine.image_id, claim=1, due_at=LATER, error="again")
        catalogue.record(mine.image_id, run(circle(number), circle(number + 1)), claim=1, now=NOW)
        image, found = catalogue.objects(mine.image_id, EVERYTHING)
        return (image.object_count, [each.circle for each in found]) == (
            2,
            [circle(number), circle(number + 1)],
        )

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(visit, range(32)))


def test_readers_never_see_a_mixed_run(database):
    """A run has n circles labelled n, so a mixture shows."""
    writer, reader = database.open(), database.open()
    image = add_image(writer)
    runs = [run(*[circle(label=str(count))] * count) for count in (3, 1, 5, 2)] * 4
    writer.record(image.image_id, runs[0], claim=0, now=NOW)
    seen = []
    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(
            lambda: [writer.record(image.image_id, each, claim=0, now=NOW) for each in runs]
        )
        while not writing.done() or not seen:
            served, found = reader.objects(image.image_id, EVERYTHING)
            seen.append((served.object_count, [each.circle.label for each in found]))
        writing.result()

    assert all(labels == [str(count)] * count for count, labels in seen)


def test_concurrent_runs_are_all_kept(database):
    catalogues = [database.open() for _ in range(4)]
    image = add_image(catalogues[0])

    def record(number):
        catalogues[number % 4].record(image.image_id, run(circle(number)), claim=0, now=NOW)
        return catalogues[number % 4].objects(image.image_id, EVERYTHING)[1]

    with ThreadPoolExecutor(8) as pool:
        seen = [found for served in pool.map(record, range(32)) for found in served]
    _, (last,) = catalogues[0].objects(image.image_id, EVERYTHING)

    assert last.circle in [circle(number) for number in range(32)]
    assert all(catalogues[0].object(image.image_id, found.object_id) == found for found in seen)
