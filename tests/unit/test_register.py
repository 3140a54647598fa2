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


def test_a_file_in_the_bucket_becomes_a_detected_image_and_stays_where_it_is(app):
    image = register_object(*drop(app), app)

    assert image == app.catalogue.images[image.image_id]
    assert (image.status, image.object_count, image.attempts) == (Status.DETECTED, 1, 1)
    assert (image.key, image.source, image.file_name) == (KEY, "s3", "coins & co+.jpg")
    assert (image.width, image.height, image.media_type, image.size_bytes) == (80, 60, "image/jpeg", len(PICTURE))
    assert image.sha256 == hashlib.sha256(PICTURE).hexdigest()
    assert app.store.blobs == {KEY: PICTURE}


def test_the_same_event_a_hundred_times_is_one_image_with_one_detection(app):
    event = drop(app)

    assert len({register_object(*event, app).image_id for _ in range(100)}) == 1
    assert len(app.catalogue.images) == len(app.detector.asked) == 1


def test_the_same_event_from_16_threads_at_once_is_one_image_with_one_detection(app, tmp_path):
    app.catalogue = SqliteCatalogue(tmp_path / "catalogue.db", busy_timeout_s=30)
    app.outbox = SqliteOutbox(tmp_path / "catalogue.db", busy_timeout_s=30)
    app.upkeep = SqliteUpkeep(tmp_path / "catalogue.db", busy_timeout_s=30)
    event = drop(app)
    with ThreadPoolExecutor(16) as pool:
        images = list(pool.map(lambda _: register_object(*event, app), range(100)))

    assert len({image.image_id for image in images}) == 1
    assert len(app.detector.asked) == 1
    assert app.catalogue.get(images[0].image_id).status is Status.DETECTED


def test_a_repeated_event_reads_nothing_but_the_record(app):
    event = drop(app)
    register_object(*event, app)
    app.journal.clear()
    register_object(*event, app)

    assert app.journal == ["stat", "refusal", "look"]


def test_other_keys_and_other_contents_are_other_images(app):
    images = [
        register_object(*drop(app), app),
        register_object(*drop(app, key="incoming/2.jpg"), app),
        register_object(*drop(app, OTHER), app),
    ]

    assert len({image.image_id for image in images}) == 3


def test_an_event_that_is_older_than_the_object_registers_what_is_there_and_the_newer_event_finds_it_done(app):
    older = drop(app)
    newer = drop(app, OTHER)
    image = register_object(*older, app)

    assert image.sha256 == hashlib.sha256(OTHER).hexdigest()
    assert register_object(*newer, app) == image
    assert len(app.catalogue.images) == 1


def test_an_object_that_is_replaced_between_look_and_read_is_left_to_its_own_event(app):
    event = drop(app)
    app.store.meanwhile["get"] = lambda: drop(app, OTHER)
    with pytest.raises(NotFound):
        register_object(*event, app)

    assert app.catalogue.images == {}


def test_an_object_that_is_gone_leaves_nothing_to_do(app):
    event = drop(app)
    app.store.blobs.clear()
    with pytest.raises(NotFound):
        register_object(*event, app)

    assert app.catalogue.images == app.catalogue.tables.refusals == {}


@pytest.mark.parametrize("key", ["images/1.jpg", "other/1.jpg", "incoming", "incomin/1.jpg", "1.jpg"])
def test_what_lies_elsewhere_is_not_taken_and_not_looked_at(app, key):
    with pytest.raises(NotFound):
        register_object(*drop(app, key=key), app)

    assert app.journal == []


def test_an_own_upload_never_comes_back(app):
    image = upload_image(Upload(PICTURE), app)
    with pytest.raises(NotFound):
        register_object("circles", image.key, hashlib.md5(PICTURE).hexdigest(), len(PICTURE), app)

    assert len(app.catalogue.images) == 1


def test_another_bucket_is_a_mistake(app):
    _, *event = drop(app)
    with pytest.raises(Malformed):
        register_object("other", *event, app)


@pytest.mark.parametrize("key", ["incoming/../images/1.jpg", "incoming//1.jpg", "incoming/", "incoming/" + "x" * 1024])
def test_a_key_that_no_store_takes_is_malformed(app, key):
    app.store.blobs[key] = PICTURE
    with pytest.raises(Malformed):
        register_object("circles", key, "x", 1, app)


# What is no picture of ours


@pytest.mark.parametrize(
    ("data", "error", "read"),
    [(b"text", UnsupportedPicture, True), (b"", UnsupportedPicture, False), (b"picture" * 200, TooLarge, False)],
)
def test_what_is_no_picture_of_ours_is_written_down_and_not_read_twice(app, data, error, read):
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


def test_a_picture_that_does_not_decode_is_written_down(app):
    app.pictures.errors["read"] = UndecodablePicture("It is cut off.")
    with pytest.raises(UndecodablePicture):
        register_object(*drop(app), app)

    [refusal] = app.catalogue.tables.refusals.values()
    assert (refusal.code, refusal.detail) == ("undecodable-picture", "It is cut off.")


def test_a_size_that_the_event_tells_wrong_does_not_matter(app):
    bucket, key, etag, _ = drop(app)

    assert register_object(bucket, key, etag, 5 * 1024**4, app).status is Status.DETECTED


def test_a_file_that_replaces_one_that_was_refused_is_looked_at(app):
    with pytest.raises(UnsupportedPicture):
        register_object(*drop(app, b"text"), app)

    assert register_object(*drop(app), app).status is Status.DETECTED


# Neighbours that are away


@pytest.mark.parametrize(
    ("port", "method"),
    [("store", "stat"), ("store", "get"), ("upkeep", "refusal"), ("catalogue", "look"), ("catalogue", "add"),
     ("upkeep", "buried")],
)  # fmt: skip
def test_whoever_is_away_lets_the_event_come_again(app, port, method):
    event = drop(app)
    getattr(app, port).errors[method] = away()
    with pytest.raises(Unavailable):
        register_object(*event, app)
    assert app.catalogue.images == {}

    getattr(app, port).errors.clear()
    assert register_object(*event, app).status is Status.DETECTED


def test_without_a_predictor_the_image_is_pending_and_a_repeated_event_costs_no_attempt(app):
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


def test_a_late_event_of_a_deleted_image_makes_none(app):
    event = drop(app)
    delete_image(register_object(*event, app).image_id, app)
    with pytest.raises(NotFound):
        register_object(*event, app)

    assert app.catalogue.images == app.store.blobs == {}


def test_a_late_event_of_a_deleted_image_makes_none_while_its_blob_waits_to_be_deleted(app):
    event = drop(app)
    image = register_object(*event, app)
    app.store.errors["delete"] = away()
    delete_image(image.image_id, app)
    assert app.store.blobs

    with pytest.raises(NotFound):
        register_object(*event, app)
    assert app.catalogue.images == {}


def test_an_image_that_is_deleted_while_its_event_comes_again_is_not_made_again(app):
    event = drop(app)
    image = register_object(*event, app)
    app.store.errors["delete"] = away()
    app.catalogue.meanwhile["look"] = lambda: delete_image(image.image_id, app)
    with pytest.raises(NotFound):
        register_object(*event, app)

    assert app.catalogue.images == {}


def test_an_image_that_is_made_and_deleted_while_its_event_is_handled_a_second_time_is_not_made_again(app):
    event = drop(app)
    app.store.errors["delete"] = away()
    app.catalogue.meanwhile["add"] = lambda: delete_image(register_object(*event, app).image_id, app)
    with pytest.raises(NotFound):
        register_object(*event, app)

    assert app.catalogue.images == {}


def test_the_same_file_put_again_after_its_image_was_deleted_is_an_image_again(app):
    event = drop(app)
    delete_image(register_object(*event, app).image_id, app)

    assert register_object(*drop(app), app).status is Status.DETECTED


def test_deleting_an_image_whose_file_was_replaced_leaves_the_other(app):
    first = register_object(*drop(app), app)
    second = register_object(*drop(app, OTHER), app)
    delete_image(first.image_id, app)

    assert app.store.blobs == {KEY: OTHER}
    assert list(app.catalogue.images) == [second.image_id]


def test_deleting_an_image_whose_file_was_replaced_and_is_not_known_yet_leaves_the_other(app):
    first = register_object(*drop(app), app)
    event = drop(app, OTHER)
    delete_image(first.image_id, app)

    assert register_object(*event, app).status is Status.DETECTED


def test_a_file_that_is_put_back_is_detected_though_its_image_had_failed(app):
    app.detector.errors["detect"] = DetectorFailed("No answer.")
    event = drop(app)
    image = register_object(*event, app)
    app.detector.errors.clear()
    app.store.blobs.clear()
    app.clock = image.due_at
    repair_images(app)
    assert app.catalogue.images[image.image_id].status is Status.FAILED

    assert register_object(*drop(app), app).status is Status.DETECTED


def test_an_image_that_waited_while_its_file_was_replaced_has_failed(app):
    app.detector.errors["detect"] = DetectorFailed("No answer.")
    event = drop(app)
    first = register_object(*event, app)
    app.detector.errors.clear()
    drop(app, OTHER)
    app.clock += timedelta(hours=1)
    newer = register_object(*event, app)

    assert newer.sha256 == hashlib.sha256(OTHER).hexdigest()
    assert app.catalogue.images[first.image_id].status is Status.PENDING  # repair will find it out
