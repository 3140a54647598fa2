"""register_object on fakes: one image for one version of an object, however often and in whichever order it is told."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from circles.adapters.sqlite.catalogue import SqliteCatalogue
from circles.adapters.sqlite.outbox import SqliteOutbox
from circles.adapters.sqlite.upkeep import SqliteUpkeep
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
from circles.usecases.repair import repair_images
from circles.usecases.upload import upload_image
from tests.unit.fakes.faults import away
from tests.unit.fakes.services import FakeServices

PICTURE, OTHER = b"picture of coins", b"picture of buttons"
KEY = "incoming/2026/coins & co+.jpg"


@pytest.fixture
def app():
    return FakeServices()


def drop(app, data=PICTURE, key=KEY):
    """Put a file past our code, and return what its event tells."""
    app.store.drop(key, data)
    return ("circles", key, hashlib.md5(data).hexdigest(), len(data))


def test_file_in_the_bucket_becomes_a_detected_image(app):
    image = register_object(*drop(app), app)

    assert image == app.catalogue.images[image.image_id]
    assert (image.status, image.object_count, image.attempts) == (Status.DETECTED, 1, 1)
    assert (image.key, image.source, image.file_name) == (KEY, "s3", "coins & co+.jpg")
    assert (image.width, image.height, image.media_type, image.size_bytes) == (80, 60, "image/jpeg", len(PICTURE))
    assert image.sha256 == hashlib.sha256(PICTURE).hexdigest()
    assert app.store.blobs == {KEY: PICTURE}


def test_same_event_100_times_is_one_image(app):
    event = drop(app)

    assert len({register_object(*event, app).image_id for _ in range(100)}) == 1
    assert len(app.catalogue.images) == len(app.detector.asked) == 1


def test_same_event_from_16_threads_is_one_image(app, tmp_path):
    app.catalogue = SqliteCatalogue(tmp_path / "catalogue.db", busy_timeout_s=30)
    app.outbox = SqliteOutbox(tmp_path / "catalogue.db", busy_timeout_s=30)
    app.upkeep = SqliteUpkeep(tmp_path / "catalogue.db", busy_timeout_s=30)
    event = drop(app)
    with ThreadPoolExecutor(16) as pool:
        images = list(pool.map(lambda _: register_object(*event, app), range(100)))

    assert len({image.image_id for image in images}) == 1
    assert len(app.detector.asked) == 1
    assert app.catalogue.get(images[0].image_id).status is Status.DETECTED


def test_repeated_event_reads_only_the_record(app):
    event = drop(app)
    register_object(*event, app)
    app.journal.clear()
    register_object(*event, app)

    assert app.journal == ["stat", "refusal", "look"]


def test_other_keys_and_contents_are_other_images(app):
    images = [
        register_object(*drop(app), app),
        register_object(*drop(app, key="incoming/2.jpg"), app),
        register_object(*drop(app, OTHER), app),
    ]

    assert len({image.image_id for image in images}) == 3


def test_outdated_event_registers_the_current_object(app):
    older = drop(app)
    newer = drop(app, OTHER)
    image = register_object(*older, app)

    assert image.sha256 == hashlib.sha256(OTHER).hexdigest()
    assert register_object(*newer, app) == image
    assert len(app.catalogue.images) == 1


def test_object_replaced_during_the_read_is_not_found(app):
    event = drop(app)
    app.store.meanwhile["get"] = lambda: drop(app, OTHER)
    with pytest.raises(NotFound):
        register_object(*event, app)

    assert app.catalogue.images == {}


def test_missing_object_is_not_found(app):
    event = drop(app)
    app.store.blobs.clear()
    with pytest.raises(NotFound):
        register_object(*event, app)

    assert app.catalogue.images == app.catalogue.tables.refusals == {}


@pytest.mark.parametrize("key", ["images/1.jpg", "other/1.jpg", "incoming", "incomin/1.jpg", "1.jpg"])
def test_object_outside_incoming_is_not_read(app, key):
    with pytest.raises(NotFound):
        register_object(*drop(app, key=key), app)

    assert app.journal == []


def test_own_upload_is_not_registered_again(app):
    image = upload_image(Upload(PICTURE), app)
    with pytest.raises(NotFound):
        register_object("circles", image.key, hashlib.md5(PICTURE).hexdigest(), len(PICTURE), app)

    assert len(app.catalogue.images) == 1


def test_other_bucket_is_malformed(app):
    _, *event = drop(app)
    with pytest.raises(Malformed):
        register_object("other", *event, app)


@pytest.mark.parametrize("key", ["incoming/../images/1.jpg", "incoming//1.jpg", "incoming/", "incoming/" + "x" * 1024])
def test_invalid_key_is_malformed(app, key):
    app.store.blobs[key] = PICTURE
    with pytest.raises(Malformed):
        register_object("circles", key, "x", 1, app)


# What is no picture of ours


@pytest.mark.parametrize(
    ("data", "error", "read"),
    [(b"text", UnsupportedPicture, True), (b"", UnsupportedPicture, False), (b"picture" * 200, TooLarge, False)],
)
def test_refused_file_is_recorded_and_read_once(app, data, error, read):
    event = drop(app, data)
    with pytest.raises(error) as first:
        register_object(*event, app)
    assert ("get" in app.journal) is read

    app.journal.clear()
    with pytest.raises(error) as second:
        register_object(*event, app)
    assert app.journal == ["stat", "refusal"]
    assert str(second.value) == str(first.value)
    [refusal] = app.catalogue.tables.refusals.values()
    assert (refusal.key, refusal.etag, refusal.code) == (KEY, event[2], error.code)
    assert app.catalogue.images == {} and app.store.blobs == {KEY: data}


def test_undecodable_picture_is_recorded(app):
    app.pictures.errors["read"] = UndecodablePicture("It is cut off.")
    with pytest.raises(UndecodablePicture):
        register_object(*drop(app), app)

    [refusal] = app.catalogue.tables.refusals.values()
    assert (refusal.code, refusal.detail) == ("undecodable-picture", "It is cut off.")


def test_size_claimed_by_the_event_is_ignored(app):
    bucket, key, etag, _ = drop(app)

    assert register_object(bucket, key, etag, 5 * 1024**4, app).status is Status.DETECTED


def test_replacement_of_a_refused_file_is_read(app):
    with pytest.raises(UnsupportedPicture):
        register_object(*drop(app, b"text"), app)

    assert register_object(*drop(app), app).status is Status.DETECTED


# Neighbours that are away


@pytest.mark.parametrize(
    ("port", "method"),
    [("store", "stat"), ("store", "get"), ("upkeep", "refusal"), ("catalogue", "look"), ("catalogue", "add"),
     ("upkeep", "buried")],
)  # fmt: skip
def test_unavailable_dependency_allows_a_retry(app, port, method):
    event = drop(app)
    getattr(app, port).errors[method] = away()
    with pytest.raises(Unavailable):
        register_object(*event, app)
    assert app.catalogue.images == {}

    getattr(app, port).errors.clear()
    assert register_object(*event, app).status is Status.DETECTED


def test_repeated_event_before_the_due_time_costs_no_attempt(app):
    event = drop(app)
    app.detector.errors["detect"] = DetectorFailed("No answer.")
    image = register_object(*event, app)

    assert (image.status, image.error, image.attempts) == (Status.PENDING, "No answer.", 1)
    assert image.due_at == app.clock + app.rules.repair_after
    app.detector.errors.clear()
    assert register_object(*event, app) == image
    app.clock = image.due_at
    assert register_object(*event, app).status is Status.DETECTED


# Deletion


def test_late_event_of_a_deleted_image_is_not_found(app):
    event = drop(app)
    delete_image(register_object(*event, app).image_id, app)
    with pytest.raises(NotFound):
        register_object(*event, app)

    assert app.catalogue.images == app.store.blobs == {}


def test_late_event_before_the_blob_is_deleted_is_not_found(app):
    event = drop(app)
    image = register_object(*event, app)
    app.store.errors["delete"] = away()
    delete_image(image.image_id, app)
    assert app.store.blobs

    with pytest.raises(NotFound):
        register_object(*event, app)
    assert app.catalogue.images == {}


def test_image_deleted_during_a_repeat_stays_deleted(app):
    event = drop(app)
    image = register_object(*event, app)
    app.store.errors["delete"] = away()
    app.catalogue.meanwhile["look"] = lambda: delete_image(image.image_id, app)
    with pytest.raises(NotFound):
        register_object(*event, app)

    assert app.catalogue.images == {}


def test_image_added_and_deleted_meanwhile_stays_deleted(app):
    event = drop(app)
    app.store.errors["delete"] = away()
    app.catalogue.meanwhile["add"] = lambda: delete_image(register_object(*event, app).image_id, app)
    with pytest.raises(NotFound):
        register_object(*event, app)

    assert app.catalogue.images == {}


def test_same_file_put_again_after_deletion_is_new(app):
    event = drop(app)
    delete_image(register_object(*event, app).image_id, app)

    assert register_object(*drop(app), app).status is Status.DETECTED


def test_deletion_keeps_the_file_that_replaced_it(app):
    first = register_object(*drop(app), app)
    second = register_object(*drop(app, OTHER), app)
    delete_image(first.image_id, app)

    assert app.store.blobs == {KEY: OTHER}
    assert list(app.catalogue.images) == [second.image_id]


def test_deletion_keeps_an_unregistered_replacement(app):
    first = register_object(*drop(app), app)
    event = drop(app, OTHER)
    delete_image(first.image_id, app)

    assert register_object(*event, app).status is Status.DETECTED


def test_file_put_back_after_a_failure_is_detected(app):
    app.detector.errors["detect"] = DetectorFailed("No answer.")
    event = drop(app)
    image = register_object(*event, app)
    app.detector.errors.clear()
    app.store.blobs.clear()
    app.clock = image.due_at
    repair_images(app)
    assert app.catalogue.images[image.image_id].status is Status.FAILED

    assert register_object(*drop(app), app).status is Status.DETECTED


def test_image_of_a_replaced_file_stays_pending(app):
    app.detector.errors["detect"] = DetectorFailed("No answer.")
    event = drop(app)
    first = register_object(*event, app)
    app.detector.errors.clear()
    drop(app, OTHER)
    app.clock += timedelta(hours=1)
    newer = register_object(*event, app)

    assert newer.sha256 == hashlib.sha256(OTHER).hexdigest()
    assert app.catalogue.images[first.image_id].status is Status.PENDING  # repair will find it out
