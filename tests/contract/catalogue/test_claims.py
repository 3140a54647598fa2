"""Test claims, attempts, leases and looks of the catalogue, over SQLite and the fake."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from circles.domain.detections import HUMAN
from circles.domain.errors import BlobTaken, KeyTaken, ObjectRefused
from circles.domain.images import Status
from circles.domain.upkeep import LOOKS_KEPT
from tests.contract.catalogue.test_catalogue import EVERYTHING, LATER, NOW, an_image, circle, run
from tests.contract.catalogue.test_upkeep import (
    FAR,
    a_refusal,
    an_event,
    catalogue,  # noqa: F401 # a fixture, as are the next
    outbox,  # noqa: F401
    path,  # noqa: F401
    records,  # noqa: F401
    sqlite,  # noqa: F401
    upkeep,  # noqa: F401
)

# ruff: noqa: F811 # arguments are fixtures
SECOND = timedelta(seconds=1)
LENGTH = LATER - NOW


def add(catalogue, **changes):
    image = an_image(**changes)
    catalogue.add(image)
    return image


def claim(catalogue, image, now=NOW, **more):
    return catalogue.claim(image.image_id, now=now, until=now + LENGTH, **more)


# Attempts


def test_claim_numbers_itself_apart_from_attempts(catalogue):
    image = add(catalogue, attempts=5)
    claimed = claim(catalogue, image)

    assert (claimed.claim, claimed.attempts, claimed.due_at) == (1, 6, image.due_at)


def test_attempt_is_given_back_on_request(catalogue):
    image = add(catalogue, due_at=LATER)
    for number in range(1, 9):
        claimed = claim(catalogue, image)
        assert (claimed.claim, claimed.attempts) == (number, 1)
        catalogue.release(image.image_id, claim=number, error="x", due_at=None, counts=False)

    released = catalogue.get(image.image_id)
    assert (released.attempts, released.due_at, released.claimed_until) == (0, LATER, None)


def test_attempt_that_ended_its_process_counts(catalogue):
    image = add(catalogue)
    claim(catalogue, image)
    again = claim(catalogue, image, now=LATER)
    released = catalogue.release(
        image.image_id, claim=again.claim, error="x", due_at=None, counts=False
    )

    assert released.attempts == 1


def test_run_on_request_gives_its_attempt_back(catalogue):
    image = add(catalogue, attempts=3)
    claimed = claim(catalogue, image)
    detected = catalogue.record(
        image.image_id, run(circle()), claim=claimed.claim, now=NOW, counts=False
    )

    assert (detected.status, detected.attempts) == (Status.DETECTED, 3)


def test_refusals_of_the_predictor_are_counted(catalogue):
    image = add(catalogue)
    for refused in (True, False, True):
        claimed = claim(catalogue, image)
        released = catalogue.release(
            image.image_id, claim=claimed.claim, error="x", due_at=LATER, refused=refused
        )

    assert (released.refused_attempts, released.attempts) == (2, 3)


# Moments of a clock that was ahead


def test_claim_of_a_clock_ahead_is_void(catalogue):
    image = add(catalogue)
    claim(catalogue, image, now=NOW + timedelta(days=365))

    assert claim(catalogue, image).claim == 2


def test_claim_of_a_clock_slightly_ahead_holds(catalogue):
    image = add(catalogue)
    claim(catalogue, image, now=NOW + SECOND)

    assert claim(catalogue, image) is None


def test_void_claims_and_due_dates_are_due(catalogue, upkeep):
    free, claimed, later = (add(catalogue, due_at=NOW) for _ in range(3))
    claim(catalogue, claimed, now=NOW + timedelta(days=365))
    catalogue.release(later.image_id, claim=0, error="x", due_at=NOW + timedelta(days=365))

    def due(**latest):
        return {image.image_id for image in upkeep.due(now=NOW, limit=9, **latest)}

    near = NOW + timedelta(hours=2)
    everything = {free.image_id, claimed.image_id, later.image_id}
    assert due(latest_claim=near, latest_due=near) == everything
    beyond = NOW + timedelta(days=400)
    assert due(latest_claim=beyond, latest_due=beyond) == {free.image_id}


def test_lease_of_a_clock_ahead_is_void(upkeep):
    ahead = NOW + timedelta(days=365)
    assert upkeep.lease("sweep", "ahead", now=ahead, until=ahead + LENGTH)

    assert upkeep.lease("sweep", "right", now=NOW, until=LATER)
    assert not upkeep.lease("sweep", "ahead", now=NOW + SECOND, until=LATER + SECOND)


def test_event_of_a_clock_ahead_is_due_after_the_others(catalogue, outbox):
    for days in (0, 365):
        image = an_image()
        time = NOW + timedelta(days=days)
        catalogue.add(image, announce=lambda image, time=time: [("a", an_event(image, time=time))])

    def due():
        return outbox.due("a", now=NOW, latest_due=NOW + timedelta(hours=2), limit=9)

    [first] = due()
    assert first.event.time == NOW
    outbox.sent(first)
    [second] = due()
    assert second.event.time == NOW + timedelta(days=365)
    assert outbox.due("a", now=NOW, latest_due=FAR + timedelta(days=9), limit=9) == []


def test_due_images_come_fewest_attempts_first(catalogue, upkeep):
    often, once, never = (add(catalogue, attempts=n, due_at=NOW - n * SECOND) for n in (7, 1, 0))

    due = upkeep.due(now=NOW, latest_claim=FAR, latest_due=FAR, limit=2)
    assert [image.image_id for image in due] == [never.image_id, once.image_id]
    assert often.image_id not in {image.image_id for image in due}


# Runs that are kept


def record(catalogue, image, number, **changes):
    return catalogue.record(
        image.image_id,
        run(circle(number), **changes),
        claim=0,
        now=NOW - number * SECOND,  # the clock goes back
        keep_runs=3,
    )


def test_newest_runs_are_kept(catalogue):
    image, other, found = add(catalogue), add(catalogue), []
    record(catalogue, other, 99)
    for number in range(5):
        record(catalogue, image, number)
        found += catalogue.objects(image.image_id, EVERYTHING)[1]

    kept = [each for each in found if exists(catalogue, image, each.object_id)]
    assert [each.circle for each in kept] == [circle(number) for number in (2, 3, 4)]
    assert catalogue.objects(image.image_id, EVERYTHING)[1] == [found[-1]]
    assert catalogue.objects(other.image_id, EVERYTHING)[0].object_count == 1


def test_runs_of_people_are_kept_besides(catalogue):
    image, found = add(catalogue), []
    for number, protocol in enumerate([HUMAN, "v1", HUMAN, *["v1"] * 6]):
        record(catalogue, image, number, protocol=protocol)
        found += catalogue.objects(image.image_id, EVERYTHING)[1]

    kept = [n for n, each in enumerate(found) if exists(catalogue, image, each.object_id)]
    assert kept == [0, 2, 6, 7, 8]


def exists(catalogue, image, object_id):
    try:
        return bool(catalogue.object(image.image_id, object_id))
    except Exception:
        return False


# Blobs that were adopted


def test_retry_gives_its_key_to_the_adopted_image(catalogue, outbox):
    adopted = add(catalogue)
    retry = an_image(key=adopted.key, idempotency_key="k", file_name="a.jpg")
    with pytest.raises(KeyTaken):
        catalogue.add(retry, announce=lambda image: [("a", an_event(image))])

    assert catalogue.find_by_idempotency_key("k") == replace(
        adopted, idempotency_key="k", file_name="a.jpg"
    )
    assert outbox.due("a", now=LATER, latest_due=FAR, limit=9) == []


@pytest.mark.parametrize("known", [None, "k"])
def test_own_blob_makes_one_image(catalogue, known):
    image = add(catalogue, idempotency_key=known)
    with pytest.raises(BlobTaken):
        catalogue.add(an_image(key=image.key, idempotency_key="other" if known else None))

    assert catalogue.get(image.image_id) == image


def test_versions_of_a_file_are_images_each(catalogue):
    for _ in range(2):
        add(catalogue, source="s3", key="incoming/a")


# Looks


def look(upkeep, holder, now=NOW, object_id="object"):
    return upkeep.begin_look(object_id, holder, now=now, until=now + LENGTH)


def test_looks_of_other_processes_are_counted(upkeep):
    assert look(upkeep, "a") == (0, 0)
    assert look(upkeep, "a") == (0, 0)  # another thread of it
    assert look(upkeep, "b") == (0, 1)
    assert look(upkeep, "c", now=LATER) == (2, 0)
    assert look(upkeep, "d", object_id="another") == (0, 0)
    upkeep.end_look("object", "a")
    assert look(upkeep, "c", now=LATER) == (1, 0)


def test_look_of_a_clock_ahead_has_ended(upkeep):
    look(upkeep, "a", now=NOW + timedelta(days=365))

    assert look(upkeep, "b") == (1, 0)


def test_looks_are_forgotten_after_a_while(upkeep):
    """The object may be deleted meanwhile; then nothing else deletes them."""
    look(upkeep, "a")
    assert look(upkeep, "b", now=LATER + LOOKS_KEPT) == (1, 0)
    assert look(upkeep, "c", now=LATER + LOOKS_KEPT + SECOND) == (0, 1)


def test_image_or_refusal_ends_all_looks(catalogue, upkeep):
    image = an_image(image_id=str(uuid4()))
    for holder in "ab":
        look(upkeep, holder, object_id=image.image_id)
        look(upkeep, holder, object_id="id")
    catalogue.add(image)
    upkeep.refuse(a_refusal())

    assert look(upkeep, "c", object_id=image.image_id) == (0, 0)
    assert look(upkeep, "c", object_id="id") == (0, 0)


# Refusals and tombstones


def test_refusal_of_the_store_ends_after_a_while(upkeep):
    upkeep.refuse(a_refusal("forever"))
    upkeep.refuse(a_refusal("for a while", code=ObjectRefused.code))
    both = ["forever", "for a while"]

    def unknown(now):
        return upkeep.unknown_ids(both, now=now, refused_for=SECOND)

    assert unknown(NOW) == unknown(NOW + SECOND) == set()
    assert unknown(NOW + 2 * SECOND) == {"for a while"}
    assert unknown(NOW - 2 * SECOND) == {"for a while"}  # the clock that refused it was ahead


def test_tombstones_come_longest_untried_first(catalogue, upkeep):
    images = [add(catalogue) for _ in range(3)]
    for number, image in enumerate(images):
        catalogue.delete(image.image_id, now=NOW + number * SECOND)
    upkeep.put_off_tombstone(images[0].image_id, now=LATER)

    order = [images[1].image_id, images[2].image_id, images[0].image_id]
    assert [each.image_id for each in upkeep.tombstones(limit=9)] == order
    assert [each.image_id for each in upkeep.tombstones(limit=2)] == order[:2]
