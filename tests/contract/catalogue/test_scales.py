"""Test the Scales contract, and what it means for images, on SQLite and on the fake."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from circles.adapters.sqlite.catalogue import SqliteCatalogue
from circles.adapters.sqlite.counting.corrections import SqliteCorrections
from circles.adapters.sqlite.counting.scales import SqliteScales
from circles.adapters.sqlite.outbox import SqliteOutbox
from circles.domain.counting.corrections import HumanRun
from circles.domain.counting.scales import NewScale
from circles.domain.errors import NotFound, NotPossible
from circles.domain.events import OutgoingEvent
from circles.domain.images import ImageFilter, Review
from tests.contract.catalogue.test_catalogue import EVERYTHING, LATER, NOW, add_image, circle, run
from tests.unit.fakes.corrections import FakeCorrections
from tests.unit.fakes.records import FakeCatalogue, FakeOutbox
from tests.unit.fakes.scales import FakeScales

EURO, TWO_EURO = circle(1, radius_px=50.0, bbox=(10, 10, 100, 100)), circle(2, radius_px=55.0)
ADAPTERS = (SqliteCatalogue, SqliteCorrections, SqliteScales, SqliteOutbox)


class Ports:
    """A catalogue with an image of two coins, and the ports that change it."""

    def __init__(self, catalogue, corrections, scales, outbox):
        self.catalogue, self.corrections = catalogue, corrections
        self.scales, self.outbox = scales, outbox
        self.told = []

    def detected(self, *circles, **changes):
        image = add_image(self.catalogue, **changes)
        circles = circles or (EURO, TWO_EURO)
        return self.catalogue.record(image.image_id, run(*circles), claim=0, now=NOW)

    def objects(self, image):
        return self.catalogue.objects(image.image_id, EVERYTHING)[1]

    def announce(self, image):
        self.told.append(image)
        return ()

    def announce_batch(self, batch, scale):
        self.told.append((batch, scale))
        return ()

    def set(self, image, **wanted):
        return self.scales.set_for_image(
            image.image_id, NewScale(**wanted), now=LATER, announce=self.announce
        )

    def set_batch(self, batch, **wanted):
        return self.scales.set_for_batch(
            batch, NewScale(**wanted), now=LATER, announce=self.announce_batch
        )

    def mark(self, image, number=0, diameter_mm=23.25):
        found = self.objects(image)[number]
        return self.set(image, object_id=found.object_id, diameter_mm=diameter_mm)

    def correct(self, image, *objects):
        human = HumanRun(str(uuid4()), image.detection_id, objects, None, Review.CORRECTED)
        return self.corrections.correct(image.image_id, human, expected=lambda _: True, now=LATER)

    def scale(self, image):
        return self.catalogue.get(image.image_id).scale


@pytest.fixture(params=["fake", "sqlite"])
def ports(request, tmp_path):
    if request.param == "fake":
        catalogue = FakeCatalogue()
        tables = catalogue.tables
        yield Ports(catalogue, FakeCorrections(tables), FakeScales(tables), FakeOutbox(tables))
        return
    opened = [each(tmp_path / "catalogue.db", busy_timeout_s=30) for each in ADAPTERS]
    yield Ports(*opened)
    for each in opened:
        each.close()


@pytest.fixture
def image(ports):
    return ports.detected()


def test_marked_object_gives_the_scale(ports, image):
    scaled = ports.mark(image)
    scale, [euro, _] = scaled.scale, ports.objects(image)

    assert scaled == ports.catalogue.get(image.image_id)
    assert scale.mm_per_px == pytest.approx(0.2325)
    assert (scale.created_at, scale.created_by, scale.batch) == (LATER, None, None)
    assert not scale.stale
    reference = scale.reference
    assert (reference.image_id, reference.object_id) == (image.image_id, euro.object_id)
    assert (reference.origin_id, reference.diameter_mm) == (euro.origin_id, 23.25)
    assert (reference.radius_px, reference.centroid, reference.warnings) == (50, EURO.centroid, ())
    [listed] = ports.catalogue.page(ImageFilter(), limit=9)
    assert listed == scaled
    assert ports.catalogue.objects(image.image_id, EVERYTHING)[0] == scaled


def test_given_size_of_a_pixel_has_no_reference(ports, image):
    scale = ports.set(image, mm_per_px=0.5).scale

    assert (scale.mm_per_px, scale.reference, scale.stale) == (0.5, None, False)
    ports.correct(image)
    assert ports.scale(image) == scale


def test_new_scale_replaces_the_old(ports, image):
    ports.set(image, mm_per_px=0.5)
    ports.mark(image)

    assert ports.scale(image).mm_per_px == pytest.approx(0.2325)


def test_same_scale_is_kept_and_told_once(ports, image):
    first = ports.mark(image)
    assert ports.mark(image) == first
    assert ports.told == [first]
    ports.mark(image, diameter_mm=25.75)
    for _ in range(2):
        ports.scales.remove_from_image(image.image_id, announce=ports.announce)

    told = [each.scale and each.scale.reference.diameter_mm for each in ports.told]
    assert told == [23.25, 25.75, None]
    assert ports.scale(image) is None


def test_scale_goes_stale_with_its_circle_only(ports, image):
    ports.mark(image)
    [euro, two] = ports.objects(image)
    other = ports.correct(image, (EURO, euro.origin_id))
    kept = ports.objects(image)[0]
    assert (other.scale.stale, other.scale.reference.object_id) == (False, kept.object_id)

    moved = replace(EURO, centroid=(70.0, 60.0), score=None)
    changed = ports.correct(image, (moved, euro.origin_id), (TWO_EURO, two.origin_id))
    assert changed.scale.stale
    gone = ports.correct(image, (TWO_EURO, two.origin_id))
    assert (gone.scale.stale, gone.scale.reference.warnings) == (True, ())
    assert gone == ports.catalogue.get(image.image_id)

    back = ports.corrections.restore(image.image_id, image.detection_id, expected=lambda _: True)
    assert back.scale.stale is False


def test_same_circle_found_again_keeps_the_scale(ports, image):
    ports.mark(image)
    again = ports.catalogue.record(image.image_id, run(TWO_EURO, EURO), claim=0, now=NOW)
    assert again.scale.stale is False

    other = replace(EURO, radius_px=51.0)
    assert ports.catalogue.record(image.image_id, run(other), claim=0, now=NOW).scale.stale


def test_kept_object_is_marked_by_any_of_its_ids(ports, image):
    [euro, _] = ports.objects(image)
    ports.correct(image, (EURO, euro.origin_id))
    scale = ports.set(image, object_id=euro.object_id, diameter_mm=1.0).scale

    assert scale.reference.object_id == ports.objects(image)[0].object_id
    assert scale.reference.origin_id == euro.object_id


@pytest.mark.parametrize(
    ("bbox", "warnings"),
    [
        ((1, 1, 80, 80), []),
        ((1, 1, 79, 80), ["reference-under-80-px"]),
        ((0, 9, 90, 90), ["reference-touches-edge"]),
        ((630, 9, 10, 90), ["reference-touches-edge", "reference-under-80-px"]),
    ],
)
def test_bad_reference_is_warned_of(ports, bbox, warnings):
    image = ports.detected(replace(EURO, bbox=bbox))

    assert list(ports.mark(image).scale.reference.warnings) == warnings


def test_object_that_is_not_served_is_refused(ports, image):
    [euro, _] = ports.objects(image)
    foreign = ports.objects(ports.detected())[0]
    ports.correct(image)
    for object_id in (euro.object_id, foreign.object_id, str(uuid4())):
        with pytest.raises(NotPossible):
            ports.set(image, object_id=object_id, diameter_mm=1.0)
    for change in (ports.scales.remove_from_image,):
        with pytest.raises(NotFound):
            change(str(uuid4()), announce=ports.announce)
    with pytest.raises(NotFound):
        ports.set(replace(image, image_id=str(uuid4())), mm_per_px=1.0)
    assert ports.scale(image) is None


def test_batch_shares_a_scale(ports):
    first, second = ports.detected(batch="b"), ports.detected(batch="b")
    other = ports.detected(batch="c")
    euro = ports.objects(first)[0]
    scale = ports.set_batch("b", object_id=euro.object_id, diameter_mm=23.25)

    assert (scale.batch, scale.reference.image_id) == ("b", first.image_id)
    assert ports.scale(first) == ports.scale(second) == scale
    assert ports.scale(other) is None
    own = ports.set(second, mm_per_px=1.0).scale
    assert (ports.scale(first), ports.scale(second)) == (scale, own)
    ports.scales.remove_from_image(second.image_id, announce=ports.announce)
    assert ports.scale(second) == scale
    assert len(ports.catalogue.page(ImageFilter(), limit=9)) == 3


def test_scale_of_a_batch_is_stale_without_its_image(ports):
    first, second = ports.detected(batch="b"), ports.detected(batch="b")
    ports.set_batch("b", object_id=ports.objects(first)[0].object_id, diameter_mm=23.25)
    ports.catalogue.delete(first.image_id, now=NOW)

    assert ports.scale(second).stale


def test_scale_of_a_batch_is_told_once(ports):
    image = ports.detected(batch="b")
    euro = ports.objects(image)[0].object_id
    scales = [ports.set_batch("b", object_id=euro, diameter_mm=d) for d in (1.0, 1.0, 2.0)]
    for _ in range(2):
        ports.scales.remove_from_batch("b", announce=ports.announce_batch)

    assert scales[0] == scales[1]
    assert ports.told == [("b", scales[0]), ("b", scales[2]), ("b", None)]


def test_batch_without_images_has_no_scale(ports, image):
    with pytest.raises(NotFound):
        ports.set_batch("b", mm_per_px=1.0)
    with pytest.raises(NotFound):
        ports.scales.remove_from_batch("b", announce=ports.announce_batch)
    ports.detected(batch="b")
    with pytest.raises(NotPossible):
        ports.set_batch("b", object_id=ports.objects(image)[0].object_id, diameter_mm=1.0)


def test_deletion_removes_the_scale(ports, image):
    ports.mark(image)
    ports.catalogue.delete(image.image_id, now=NOW)

    assert ports.catalogue.page(ImageFilter(), limit=9) == []
    with pytest.raises(NotFound):
        ports.scales.remove_from_image(image.image_id, announce=ports.announce)


def test_scale_and_its_events_are_one_change(ports, image):
    event = OutgoingEvent(str(uuid4()), "t", "/", image.image_id, NOW, None, {})
    announcing = {"now": NOW, "announce": lambda _: [("a", event)]}
    ports.scales.set_for_image(image.image_id, NewScale(mm_per_px=1.0), **announcing)
    [queued] = ports.outbox.due("a", now=NOW, latest_due=NOW + timedelta(1), limit=9)
    assert queued.event == event

    with pytest.raises(ZeroDivisionError):
        ports.scales.set_for_image(
            image.image_id, NewScale(mm_per_px=2.0), now=NOW, announce=lambda _: 1 / 0
        )
    assert ports.scale(image).mm_per_px == 1.0
