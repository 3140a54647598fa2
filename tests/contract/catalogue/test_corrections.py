"""Test the Corrections contract, and what it means for the catalogue, on SQLite and on the fake."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from circles.adapters.sqlite.catalogue import SqliteCatalogue
from circles.adapters.sqlite.counting.corrections import SqliteCorrections
from circles.adapters.sqlite.upkeep.upkeep import SqliteUpkeep
from circles.domain.counting.corrections import HumanRun
from circles.domain.detections import ObjectFilter
from circles.domain.errors import KeyReused, NotFound, PreconditionFailed
from circles.domain.images import Review
from tests.contract.catalogue.test_catalogue import EVERYTHING, LATER, NOW, add_image, circle, run
from tests.unit.fakes.corrections import FakeCorrections
from tests.unit.fakes.records import FakeCatalogue

SECOND = timedelta(seconds=1)
HIGH, LOW = circle(1, score=0.95), circle(2, score=0.4)


def anything(_):
    return True


@pytest.fixture(params=["fake", "sqlite"])
def ports(request, tmp_path):
    """Yield a catalogue and its corrections."""
    if request.param == "fake":
        catalogue = FakeCatalogue()
        yield catalogue, FakeCorrections(catalogue.tables)
        return
    path = tmp_path / "catalogue.db"
    pair = SqliteCatalogue(path, busy_timeout_s=30), SqliteCorrections(path, busy_timeout_s=30)
    yield pair
    for each in pair:
        each.close()


@pytest.fixture
def catalogue(ports):
    return ports[0]


@pytest.fixture
def corrections(ports):
    return ports[1]


@pytest.fixture
def image(catalogue):
    """Return a detected image with an object and a candidate."""
    image = add_image(catalogue)
    detection = run(HIGH, threshold=0.87, floor=0.3, candidates=(LOW,))
    return catalogue.record(image.image_id, detection, claim=0, now=NOW)


def human(image, *objects, **changes):
    known = HumanRun(str(uuid4()), image.detection_id, objects, image.threshold, Review.CORRECTED)
    return replace(known, **changes)


def correct(corrections, image, *objects, announce=lambda _: (), **changes):
    return corrections.correct(
        image.image_id,
        human(image, *objects, **changes),
        expected=lambda served: served == image.detection_id,
        now=LATER,
        announce=announce,
    )


def circles(catalogue, image, **wanted):
    found = catalogue.objects(image.image_id, ObjectFilter(**wanted))[1]
    return [each.circle for each in found]


# Candidates


def test_candidates_are_served_on_request_only(catalogue, image):
    assert (image.object_count, image.threshold) == (1, 0.87)
    assert circles(catalogue, image) == [HIGH]
    assert circles(catalogue, image, min_score=0.87) == [HIGH]
    assert circles(catalogue, image, min_score=0.5) == [HIGH]
    assert circles(catalogue, image, min_score=0.4) == [HIGH, LOW]
    assert circles(catalogue, image, min_score=0) == [HIGH, LOW]
    assert circles(catalogue, image, min_score=0.3, min_radius_px=99) == []


def test_candidate_can_be_read_by_its_id(catalogue, image):
    [_, candidate] = catalogue.objects(image.image_id, ObjectFilter(min_score=0.3))[1]

    assert catalogue.object(image.image_id, candidate.object_id).circle == LOW
    assert candidate.origin_id == candidate.object_id
    with pytest.raises(NotFound):
        catalogue.object(add_image(catalogue).image_id, candidate.object_id)


def test_candidates_go_with_their_run(catalogue, image):
    [_, candidate] = catalogue.objects(image.image_id, ObjectFilter(min_score=0.3))[1]
    catalogue.delete(image.image_id, now=NOW)

    with pytest.raises(NotFound):
        catalogue.object(image.image_id, candidate.object_id)


def test_edge_is_filtered_by_bbox(catalogue):
    image = add_image(catalogue)  # 640 x 480
    inside = [circle(1, bbox=(1, 1, 638, 478))]
    touching = [
        circle(2, bbox=bbox)
        for bbox in ((0, 9, 9, 9), (9, 0, 9, 9), (631, 9, 9, 9), (9, 471, 9, 9))
    ]
    image = catalogue.record(image.image_id, run(*inside, *touching), claim=0, now=NOW)

    assert circles(catalogue, image, on_edge=False) == inside
    assert circles(catalogue, image, on_edge=True) == touching


# Runs


def test_correction_is_served_and_pinned(catalogue, corrections, image):
    moved = circle(7, score=None)
    [kept] = catalogue.objects(image.image_id, EVERYTHING)[1]
    corrected = correct(corrections, image, (HIGH, kept.origin_id), (moved, None))

    assert corrected == catalogue.get(image.image_id)
    assert (corrected.object_count, corrected.model, corrected.review) == (2, "human", "corrected")
    assert corrected.detection_id == corrected.pinned_id != image.detection_id
    assert corrected.detected_at == LATER
    served = catalogue.objects(image.image_id, EVERYTHING)[1]
    assert [each.circle for each in served] == [HIGH, moved]
    assert [each.origin_id for each in served] == [kept.object_id, served[1].object_id]
    assert {each.model for each in served} == {"human"}


def test_runs_are_listed_newest_first(catalogue, corrections, image):
    corrected = correct(corrections, image)
    newest, first = catalogue.runs(image.image_id)

    assert (newest.detection_id, newest.parent_id) == (corrected.detection_id, first.detection_id)
    assert (newest.is_human, newest.served, newest.pinned) == (True, True, True)
    assert (first.is_human, first.served, first.pinned) == (False, False, False)
    assert (first.object_count, first.threshold, first.model) == (1, 0.87, "circles")
    assert corrections.run(image.image_id, first.detection_id) == first
    with pytest.raises(NotFound):
        catalogue.runs(str(uuid4()))
    with pytest.raises(NotFound):
        corrections.run(add_image(catalogue).image_id, first.detection_id)


def test_another_run_than_the_served_one_is_read(catalogue, corrections, image):
    correct(corrections, image)
    other = add_image(catalogue)

    assert circles(catalogue, image) == []
    assert circles(catalogue, image, detection_id=image.detection_id) == [HIGH]
    assert circles(catalogue, image, detection_id=image.detection_id, min_score=0.3) == [HIGH, LOW]
    with pytest.raises(NotFound):
        circles(catalogue, other, detection_id=image.detection_id)


def test_human_circles_pass_every_score(catalogue, corrections, image):
    drawn = circle(7, score=None)
    correct(corrections, image, (drawn, None))

    assert circles(catalogue, image, min_score=1) == [drawn]


def test_human_run_reveals_what_the_predictor_found(catalogue, corrections, image):
    [_, candidate] = catalogue.objects(image.image_id, ObjectFilter(min_score=0.3))[1]
    first = correct(corrections, image)
    assert circles(catalogue, image, min_score=0.3) == [LOW]
    objects, revealed = corrections.entries(image.image_id, first.detection_id)
    assert (objects, [each.object_id for each in revealed]) == ([], [candidate.object_id])

    confirmed = correct(corrections, first, (LOW, candidate.origin_id))
    assert circles(catalogue, image, min_score=0.3) == [LOW]
    objects, revealed = corrections.entries(image.image_id, confirmed.detection_id)
    assert ([each.origin_id for each in objects], revealed) == ([candidate.object_id], [])


def test_later_machine_run_is_stored_and_not_served(catalogue, corrections, image):
    corrected = correct(corrections, image)
    catalogue.claim(image.image_id, now=LATER, until=LATER + SECOND, again=True)
    after = catalogue.record(image.image_id, run(HIGH, HIGH), claim=1, now=LATER)

    assert after.detection_id == corrected.detection_id
    assert (after.object_count, after.review) == (0, "corrected")
    assert [each.object_count for each in catalogue.runs(image.image_id)] == [2, 0, 1]


def test_unpinned_image_serves_the_newest_machine_run(catalogue, corrections, image):
    correct(corrections, image)
    catalogue.record(image.image_id, run(HIGH, HIGH), claim=0, now=NOW - SECOND)
    unpinned = corrections.restore(image.image_id, None, expected=anything)

    assert (unpinned.object_count, unpinned.pinned_id, unpinned.review) == (2, None, "none")
    later = catalogue.record(image.image_id, run(), claim=0, now=NOW)
    assert later.object_count == 0


def test_restored_run_stays_served(catalogue, corrections, image):
    correct(corrections, image)
    restored = corrections.restore(image.image_id, image.detection_id, expected=anything)
    assert restored.detection_id == restored.pinned_id == image.detection_id

    later = catalogue.record(image.image_id, run(), claim=0, now=NOW)
    assert later.detection_id == image.detection_id


def test_restore_refuses_a_run_of_another_image(catalogue, corrections, image):
    with pytest.raises(NotFound):
        corrections.restore(add_image(catalogue).image_id, image.detection_id, expected=anything)
    with pytest.raises(NotFound):
        corrections.restore(str(uuid4()), None, expected=anything)


def test_change_of_what_another_client_saw_is_refused(corrections, image):
    correct(corrections, image)

    with pytest.raises(PreconditionFailed):
        correct(corrections, image, (HIGH, None))
    with pytest.raises(PreconditionFailed):
        corrections.restore(image.image_id, None, expected=lambda served: False)


def test_correction_of_a_parent_that_is_gone_is_refused(corrections, image):
    with pytest.raises(NotFound):
        correct(corrections, image, parent_id=str(uuid4()))


def test_repeated_correction_makes_one_run(catalogue, corrections, image):
    same = {"detection_id": str(uuid4()), "request_digest": "a"}
    first = correct(corrections, image, **same)

    assert correct(corrections, image, **same) == first
    assert len(catalogue.runs(image.image_id)) == 2
    with pytest.raises(KeyReused):
        correct(corrections, image, detection_id=same["detection_id"], request_digest="b")


def test_only_changes_are_announced(corrections, image):
    told = []

    def announce(image):
        told.append((image.review, image.object_count))
        return ()

    same = {"detection_id": str(uuid4())}
    correct(corrections, image, announce=announce, **same)
    correct(corrections, image, announce=announce, **same)
    for _ in range(2):
        corrections.restore(image.image_id, None, expected=anything, announce=announce)

    assert told == [("corrected", 0), ("none", 1)]


def test_pruning_keeps_human_runs_and_their_parents(catalogue, corrections, image):
    corrected = correct(corrections, image)
    for _ in range(5):
        catalogue.record(image.image_id, run(HIGH), claim=0, now=NOW, keep_runs=2)
    runs = catalogue.runs(image.image_id)

    assert [each.is_human for each in runs] == [False, False, True, False]
    assert [each.detection_id for each in runs[2:]] == [
        corrected.detection_id,
        image.detection_id,
    ]
    assert circles(catalogue, image, detection_id=image.detection_id, min_score=0.3) == [HIGH, LOW]


def test_pruning_keeps_a_restored_run(catalogue, corrections, image):
    corrections.restore(image.image_id, image.detection_id, expected=anything)
    for _ in range(5):
        catalogue.record(image.image_id, run(), claim=0, now=NOW, keep_runs=2)

    assert circles(catalogue, image) == [HIGH]
    assert len(catalogue.runs(image.image_id)) == 3


def test_deletion_removes_human_runs(catalogue, corrections, image):
    corrected = correct(corrections, image, (HIGH, None))
    catalogue.delete(image.image_id, now=NOW)

    with pytest.raises(NotFound):
        corrections.run(image.image_id, corrected.detection_id)
    with pytest.raises(NotFound):
        correct(corrections, image)


@pytest.mark.parametrize("ports", ["sqlite"], indirect=True)
def test_of_concurrent_corrections_one_is_stored(catalogue, corrections, image):
    def attempt(number):
        try:
            return correct(corrections, image, (circle(number), None))
        except PreconditionFailed:
            return None

    with ThreadPoolExecutor(8) as pool:
        stored = [each for each in pool.map(attempt, range(8)) if each]

    assert len(stored) == 1
    assert catalogue.get(image.image_id) == stored[0]
    assert len(catalogue.runs(image.image_id)) == 2


@pytest.mark.parametrize("ports", ["sqlite"], indirect=True)
def test_images_without_candidates_are_found(catalogue, corrections, image, tmp_path):
    upkeep = SqliteUpkeep(tmp_path / "catalogue.db", busy_timeout_s=30)
    old, older, pending = (add_image(catalogue) for _ in range(3))
    for each in (old, older):
        each = catalogue.record(each.image_id, run(HIGH), claim=0, now=NOW)
    found = upkeep.without_candidates(after="", limit=9)
    assert [each.image_id for each in found] == sorted([old.image_id, older.image_id])

    first, last = found
    assert upkeep.without_candidates(after=first.image_id, limit=9) == [last]
    assert upkeep.without_candidates(after="", limit=1) == [first]
    correct(corrections, first)
    assert upkeep.without_candidates(after="", limit=9) == [last]
    upkeep.close()
