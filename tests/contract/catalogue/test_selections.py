"""Test that a selection is what the catalogue has, on SQLite and on the fake."""

from datetime import timedelta
from types import SimpleNamespace

import pytest

from circles.adapters.sqlite.catalogue import SqliteCatalogue
from circles.adapters.sqlite.counting.corrections import SqliteCorrections
from circles.adapters.sqlite.exports.selections import SqliteSelections
from circles.domain.catalogue import Position
from circles.domain.counting.corrections import HumanRun
from circles.domain.detections import ObjectFilter
from circles.domain.exports.selections import read_selection
from circles.domain.images import ImageFilter, Review
from tests.contract.catalogue.test_catalogue import LATER, NOW, an_image, circle, run
from tests.unit.fakes.corrections import FakeCorrections
from tests.unit.fakes.records import FakeCatalogue
from tests.unit.fakes.selections import FakeSelections


@pytest.fixture(params=["fake", "sqlite"])
def ports(request, tmp_path):
    if request.param == "fake":
        catalogue = FakeCatalogue()
        tables = catalogue.tables
        yield SimpleNamespace(
            catalogue=catalogue,
            corrections=FakeCorrections(tables),
            selections=FakeSelections(tables),
        )
        return
    kinds = {
        "catalogue": SqliteCatalogue,
        "corrections": SqliteCorrections,
        "selections": SqliteSelections,
    }
    path = tmp_path / "catalogue.db"
    made = {name: kind(path, busy_timeout_s=30) for name, kind in kinds.items()}
    yield SimpleNamespace(**made)
    for port in made.values():
        port.close()


def add(ports, number, circles=2, **changes):
    """Add a detected image, older by a second for each number."""
    image = an_image(created_at=NOW - timedelta(seconds=number), claim=1, **changes)
    ports.catalogue.add(image)
    found = run(
        *(circle(each) for each in range(circles)),
        threshold=0.4,
        floor=0.3,
        candidates=(circle(90, score=0.35),),
    )
    return ports.catalogue.record(image.image_id, found, claim=1, now=NOW)


def entries(ports, limit=9, before=None, candidates=False, **wanted):
    return ports.selections.entries(
        ImageFilter(**wanted), limit=limit, before=before, candidates=candidates
    )


def test_entries_are_images_with_their_objects(ports):
    images = [add(ports, number, circles=number) for number in range(3)]
    pending = an_image(created_at=NOW - timedelta(days=1))
    ports.catalogue.add(pending)

    found = entries(ports)

    assert [each.image for each in found[:3]] == images
    assert found[3].image.image_id == pending.image_id
    for entry in found:
        _, objects = ports.catalogue.objects(entry.image.image_id, ObjectFilter())
        assert list(entry.objects) == list(objects)
        assert (list(entry.candidates), entry.created_by) == ([], None)


def test_candidates_come_if_asked_for(ports):
    image = add(ports, 0)
    _, revealed = ports.catalogue.objects(image.image_id, ObjectFilter(min_score=0.3))

    [entry] = entries(ports, candidates=True)

    same = [found.object_id for found in (*entry.objects, *entry.candidates)]
    assert same == [found.object_id for found in revealed]
    assert len(entry.candidates) == 1


def test_corrected_run_is_served_with_its_author(ports):
    image = add(ports, 0)
    human = HumanRun(
        detection_id="01890a5d-ac96-774b-bcce-b302099a8057",
        parent_id=image.detection_id,
        objects=((circle(5, score=None), None),),
        threshold=0.4,
        review=Review.CORRECTED,
        request_digest=None,
        created_by="ann",
    )
    ports.corrections.correct(
        image.image_id, human, expected=lambda _: True, now=LATER, announce=lambda _: ()
    )

    [entry] = entries(ports)

    assert entry.created_by == "ann"
    assert [found.circle for found in entry.objects] == [circle(5, score=None)]
    assert entries(ports, review=Review.NONE) == []


def test_pages_follow_each_other(ports):
    images = [add(ports, number) for number in range(5)]
    ids = [image.image_id for image in images]

    first = entries(ports, limit=2)
    last = first[-1].image
    second = entries(ports, before=Position(last.created_at, last.image_id))

    assert [each.image.image_id for each in (*first, *second)] == ids
    assert [each.image.image_id for each in read_selection(ports.selections, ImageFilter())] == ids
