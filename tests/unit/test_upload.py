"""upload_image on fakes: the order of writes, and what is left when any step fails."""

import hashlib
from datetime import timedelta

import pytest

from circles.domain.errors import (
    Damaged,
    DetectorFailed,
    KeyReused,
    NotFound,
    TooLarge,
    Unavailable,
    UndecodablePicture,
    UnsupportedPicture,
)
from circles.domain.images import Status
from circles.domain.pictures import Upload
from circles.usecases.delete import delete_image
from circles.usecases.upload import upload_image
from tests.unit.fakes.faults import away
from tests.unit.fakes.services import FakeServices

PICTURE = b"picture of coins"
OTHER = b"picture of buttons"


@pytest.fixture
def app():
    return FakeServices()


def is_empty(app):
    return not app.store.blobs and not app.catalogue.images and not app.catalogue.found


def test_picture_is_stored_described_and_detected(app):
    image = upload_image(Upload(PICTURE, "coins.jpg"), app)

    assert image == app.catalogue.images[image.image_id]
    assert (image.status, image.object_count, image.attempts) == (Status.DETECTED, 1, 1)
    assert (image.width, image.height, image.media_type, image.size_bytes) == (80, 60, "image/jpeg", len(PICTURE))
    assert (image.sha256, image.source) == (hashlib.sha256(PICTURE).hexdigest(), "upload")
    assert (image.file_name, image.idempotency_key, image.error) == ("coins.jpg", None, None)
    assert (image.model, image.model_version, image.detection_ms) == ("fake", "7", 12.5)
    assert image.created_at == image.detected_at == app.clock
    assert app.store.blobs == {f"images/{image.image_id}.jpg": PICTURE}


def test_writes_are_blob_then_row_then_objects(app):
    upload_image(Upload(PICTURE), app)

    assert app.journal == ["read", "put", "add", "upright", "detect", "record"]


def test_row_is_claimed_before_detection(app):
    rows = []
    app.detector.meanwhile["detect"] = lambda: rows.extend(app.catalogue.images.values())
    upload_image(Upload(PICTURE), app)

    assert [(row.status, row.attempts, row.claimed_until) for row in rows] == [
        (Status.PENDING, 1, app.clock + app.rules.lease)
    ]


def test_store_gets_the_original_detector_the_upright(app):
    turned = b"picture6 of coins"
    image = upload_image(Upload(turned), app)

    assert app.store.blobs[image.key] == turned
    assert [(picture.data, picture.orientation) for picture in app.detector.asked] == [(b"upright " + turned, 1)]


def test_picture_without_circles_is_detected(app):
    app.detector.circles = ()
    image = upload_image(Upload(PICTURE), app)

    assert (image.status, image.object_count) == (Status.DETECTED, 0)


@pytest.mark.parametrize("error", [UnsupportedPicture, TooLarge, UndecodablePicture])
def test_refused_picture_leaves_nothing(app, error):
    app.pictures.errors["read"] = error("No.")
    with pytest.raises(error):
        upload_image(Upload(PICTURE, idempotency_key="k"), app)

    assert is_empty(app)
    assert app.journal == ["read"]


def test_unavailable_store_leaves_no_row(app):
    app.store.errors["put"] = away()
    with pytest.raises(Unavailable):
        upload_image(Upload(PICTURE), app)

    assert is_empty(app)
    assert app.detector.asked == []


def test_failed_add_removes_the_blob(app):
    app.catalogue.errors["add"] = away()
    with pytest.raises(Unavailable):
        upload_image(Upload(PICTURE), app)

    assert is_empty(app)
    assert app.detector.asked == []


@pytest.mark.parametrize("fault", [away(), NotFound("Gone."), Damaged("Broken.")])
def test_failed_cleanup_does_not_hide_the_first_error(app, fault):
    app.catalogue.errors["add"] = first = away()
    app.store.errors["delete"] = fault
    with pytest.raises(Unavailable) as raised:
        upload_image(Upload(PICTURE), app)

    assert raised.value is first
    assert not app.catalogue.images


def test_failing_predictor_leaves_the_image_pending(app):
    app.detector.errors["detect"] = DetectorFailed("The predictor answered 500.")
    image = upload_image(Upload(PICTURE), app)

    assert image == app.catalogue.images[image.image_id]
    assert (image.status, image.error) == (Status.PENDING, "The predictor answered 500.")
    assert (image.attempts, image.claimed_until, image.object_count) == (1, None, 0)
    assert app.store.blobs[image.key] == PICTURE


def test_failed_release_keeps_the_claim(app):
    app.detector.errors["detect"] = DetectorFailed("No answer.")
    app.catalogue.errors["release"] = away()
    image = upload_image(Upload(PICTURE), app)

    assert image == app.catalogue.images[image.image_id]
    assert (image.status, image.claimed_until) == (Status.PENDING, app.clock + app.rules.lease)


def test_failed_record_loses_nothing(app):
    app.catalogue.errors["record"] = away()
    image = upload_image(Upload(PICTURE, idempotency_key="k"), app)

    assert image == app.catalogue.images[image.image_id]
    assert image.status is Status.PENDING
    assert app.store.blobs[image.key] == PICTURE

    del app.catalogue.errors["record"]
    app.clock += app.rules.lease
    again = upload_image(Upload(PICTURE, idempotency_key="k"), app)
    assert (again.image_id, again.status, again.object_count) == (image.image_id, Status.DETECTED, 1)


def test_image_deleted_before_its_record_is_answered(app):
    app.catalogue.meanwhile["record"] = lambda: delete_image(next(iter(app.catalogue.images)), app)
    image = upload_image(Upload(PICTURE), app)

    assert image.status is Status.PENDING  # where its Location leads to, the client sees that it is gone
    assert is_empty(app)


def test_same_bytes_without_a_key_are_two_images(app):
    first, second = upload_image(Upload(PICTURE), app), upload_image(Upload(PICTURE), app)

    assert first.image_id != second.image_id
    assert len(app.catalogue.images) == len(app.store.blobs) == 2


def test_same_key_and_bytes_return_the_same_image(app):
    first = upload_image(Upload(PICTURE, "a.jpg", "k"), app)
    second = upload_image(Upload(PICTURE, "b.jpg", "k"), app)

    assert first == second
    assert len(app.catalogue.images) == len(app.store.blobs) == len(app.detector.asked) == 1


def test_same_key_with_other_bytes_is_refused(app):
    first = upload_image(Upload(PICTURE, idempotency_key="k"), app)
    with pytest.raises(KeyReused):
        upload_image(Upload(OTHER, idempotency_key="k"), app)

    assert app.catalogue.images == {first.image_id: first}
    assert app.store.blobs == {first.key: PICTURE}


def test_different_keys_make_different_images(app):
    first, second = (upload_image(Upload(PICTURE, idempotency_key=key), app) for key in "ab")

    assert first.image_id != second.image_id
    assert set(app.store.blobs) == {first.key, second.key}


def test_failed_key_lookup_stores_nothing(app):
    app.catalogue.errors["find"] = away()
    with pytest.raises(Unavailable):
        upload_image(Upload(PICTURE, idempotency_key="k"), app)

    assert is_empty(app)


def test_retry_after_a_crash_overwrites_its_own_blob(app):
    app.catalogue.errors["add"] = KeyboardInterrupt()  # as good as a kill: nobody tidies up
    with pytest.raises(KeyboardInterrupt):
        upload_image(Upload(PICTURE, idempotency_key="k"), app)
    assert list(app.store.blobs.values()) == [PICTURE]

    app.catalogue.errors.clear()
    image = upload_image(Upload(PICTURE, idempotency_key="k"), app)
    assert app.store.blobs == {image.key: PICTURE}


def between_look_and_write(app, data):
    """Let another request come through whole, with the same key, after this one has looked and before it writes."""
    app.catalogue.meanwhile["add"] = lambda: upload_image(Upload(data, idempotency_key="k"), app)


def test_lost_race_with_same_bytes_returns_the_winner(app):
    between_look_and_write(app, PICTURE)
    image = upload_image(Upload(PICTURE, idempotency_key="k"), app)

    assert app.catalogue.images == {image.image_id: image}
    assert image.status is Status.DETECTED
    assert app.store.blobs == {image.key: PICTURE}
    assert len(app.detector.asked) == 1


def test_lost_race_with_other_bytes_leaves_nothing(app):
    between_look_and_write(app, OTHER)
    with pytest.raises(KeyReused):
        upload_image(Upload(PICTURE, idempotency_key="k"), app)

    (winner,) = app.catalogue.images.values()
    assert app.store.blobs == {winner.key: OTHER}


def test_lost_race_during_detection_returns_pending(app):
    answers = []

    def second_request():
        answers.append(upload_image(Upload(PICTURE, idempotency_key="k"), app))

    app.detector.meanwhile["detect"] = second_request
    winner = upload_image(Upload(PICTURE, idempotency_key="k"), app)

    assert [(image.image_id, image.status) for image in answers] == [(winner.image_id, Status.PENDING)]
    assert winner.status is Status.DETECTED
    assert len(app.detector.asked) == 1


def test_losing_the_race_to_a_deleted_image_asks_for_a_retry(app):
    between_look_and_write(app, PICTURE)
    looks = iter([False, False, True])  # this request, the winner, this request after the race

    def delete_before_the_third_look():
        if next(looks):
            app.catalogue.images.clear()
        else:
            app.catalogue.meanwhile["find"] = delete_before_the_third_look

    app.catalogue.meanwhile["find"] = delete_before_the_third_look
    with pytest.raises(Unavailable, match="send it again"):
        upload_image(Upload(PICTURE, idempotency_key="k"), app)

    assert not app.catalogue.images


def test_failed_add_keeps_the_blob_of_the_race_winner(app):
    """Both write the same blob. The winner was told that its image is safe, so the other must not tidy it away."""

    def winner_then_outage():
        upload_image(Upload(PICTURE, idempotency_key="k"), app)
        app.catalogue.errors["add"] = away()

    app.catalogue.meanwhile["add"] = winner_then_outage
    with pytest.raises(Unavailable):
        upload_image(Upload(PICTURE, idempotency_key="k"), app)

    (winner,) = app.catalogue.images.values()
    assert app.store.blobs == {winner.key: PICTURE}


@pytest.fixture
def pending(app):
    """An image whose first detection failed, uploaded with the key "k"."""
    app.detector.errors["detect"] = DetectorFailed("No answer.")
    image = upload_image(Upload(PICTURE, idempotency_key="k"), app)
    app.detector.errors.clear()
    return image


def test_repeated_upload_detects_a_free_pending_image(app, pending):
    image = upload_image(Upload(PICTURE, idempotency_key="k"), app)

    assert (image.image_id, image.status, image.attempts) == (pending.image_id, Status.DETECTED, 2)
    assert (image.error, image.claimed_until, image.object_count) == (None, None, 1)


def test_repeated_upload_leaves_a_held_image_alone(app, pending):
    app.catalogue.claim(pending.image_id, now=app.clock, until=app.clock + app.rules.lease)
    image = upload_image(Upload(PICTURE, idempotency_key="k"), app)

    assert (image.status, image.attempts) == (Status.PENDING, 2)
    assert app.detector.asked == []


def test_repeated_upload_detects_after_the_lease(app, pending):
    app.catalogue.claim(pending.image_id, now=app.clock, until=app.clock + app.rules.lease)
    app.clock += app.rules.lease - timedelta(microseconds=1)
    assert upload_image(Upload(PICTURE, idempotency_key="k"), app).status is Status.PENDING

    app.clock += timedelta(microseconds=1)
    image = upload_image(Upload(PICTURE, idempotency_key="k"), app)
    assert (image.status, image.attempts) == (Status.DETECTED, 3)


def test_repeated_upload_that_fails_stays_pending(app, pending):
    app.detector.errors["detect"] = DetectorFailed("Still no answer.")
    image = upload_image(Upload(PICTURE, idempotency_key="k"), app)

    assert (image.status, image.attempts, image.claimed_until) == (Status.PENDING, 2, None)
    assert image.error == "Still no answer."
