"""Test pages of images in every order and by every filter, on SQLite and on the fake."""

import random
from dataclasses import replace
from datetime import timedelta
from itertools import combinations
from types import SimpleNamespace
from uuid import UUID

import pytest

from circles.adapters.sqlite import pages
from circles.adapters.sqlite.catalogue import SqliteCatalogue
from circles.adapters.sqlite.counting.corrections import SqliteCorrections
from circles.domain.catalogue import NO_DOUBT, Position
from circles.domain.counting.corrections import HumanRun
from circles.domain.images import ImageFilter, Order, Review, Status
from tests.contract.catalogue.test_catalogue import NOW, add_image, an_image, circle, run
from tests.unit.fakes.corrections import FakeCorrections
from tests.unit.fakes.records import FakeCatalogue

FILTERS = {
    "status": [Status.DETECTED, Status.PENDING, Status.FAILED],
    "sha256": ["ab" * 32, "cd" * 32],
    "since": [NOW + timedelta(seconds=2)],
    "until": [NOW + timedelta(seconds=7)],
    "batch": ["a", "c"],
    "source": ["upload", "s3"],
    "key": ["incoming/a/1.jpg"],
    "model_version": ["7", "8", "none"],
    "review": [Review.NONE, Review.CORRECTED, Review.CONFIRMED],
    "min_count": [0, 2],
    "max_count": [0, 1],
}
COUNT = 60


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """Return a SQLite catalogue and a fake with the same images in many states."""
    path = tmp_path_factory.mktemp("pages") / "catalogue.db"
    sqlite, fake = SqliteCatalogue(path, busy_timeout_s=30), FakeCatalogue()
    corrections = SqliteCorrections(path, busy_timeout_s=30)
    pairs = [(sqlite, corrections), (fake, FakeCorrections(fake.tables))]
    draw = random.Random(7)
    for number in range(COUNT):
        fill(pairs, describe(number, draw), draw.random(), draw.randrange(4), draw.randrange(3))
    yield SimpleNamespace(sqlite=sqlite, fake=fake)
    sqlite.close()
    corrections.close()


def describe(number, draw):
    source = draw.choice(["upload", "s3"])
    batch = draw.choice([None, "a", "b"])
    image = an_image(
        image_id=str(UUID(int=draw.getrandbits(128))),
        created_at=NOW + timedelta(seconds=draw.randrange(10)),
        sha256=draw.choice(["ab", "ef"]) * 32,
        batch=batch,
        source=source,
    )
    folder = "images" if source == "upload" else f"incoming/{batch}"
    return replace(image, key=f"{folder}/{number % 20 if source == 's3' else number}.jpg")


def fill(pairs, image, chance, count, doubt):
    for catalogue, corrections in pairs:
        catalogue.add(image)
        if chance < 0.2:
            continue
        if chance < 0.3:
            catalogue.give_up(image.image_id, claim=0, error="No.")
            continue
        known = chance < 0.8
        detection = run(
            *map(circle, range(count)),
            model_version="8" if chance < 0.5 else "7",
            threshold=0.5 if known else None,
            doubtful_count=doubt if known else None,
        )
        image = catalogue.record(image.image_id, detection, claim=0, now=NOW)
        if 0.5 < chance < 0.7:
            review = Review.CORRECTED if chance < 0.6 else Review.CONFIRMED
            objects = [(circle(9), None)] * doubt
            human = HumanRun(
                str(UUID(int=int(chance * 1e9))), image.detection_id, objects, 0.5, review
            )
            corrections.correct(image.image_id, human, expected=lambda _: True, now=NOW)


def walk(catalogue, wanted, order, limit):
    before, found = None, []
    while page := catalogue.page(wanted, limit=limit, before=before, order=order):
        assert len(page) <= limit
        found += [image.image_id for image in page]
        last = page[-1]
        doubt = NO_DOUBT if last.doubtful_count is None else last.doubtful_count
        before = Position(last.created_at, last.image_id, doubt if order is Order.DOUBT else None)
    return found


COMBINED = [
    {name: value for name, value in chosen}
    for size in (0, 1, 2, 3)
    for chosen in combinations([(name, each) for name in FILTERS for each in FILTERS[name]], size)
    if len({name for name, _ in chosen}) == size
]


@pytest.mark.parametrize("few", [0, 5, 2000])
@pytest.mark.parametrize("order", Order)
def test_pages_match_a_plain_search(filled, monkeypatch, few, order):
    """Whichever index is chosen: few is the number of rows from which it is another one."""
    monkeypatch.setattr(pages, "_FEW", few)
    lengths = set()
    for number, chosen in enumerate(COMBINED):
        if len(chosen) == 3 and number % 7:
            continue
        wanted = ImageFilter(**chosen)
        expected = walk(filled.fake, wanted, order, 7)
        assert walk(filled.sqlite, wanted, order, 7) == expected, chosen
        lengths.add(len(expected))

    assert len(lengths) > 20  # the filters leave many, few and no images


def test_most_doubtful_images_come_first(filled):
    images = filled.sqlite.page(ImageFilter(), limit=COUNT, order=Order.DOUBT)
    doubts = [image.doubtful_count for image in images]
    known = [doubt for doubt in doubts if doubt is not None]

    assert doubts[: len(known)] == sorted(known, reverse=True)
    assert 10 < len(known) < COUNT


def test_deleted_image_does_not_shift_pages_by_doubt(tmp_path):
    catalogue = SqliteCatalogue(tmp_path / "catalogue.db", busy_timeout_s=30)
    images = []
    for doubt in (3, 2, 2, 1):
        image = add_image(catalogue)
        detection = run(circle(), threshold=0.5, doubtful_count=doubt)
        images.append(catalogue.record(image.image_id, detection, claim=0, now=NOW))
    first = catalogue.page(ImageFilter(), limit=2, order=Order.DOUBT)
    catalogue.delete(first[1].image_id, now=NOW)
    before = Position(first[1].created_at, first[1].image_id, first[1].doubtful_count)
    later = catalogue.page(ImageFilter(), limit=9, before=before, order=Order.DOUBT)
    catalogue.close()

    assert first[0] == images[0]
    assert [image.doubtful_count for image in later] == [2, 1]
