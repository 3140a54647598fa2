"""Test upload_image on fakes: order of writes and failures."""

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
from tests.unit.fakes.faults import unavailable
from tests.unit.fakes.services import FakeServices

PICTURE = b"picture of coins"
OTHER = b"picture of buttons"


@pytest.fixture
def services():
    return FakeServices()


def is_empty(services):
    return (
        not services.store.blobs and not services.catalogue.images and not services.catalogue.found
    )


def test_picture_is_stored_described_and_detected(services):
    image = upload_image(Upload(PICTURE, "coins.jpg"), services)

    assert image == services.catalogue.images[image.image_id]
    assert (image.status, image.object_count, image.attempts) == (Status.DETECTED, 1, 1)
    assert (image.width, image.height, image.media_type, image.size_bytes) == (
        80,
        60,
        "image/jpeg",
        len(PICTURE),
    )
    assert (image.sha256, image.source) == (hashlib.sha256(PICTURE).hexdigest(), "upload")
    assert (image.file_name, image.idempotency_key, image.error) == ("coins.jpg", None, None)
    assert (image.model, image.model_version, image.detection_ms) == ("fake", "7", 12.5)
    assert image.created_at == image.detected_at == services.clock
    assert services.store.blobs == {f"images/{image.image_id}.jpg": PICTURE}


def test_writes_are_blob_then_row_then_objects(services):
    upload_image(Upload(PICTURE), services)

    assert services.journal == [
        "pictures.read",
        "catalogue.has_more_pending",
        "store.put",
        "catalogue.add",
        "pictures.upright",
        "detector.detect",
        "catalogue.record",
    ]


def test_row_is_claimed_before_detection(services):
    rows = []
    services.detector.before["detect"] = lambda: rows.extend(services.catalogue.images.values())
    upload_image(Upload(PICTURE), services)

    assert [(row.status, row.attempts, row.claimed_until) for row in rows] == [
        (Status.PENDING, 1, services.clock + services.rules.lease)
    ]


def test_store_gets_the_original_detector_the_upright(services):
    turned = b"picture6 of coins"
    image = upload_image(Upload(turned), services)

    assert services.store.blobs[image.key] == turned
    assert [(picture.data, picture.orientation) for picture in services.detector.asked] == [
        (b"upright " + turned, 1)
    ]


def test_picture_without_circles_is_detected(services):
    services.detector.circles = ()
    image = upload_image(Upload(PICTURE), services)

    assert (image.status, image.object_count) == (Status.DETECTED, 0)


@pytest.mark.parametrize("error", [UnsupportedPicture, TooLarge, UndecodablePicture])
def test_refused_picture_leaves_nothing(services, error):
    services.pictures.errors["read"] = error("No.")
    with pytest.raises(error):
        upload_image(Upload(PICTURE, idempotency_key="k"), services)

    assert is_empty(services)
    assert services.journal == ["pictures.read"]


def test_unavailable_store_leaves_no_row(services):
    services.store.errors["put"] = unavailable()
    with pytest.raises(Unavailable):
        upload_image(Upload(PICTURE), services)

    assert is_empty(services)
    assert services.detector.asked == []


def test_failed_add_removes_the_blob(services):
    services.catalogue.errors["add"] = unavailable()
    with pytest.raises(Unavailable):
        upload_image(Upload(PICTURE), services)

    assert is_empty(services)
    assert services.detector.asked == []


@pytest.mark.parametrize("fault", [unavailable(), NotFound("Gone."), Damaged("Broken.")])
def test_failed_cleanup_does_not_hide_the_first_error(services, fault):
    services.catalogue.errors["add"] = first = unavailable()
    services.store.errors["delete"] = fault
    with pytest.raises(Unavailable) as raised:
        upload_image(Upload(PICTURE), services)

    assert raised.value is first
    assert not services.catalogue.images


def test_failing_predictor_leaves_the_image_pending(services):
    services.detector.errors["detect"] = DetectorFailed("The predictor answered 500.")
    image = upload_image(Upload(PICTURE), services)

    assert image == services.catalogue.images[image.image_id]
    assert (image.status, image.error) == (Status.PENDING, "The predictor answered 500.")
    assert (image.attempts, image.claimed_until, image.object_count) == (1, None, 0)
    assert services.store.blobs[image.key] == PICTURE


def test_failed_release_keeps_the_claim(services):
    services.detector.errors["detect"] = DetectorFailed("No answer.")
    services.catalogue.errors["release"] = unavailable()
    image = upload_image(Upload(PICTURE), services)

    assert image == services.catalogue.images[image.image_id]
    assert (image.status, image.claimed_until) == (
        Status.PENDING,
        services.clock + services.rules.lease,
    )


def test_failed_record_loses_nothing(services):
    services.catalogue.errors["record"] = unavailable()
    image = upload_image(Upload(PICTURE, idempotency_key="k"), services)

    assert image == services.catalogue.images[image.image_id]
    assert image.status is Status.PENDING
    assert services.store.blobs[image.key] == PICTURE

    del services.catalogue.errors["record"]
    services.clock += services.rules.lease
    again = upload_image(Upload(PICTURE, idempotency_key="k"), services)
    assert (again.image_id, again.status, again.object_count) == (
        image.image_id,
        Status.DETECTED,
        1,
    )


def test_image_deleted_before_its_record_is_answered(services):
    services.catalogue.before["record"] = lambda: delete_image(
        next(iter(services.catalogue.images)), services
    )
    image = upload_image(Upload(PICTURE), services)

    assert image.status is Status.PENDING  # the client learns of the deletion at its Location
    assert is_empty(services)


def test_same_bytes_without_a_key_are_two_images(services):
    first, second = upload_image(Upload(PICTURE), services), upload_image(Upload(PICTURE), services)

    assert first.image_id != second.image_id
    assert len(services.catalogue.images) == len(services.store.blobs) == 2


def test_same_key_and_bytes_return_the_same_image(services):
    first = upload_image(Upload(PICTURE, "a.jpg", "k"), services)
    second = upload_image(Upload(PICTURE, "b.jpg", "k"), services)

    assert first == second
    assert (
        len(services.catalogue.images)
        == len(services.store.blobs)
        == len(services.detector.asked)
        == 1
    )


def test_same_key_with_other_bytes_is_refused(services):
    first = upload_image(Upload(PICTURE, idempotency_key="k"), services)
    with pytest.raises(KeyReused):
        upload_image(Upload(OTHER, idempotency_key="k"), services)

    assert services.catalogue.images == {first.image_id: first}
    assert services.store.blobs == {first.key: PICTURE}


def test_different_keys_make_different_images(services):
    first, second = (upload_image(Upload(PICTURE, idempotency_key=key), services) for key in "ab")

    assert first.image_id != second.image_id
    assert set(services.store.blobs) == {first.key, second.key}


def test_failed_key_lookup_stores_nothing(services):
    services.catalogue.errors["find_by_idempotency_key"] = unavailable()
    with pytest.raises(Unavailable):
        upload_image(Upload(PICTURE, idempotency_key="k"), services)

    assert is_empty(services)


def test_retry_after_a_crash_overwrites_its_own_blob(services):
    services.catalogue.errors["add"] = KeyboardInterrupt()  # like a kill: no cleanup runs
    with pytest.raises(KeyboardInterrupt):
        upload_image(Upload(PICTURE, idempotency_key="k"), services)
    assert list(services.store.blobs.values()) == [PICTURE]

    services.catalogue.errors.clear()
    image = upload_image(Upload(PICTURE, idempotency_key="k"), services)
    assert services.store.blobs == {image.key: PICTURE}


def race_before_the_write(services, data):
    """Complete another request with this key just before the write."""
    services.catalogue.before["add"] = lambda: upload_image(
        Upload(data, idempotency_key="k"), services
    )


def test_lost_race_with_same_bytes_returns_the_winner(services):
    race_before_the_write(services, PICTURE)
    image = upload_image(Upload(PICTURE, idempotency_key="k"), services)

    assert services.catalogue.images == {image.image_id: image}
    assert image.status is Status.DETECTED
    assert services.store.blobs == {image.key: PICTURE}
    assert len(services.detector.asked) == 1


def test_lost_race_with_other_bytes_leaves_nothing(services):
    race_before_the_write(services, OTHER)
    with pytest.raises(KeyReused):
        upload_image(Upload(PICTURE, idempotency_key="k"), services)

    (winner,) = services.catalogue.images.values()
    assert services.store.blobs == {winner.key: OTHER}


def test_lost_race_during_detection_returns_pending(services):
    answers = []

    def second_request():
        answers.append(upload_image(Upload(PICTURE, idempotency_key="k"), services))

    services.detector.before["detect"] = second_request
    winner = upload_image(Upload(PICTURE, idempotency_key="k"), services)

    assert [(image.image_id, image.status) for image in answers] == [
        (winner.image_id, Status.PENDING)
    ]
    assert winner.status is Status.DETECTED
    assert len(services.detector.asked) == 1


def test_losing_the_race_to_a_deleted_image_asks_for_a_retry(services):
    race_before_the_write(services, PICTURE)
    looks = iter([False, False, True])  # this request, the winner, and this request after the race

    def delete_before_the_third_look():
        if next(looks):
            services.catalogue.images.clear()
        else:
            services.catalogue.before["find_by_idempotency_key"] = delete_before_the_third_look

    services.catalogue.before["find_by_idempotency_key"] = delete_before_the_third_look
    with pytest.raises(Unavailable, match="send it again"):
        upload_image(Upload(PICTURE, idempotency_key="k"), services)

    assert not services.catalogue.images


def test_failed_add_keeps_the_blob_of_the_race_winner(services):
    """Both write the same blob. The winner has been answered, so the loser must not delete it."""

    def winner_then_outage():
        upload_image(Upload(PICTURE, idempotency_key="k"), services)
        services.catalogue.errors["add"] = unavailable()

    services.catalogue.before["add"] = winner_then_outage
    with pytest.raises(Unavailable):
        upload_image(Upload(PICTURE, idempotency_key="k"), services)

    (winner,) = services.catalogue.images.values()
    assert services.store.blobs == {winner.key: PICTURE}


@pytest.fixture
def pending(services):
    """Upload an image with the key "k" whose first detection fails."""
    services.detector.errors["detect"] = DetectorFailed("No answer.")
    image = upload_image(Upload(PICTURE, idempotency_key="k"), services)
    services.detector.errors.clear()
    return image


def test_repeated_upload_detects_a_free_pending_image(services, pending):
    image = upload_image(Upload(PICTURE, idempotency_key="k"), services)

    assert (image.image_id, image.status, image.attempts) == (pending.image_id, Status.DETECTED, 1)
    assert (image.error, image.claimed_until, image.object_count) == (None, None, 1)


def test_repeated_upload_leaves_a_held_image_alone(services, pending):
    services.catalogue.claim(
        pending.image_id, now=services.clock, until=services.clock + services.rules.lease
    )
    image = upload_image(Upload(PICTURE, idempotency_key="k"), services)

    assert (image.status, image.attempts) == (Status.PENDING, 2)
    assert services.detector.asked == []


def test_repeated_upload_detects_after_the_lease(services, pending):
    services.catalogue.claim(
        pending.image_id, now=services.clock, until=services.clock + services.rules.lease
    )
    services.clock += services.rules.lease - timedelta(microseconds=1)
    assert upload_image(Upload(PICTURE, idempotency_key="k"), services).status is Status.PENDING

    services.clock += timedelta(microseconds=1)
    image = upload_image(Upload(PICTURE, idempotency_key="k"), services)
    assert (image.status, image.attempts) == (Status.DETECTED, 2)


def test_repeated_upload_that_fails_stays_pending(services, pending):
    services.detector.errors["detect"] = DetectorFailed("Still no answer.")
    image = upload_image(Upload(PICTURE, idempotency_key="k"), services)

    assert (image.status, image.attempts, image.claimed_until) == (Status.PENDING, 1, None)
    assert image.error == "Still no answer."


def test_costly_picture_waits_only_with_a_turn(services):
    assert services.costly_turns.acquire(blocking=False)

    image = upload_image(Upload(b"picture$"), services)

    assert image.status is Status.PENDING
    assert "detector.detect" not in services.journal
    assert upload_image(Upload(b"picture"), services).status is Status.DETECTED

    services.costly_turns.release()
    assert upload_image(Upload(b"picture$"), services).status is Status.DETECTED
    assert services.costly_turns.acquire(blocking=False)  # given back

    services.run_background()
    assert services.catalogue.get(image.image_id).status is Status.DETECTED
