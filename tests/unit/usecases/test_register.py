"""Test register_object on fakes: one image per object version."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from circles.adapters.sqlite.catalogue import SqliteCatalogue
from circles.adapters.sqlite.outbox import SqliteOutbox
from circles.adapters.sqlite.upkeep.upkeep import SqliteUpkeep
from circles.domain.errors import (
    DetectorFailed,
    Malformed,
    NotFound,
    TooLarge,
    Unavailable,
    UndecodablePicture,
    UnsupportedPicture,
)
from circles.domain.images import Status
from circles.domain.pictures import Upload
from circles.usecases.delete import delete_image
from circles.usecases.register import register_object
from circles.usecases.upkeep.repair import repair_images
from circles.usecases.upload import upload_image
from tests.unit.fakes.faults import unavailable
from tests.unit.fakes.services import FakeServices

PICTURE, OTHER = b"picture of coins", b"picture of buttons"
KEY = "incoming/2026/coins & co+.jpg"


@pytest.fixture
def services():
    return FakeServices()


def drop(services, data=PICTURE, key=KEY):
    """Put a file and return the arguments of its event."""
    services.store.drop(key, data)
    return ("circles", key, hashlib.md5(data).hexdigest(), len(data))


def test_file_in_the_bucket_becomes_a_detected_image(services):
    image = register_object(*drop(services), services)

    assert image == services.catalogue.images[image.image_id]
    assert (image.status, image.object_count, image.attempts) == (Status.DETECTED, 1, 1)
    assert (image.key, image.source, image.file_name) == (KEY, "s3", "coins & co+.jpg")
    assert (image.width, image.height, image.media_type, image.size_bytes) == (
        80,
        60,
        "image/jpeg",
        len(PICTURE),
    )
    assert image.sha256 == hashlib.sha256(PICTURE).hexdigest()
    assert services.store.blobs == {KEY: PICTURE}


def test_same_event_100_times_is_one_image(services):
    event = drop(services)

    assert len({register_object(*event, services).image_id for _ in range(100)}) == 1
    assert len(services.catalogue.images) == len(services.detector.asked) == 1


def test_same_event_from_16_threads_is_one_image(services, tmp_path):
    services.catalogue = SqliteCatalogue(tmp_path / "catalogue.db", busy_timeout_s=30)
    services.outbox = SqliteOutbox(tmp_path / "catalogue.db", busy_timeout_s=30)
    services.upkeep = SqliteUpkeep(tmp_path / "catalogue.db", busy_timeout_s=30)
    event = drop(services)
    with ThreadPoolExecutor(16) as pool:
        images = list(pool.map(lambda _: register_object(*event, services), range(100)))

    assert len({image.image_id for image in images}) == 1
    assert len(services.detector.asked) == 1
    assert services.catalogue.get(images[0].image_id).status is Status.DETECTED


def test_repeated_event_reads_only_the_record(services):
    event = drop(services)
    register_object(*event, services)
    services.journal.clear()
    register_object(*event, services)

    assert services.journal == ["store.stat", "upkeep.refusal", "catalogue.get"]


def test_other_keys_and_contents_are_other_images(services):
    images = [
        register_object(*drop(services), services),
        register_object(*drop(services, key="incoming/2.jpg"), services),
        register_object(*drop(services, OTHER), services),
    ]

    assert len({image.image_id for image in images}) == 3


def test_outdated_event_registers_the_current_object(services):
    older = drop(services)
    newer = drop(services, OTHER)
    image = register_object(*older, services)

    assert image.sha256 == hashlib.sha256(OTHER).hexdigest()
    assert register_object(*newer, services) == image
    assert len(services.catalogue.images) == 1


def test_object_replaced_during_the_read_is_not_found(services):
    event = drop(services)
    services.store.before["get"] = lambda: drop(services, OTHER)
    with pytest.raises(NotFound):
        register_object(*event, services)

    assert services.catalogue.images == {}


def test_missing_object_is_not_found(services):
    event = drop(services)
    services.store.blobs.clear()
    with pytest.raises(NotFound):
        register_object(*event, services)

    assert services.catalogue.images == services.catalogue.tables.refusals == {}


@pytest.mark.parametrize(
    "key", ["images/1.jpg", "other/1.jpg", "incoming", "incomin/1.jpg", "1.jpg"]
)
def test_object_outside_incoming_is_not_read(services, key):
    with pytest.raises(NotFound):
        register_object(*drop(services, key=key), services)

    assert services.journal == []


def test_own_upload_is_not_registered_again(services):
    image = upload_image(Upload(PICTURE), services)
    with pytest.raises(NotFound):
        register_object(
            "circles", image.key, hashlib.md5(PICTURE).hexdigest(), len(PICTURE), services
        )

    assert len(services.catalogue.images) == 1


def test_other_bucket_is_malformed(services):
    _, *event = drop(services)
    with pytest.raises(Malformed):
        register_object("other", *event, services)


@pytest.mark.parametrize(
    "key", ["incoming/../images/1.jpg", "incoming//1.jpg", "incoming/", "incoming/" + "x" * 1024]
)
def test_invalid_key_is_malformed(services, key):
    services.store.blobs[key] = PICTURE
    with pytest.raises(Malformed):
        register_object("circles", key, "x", 1, services)


# Refused files


@pytest.mark.parametrize(
    ("data", "error", "read"),
    [
        (b"text", UnsupportedPicture, True),
        (b"", UnsupportedPicture, False),
        (b"picture" * 200, TooLarge, False),
    ],
)
def test_refused_file_is_recorded_and_read_once(services, data, error, read):
    event = drop(services, data)
    with pytest.raises(error) as first:
        register_object(*event, services)
    assert ("store.get" in services.journal) is read

    services.journal.clear()
    with pytest.raises(error) as second:
        register_object(*event, services)
    assert services.journal == ["store.stat", "upkeep.refusal"]
    assert str(second.value) == str(first.value)
    [refusal] = services.catalogue.tables.refusals.values()
    assert (refusal.key, refusal.etag, refusal.code) == (KEY, event[2], error.code)
    assert services.catalogue.images == {} and services.store.blobs == {KEY: data}


def test_undecodable_picture_is_recorded(services):
    services.pictures.errors["read"] = UndecodablePicture("It is cut off.")
    with pytest.raises(UndecodablePicture):
        register_object(*drop(services), services)

    [refusal] = services.catalogue.tables.refusals.values()
    assert (refusal.code, refusal.detail) == ("undecodable-picture", "It is cut off.")


def test_size_claimed_by_the_event_is_ignored(services):
    bucket, key, etag, _ = drop(services)

    assert register_object(bucket, key, etag, 5 * 1024**4, services).status is Status.DETECTED


def test_replacement_of_a_refused_file_is_read(services):
    with pytest.raises(UnsupportedPicture):
        register_object(*drop(services, b"text"), services)

    assert register_object(*drop(services), services).status is Status.DETECTED


# Unavailable dependencies


@pytest.mark.parametrize(
    ("port", "method"),
    [
        ("store", "stat"),
        ("store", "get"),
        ("upkeep", "refusal"),
        ("catalogue", "get"),
        ("catalogue", "add"),
        ("upkeep", "is_buried"),
        ("catalogue", "has_more_pending"),
    ],
)
def test_unavailable_dependency_allows_a_retry(services, port, method):
    event = drop(services)
    getattr(services, port).errors[method] = unavailable()
    with pytest.raises(Unavailable):
        register_object(*event, services)
    assert services.catalogue.images == {}

    getattr(services, port).errors.clear()
    assert register_object(*event, services).status is Status.DETECTED


def test_repeated_event_before_the_due_time_costs_no_attempt(services):
    event = drop(services)
    services.detector.errors["detect"] = DetectorFailed("No answer.")
    image = register_object(*event, services)

    assert (image.status, image.error, image.attempts) == (Status.PENDING, "No answer.", 1)
    assert image.due_at == services.clock + services.rules.repair_after
    services.detector.errors.clear()
    assert register_object(*event, services) == image
    services.clock = image.due_at
    assert register_object(*event, services).status is Status.DETECTED


# Deletion


def test_late_event_of_a_deleted_image_is_not_found(services):
    event = drop(services)
    delete_image(register_object(*event, services).image_id, services)
    with pytest.raises(NotFound):
        register_object(*event, services)

    assert services.catalogue.images == services.store.blobs == {}


def test_late_event_before_the_blob_is_deleted_is_not_found(services):
    event = drop(services)
    image = register_object(*event, services)
    services.store.errors["delete"] = unavailable()
    delete_image(image.image_id, services)
    assert services.store.blobs

    with pytest.raises(NotFound):
        register_object(*event, services)
    assert services.catalogue.images == {}


def test_image_deleted_during_a_repeat_stays_deleted(services):
    event = drop(services)
    image = register_object(*event, services)
    services.store.errors["delete"] = unavailable()
    services.catalogue.before["get"] = lambda: delete_image(image.image_id, services)
    with pytest.raises(NotFound):
        register_object(*event, services)

    assert services.catalogue.images == {}


def test_image_added_and_deleted_meanwhile_stays_deleted(services):
    event = drop(services)
    services.store.errors["delete"] = unavailable()
    services.catalogue.before["add"] = lambda: delete_image(
        register_object(*event, services).image_id, services
    )
    with pytest.raises(NotFound):
        register_object(*event, services)

    assert services.catalogue.images == {}


def test_same_file_put_again_after_deletion_is_new(services):
    event = drop(services)
    delete_image(register_object(*event, services).image_id, services)

    assert register_object(*drop(services), services).status is Status.DETECTED


def test_deletion_keeps_the_file_that_replaced_it(services):
    first = register_object(*drop(services), services)
    second = register_object(*drop(services, OTHER), services)
    delete_image(first.image_id, services)

    assert services.store.blobs == {KEY: OTHER}
    assert list(services.catalogue.images) == [second.image_id]


def test_deletion_keeps_an_unregistered_replacement(services):
    first = register_object(*drop(services), services)
    event = drop(services, OTHER)
    delete_image(first.image_id, services)

    assert register_object(*event, services).status is Status.DETECTED


def test_file_put_back_after_a_failure_is_detected(services):
    services.detector.errors["detect"] = DetectorFailed("No answer.")
    event = drop(services)
    image = register_object(*event, services)
    services.detector.errors.clear()
    services.store.blobs.clear()
    services.clock = image.due_at
    repair_images(services)
    assert services.catalogue.images[image.image_id].status is Status.FAILED

    assert register_object(*drop(services), services).status is Status.DETECTED


def test_image_of_a_replaced_file_stays_pending(services):
    services.detector.errors["detect"] = DetectorFailed("No answer.")
    event = drop(services)
    first = register_object(*event, services)
    services.detector.errors.clear()
    drop(services, OTHER)
    services.clock += timedelta(hours=1)
    newer = register_object(*event, services)

    assert newer.sha256 == hashlib.sha256(OTHER).hexdigest()
    assert (
        services.catalogue.images[first.image_id].status is Status.PENDING
    )  # repair will mark it failed
