"""Test on fakes that no object, tombstone or leftover keeps repair from the others."""

from datetime import timedelta

import pytest

from circles.domain.errors import ObjectRefused, Unavailable
from circles.domain.identifiers import new_id
from circles.domain.images import Status
from circles.domain.pictures import Upload
from circles.usecases.delete import delete_image
from circles.usecases.register import register_object
from circles.usecases.upkeep import repair, sweep
from circles.usecases.upkeep.repair import repair_images
from circles.usecases.upload import upload_image
from tests.unit.fakes.faults import unavailable
from tests.unit.fakes.services import FakeServices
from tests.unit.usecases.test_register import PICTURE, drop
from tests.unit.usecases.test_repair import facts


@pytest.fixture
def services():
    return FakeServices()


def drop_many(services, count):
    keys = [f"incoming/{number}" for number in range(count)]
    for number, key in enumerate(keys):
        drop(services, PICTURE + b"%d" % number, key)
    services.clock += services.rules.adopt_after
    return keys


def adopted_keys(services):
    return sorted(image.key for image in services.catalogue.images.values())


def test_refused_object_keeps_no_other_from_its_turn(services):
    first, *others = drop_many(services, 4)
    services.store.key_errors[first] = ObjectRefused("It is encrypted.")

    assert facts(repair_images(services)) == {"adopted": 3, "refused": 1}
    assert adopted_keys(services) == others


def test_sweep_goes_on_behind_an_object_that_ended_it(services):
    """An object that the store answers with a 5xx each time it is asked for."""
    first, *others = drop_many(services, 4)
    services.store.key_errors[first] = unavailable()
    reports = [repair_images(services) for _ in range(4)]

    assert reports[0].cut_short
    assert sum(report.adopted for report in reports) == 3
    assert adopted_keys(services) == others


def test_broken_object_hides_neither_own_blobs_nor_rows(services, monkeypatch):
    monkeypatch.setattr(sweep, "_BLOBS", 2)
    for key in drop_many(services, 6)[::2]:
        services.store.key_errors[key] = unavailable()  # one in each stretch
    services.store.drop("images/left.jpg", PICTURE)
    lost = upload_image(Upload(PICTURE), services)
    del services.store.blobs[lost.key]
    services.clock += services.rules.adopt_after
    reports = [repair_images(services) for _ in range(6)]

    assert "images/left.jpg" in adopted_keys(services)
    assert any(report.rows_without_blob_seen for report in reports)


def test_row_of_a_refused_blob_has_its_blob(services):
    image = upload_image(Upload(PICTURE), services)
    services.store.key_errors[image.key] = ObjectRefused("It is archived.")

    assert facts(repair_images(services)) == {}


def test_tombstones_that_stay_do_not_hide_another(services, monkeypatch):
    monkeypatch.setattr(repair, "_BATCH", 10)
    for _ in range(12):
        image = upload_image(Upload(PICTURE), services)
        services.store.key_errors[image.key] = ObjectRefused("It is locked.")
        delete_image(image.image_id, services)
        services.clock += timedelta(seconds=1)
    locked = dict(services.store.blobs)
    services.store.errors["delete"] = unavailable()
    image = upload_image(Upload(PICTURE), services)
    delete_image(image.image_id, services)
    services.store.errors.clear()
    reports = []
    for _ in range(2):
        services.clock += timedelta(minutes=5)
        reports.append(repair_images(services))

    assert sum(report.blobs_deleted for report in reports) == 1
    assert services.store.blobs == locked


def test_locked_blob_does_not_fail_the_deletion(services):
    image = upload_image(Upload(PICTURE), services)
    services.store.key_errors[image.key] = ObjectRefused("It is locked.")
    delete_image(image.image_id, services)

    assert services.catalogue.images == {}
    assert [each.image_id for each in services.upkeep.tombstones(limit=9)] == [image.image_id]


def test_leftovers_are_removed_and_counted(services):
    asked = []
    services.store.remove_leftovers = lambda *, before: asked.append(before) or 3

    assert facts(repair_images(services)) == {"leftovers_removed": 3}
    assert asked == [services.clock - timedelta(hours=1)]


def test_store_outage_leaves_leftovers_and_nothing_else(services):
    services.store.errors["remove_leftovers"] = unavailable()

    assert facts(repair_images(services)) == {"cut_short": True}


def test_repair_compacts_the_catalogue(services):
    repair_images(services)

    assert services.journal[-1] == "upkeep.compact"


# Blobs of uploads that were cut off


def test_retry_after_adoption_is_the_same_image(services):
    upload = Upload(PICTURE, "coins.jpg", "k")
    services.catalogue.errors["add"] = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        upload_image(upload, services)
    services.catalogue.errors.clear()
    services.clock += services.rules.adopt_after
    assert repair_images(services).adopted == 1
    image = upload_image(upload, services)

    assert list(services.catalogue.images) == [image.image_id]
    assert (image.status, image.file_name) == (Status.DETECTED, "coins.jpg")
    assert services.store.blobs == {image.key: PICTURE}
    assert upload_image(upload, services) == image


def test_retry_during_adoption_is_the_same_image(services):
    upload = Upload(PICTURE, idempotency_key="k")
    services.catalogue.errors["add"] = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        upload_image(upload, services)
    services.catalogue.errors.clear()
    services.clock += services.rules.adopt_after
    services.catalogue.before["add"] = lambda: upload_image(upload, services)
    repair_images(services)

    [image] = services.catalogue.images.values()
    assert (image.idempotency_key, image.status) == ("k", Status.DETECTED)
    assert services.catalogue.tables.looks == {}


# Names


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("incoming/new\nline.png", "newline.png"),
        ("incoming/\u202egnp.exe", "gnp.exe"),
        ("incoming/a/\x1b[31mred.png", "[31mred.png"),
        ("incoming/münzen 🪙.jpg", "münzen 🪙.jpg"),
        ("incoming/" + "x" * 300, "x" * 255),
        ("incoming/\n", None),
    ],
)
def test_names_from_the_bucket_are_cleaned(services, key, name):
    image = register_object(*drop(services, key=key), services)

    assert (image.file_name, image.key) == (name, key)


def test_unavailable_catalogue_still_ends_a_repair(services):
    services.upkeep.errors["compact"] = unavailable()
    with pytest.raises(Unavailable):
        repair_images(services)


def test_renditions_of_deleted_images_are_deleted(services, monkeypatch):
    """A client may have asked for one while another deleted the image."""
    monkeypatch.setattr(sweep, "_BLOBS", 2)
    image, gone = upload_image(Upload(PICTURE), services), new_id()
    kept = [f"derived/{image.image_id}/thumbnail-256-a-b.jpg", "derived/notes.txt"]
    left = [f"derived/{gone}/{name}" for name in ("a.jpg", "b.jpg", "c.jpg")]
    for key in kept + left:
        services.store.drop(key, b"x")
    reports = [repair_images(services) for _ in range(12)]

    assert sum(report.renditions_deleted for report in reports) == 3
    assert [key for key in services.store.blobs if key.startswith("derived/")] == kept


def test_rendition_that_cannot_be_deleted_is_passed(services):
    left = sorted(f"derived/{new_id()}/a.jpg" for _ in range(2))
    for key in left:
        services.store.drop(key, b"x")
    services.store.key_errors[left[0]] = ObjectRefused("It is locked.")
    for _ in range(8):
        repair_images(services)

    assert set(services.store.blobs) == {left[0]}
