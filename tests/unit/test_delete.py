"""delete_image and detect_again on fakes."""

from datetime import timedelta

import pytest

from circles.domain.detections import ObjectFilter
from circles.domain.errors import Damaged, DetectorFailed, KeyReused, NotFound, Unavailable
from circles.domain.images import Status
from circles.domain.pictures import Upload
from circles.usecases.delete import delete_image
from circles.usecases.detect import detect_again
from circles.usecases.repair import repair_images
from circles.usecases.upload import upload_image
from tests.unit.fakes.detector import CIRCLE
from tests.unit.fakes.faults import away
from tests.unit.fakes.services import FakeServices

PICTURE, OTHER = b"picture of coins", b"picture of buttons"
UNKNOWN = "01890a5d-ac96-774b-bcce-b302099a8057"


@pytest.fixture
def app():
    return FakeServices()


@pytest.fixture
def image(app):
    return upload_image(Upload(PICTURE, idempotency_key="k"), app)


# Deletion


def test_deleted_image_leaves_nothing(app, image):
    app.journal.clear()
    delete_image(image.image_id, app)

    assert app.catalogue.images == app.store.blobs == app.catalogue.found == app.catalogue.tables.tombstones == {}
    assert app.journal == ["bury", "key", "delete", "finish"]


def test_unknown_image_cannot_be_deleted(app, image):
    with pytest.raises(NotFound):
        delete_image(UNKNOWN, app)
    delete_image(image.image_id, app)
    with pytest.raises(NotFound):
        delete_image(image.image_id, app)


def test_nothing_is_deleted_without_the_catalogue(app, image):
    app.catalogue.errors["bury"] = away()
    with pytest.raises(Unavailable):
        delete_image(image.image_id, app)

    assert app.catalogue.images and app.store.blobs


@pytest.mark.parametrize(("port", "method"), [("store", "delete"), ("upkeep", "key"), ("upkeep", "finish")])
def test_repair_finishes_an_interrupted_deletion(app, image, port, method):
    getattr(app, port).errors[method] = away()
    delete_image(image.image_id, app)
    assert app.catalogue.images == {} and app.catalogue.tables.tombstones

    getattr(app, port).errors.clear()
    assert repair_images(app).blobs_deleted == 1
    assert app.store.blobs == app.catalogue.tables.tombstones == {}


def test_undeletable_blob_does_not_block_others(app, image):
    other = upload_image(Upload(OTHER), app)
    app.store.errors["delete"] = away()
    delete_image(image.image_id, app)
    delete_image(other.image_id, app)
    app.store.errors.clear()
    forget = app.store.delete

    def locked(key):
        if key == image.key:
            raise away()
        forget(key)

    app.store.delete = locked
    report = repair_images(app)

    assert (report.blobs_deleted, report.cut_short) == (1, True)
    assert list(app.store.blobs) == [image.key]


def test_upload_after_a_deletion_keeps_its_blob(app, image):
    """The blob's key follows from idempotency key and bytes, and the first image's deletion is not finished."""
    app.store.errors["delete"] = away()
    delete_image(image.image_id, app)
    second = upload_image(Upload(PICTURE, idempotency_key="k"), app)
    app.store.errors.clear()
    repair_images(app)

    assert second.key != image.key
    assert app.store.blobs == {second.key: PICTURE}


def test_upload_during_a_deletion_keeps_its_blob(app, image):
    again = []
    app.store.meanwhile["delete"] = lambda: again.append(upload_image(Upload(PICTURE, idempotency_key="k"), app))
    delete_image(image.image_id, app)

    assert app.store.blobs == {again[0].key: PICTURE}
    assert list(app.catalogue.images.values()) == again


def test_upload_survives_the_deletion_of_its_twin(app):
    """Both have the same key and bytes, so the same blob: the first's deletion removes what the second has put."""

    def come_and_go():
        delete_image(upload_image(Upload(PICTURE, idempotency_key="k"), app).image_id, app)

    app.catalogue.meanwhile["add"] = come_and_go
    image = upload_image(Upload(PICTURE, idempotency_key="k"), app)

    assert app.store.blobs == {image.key: PICTURE}
    assert app.catalogue.images == {image.image_id: image}


def test_lost_race_with_other_bytes_deletes_its_own_blob(app):
    app.catalogue.meanwhile["add"] = lambda: upload_image(Upload(OTHER, idempotency_key="k"), app)
    with pytest.raises(KeyReused):
        upload_image(Upload(PICTURE, idempotency_key="k"), app)

    assert list(app.store.blobs.values()) == [OTHER]
    assert app.catalogue.tables.tombstones == {}


def test_shared_blob_is_deleted_with_its_last_image(app):
    """An upload with a key was cut off before its row; its blob was adopted, and then the client tried again."""
    app.catalogue.errors["add"] = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        upload_image(Upload(PICTURE, idempotency_key="k"), app)
    app.catalogue.errors.clear()
    app.clock += app.rules.adopt_after
    assert repair_images(app).adopted == 1
    [adopted] = app.catalogue.images.values()
    retried = upload_image(Upload(PICTURE, idempotency_key="k"), app)
    assert retried.key == adopted.key

    delete_image(retried.image_id, app)
    third = upload_image(Upload(PICTURE, idempotency_key="k"), app)
    assert app.store.blobs == {adopted.key: PICTURE, third.key: PICTURE}
    delete_image(adopted.image_id, app)
    assert app.store.blobs == {third.key: PICTURE}


def test_finished_tombstones_are_forgotten_after_a_day(app, image):
    delete_image(image.image_id, app)
    app.clock += timedelta(hours=23)
    repair_images(app)
    assert app.catalogue.tables.finished

    app.clock += timedelta(hours=2)
    repair_images(app)
    assert not app.catalogue.tables.finished


# Once more


def test_second_run_is_served_and_the_first_is_kept(app, image):
    (old,) = app.catalogue.objects(image.image_id, ObjectFilter())[1]
    app.detector.circles = (CIRCLE, CIRCLE)
    again = detect_again(image.image_id, app)

    assert (again.status, again.object_count, again.attempts) == (Status.DETECTED, 2, 2)
    assert len(app.catalogue.objects(image.image_id, ObjectFilter())[1]) == 2
    assert app.catalogue.object(image.image_id, old.object_id) == old


@pytest.mark.parametrize("fault", [DetectorFailed("No answer."), away()])
def test_failed_second_run_keeps_the_result_and_the_error(app, image, fault):
    app.detector.errors["detect"] = fault
    with pytest.raises(type(fault)):
        detect_again(image.image_id, app)

    after = app.catalogue.get(image.image_id)
    assert (after.status, after.object_count, after.error, after.claimed_until) == (
        Status.DETECTED, 1, str(fault), None,
    )  # fmt: skip
    assert len(app.catalogue.objects(image.image_id, ObjectFilter())[1]) == 1
    app.detector.errors.clear()
    assert detect_again(image.image_id, app).error is None


def test_only_one_of_two_concurrent_runs_detects(app, image):
    answers = []
    app.detector.meanwhile["detect"] = lambda: answers.append(detect_again(image.image_id, app))
    detect_again(image.image_id, app)

    assert [(answer.status, answer.claimed_until) for answer in answers] == [
        (Status.DETECTED, app.clock + app.rules.lease)
    ]
    assert len(app.detector.asked) == 2  # the upload's and one more


def test_unknown_image_cannot_be_redetected(app):
    with pytest.raises(NotFound):
        detect_again(UNKNOWN, app)


def test_image_deleted_during_redetection_is_not_found(app, image):
    app.detector.meanwhile["detect"] = lambda: delete_image(image.image_id, app)
    with pytest.raises(NotFound):
        detect_again(image.image_id, app)

    assert app.catalogue.images == app.store.blobs == {}


def test_image_without_its_blob_cannot_be_redetected(app, image):
    app.store.blobs.clear()
    with pytest.raises(NotFound):
        detect_again(image.image_id, app)

    after = app.catalogue.get(image.image_id)
    assert (after.status, after.object_count, after.claimed_until) == (Status.DETECTED, 1, None)


def test_image_with_a_changed_blob_is_damaged(app, image):
    app.store.blobs[image.key] = OTHER[: len(PICTURE)]
    with pytest.raises(Damaged):
        detect_again(image.image_id, app)


def test_pending_image_is_redetected_before_it_is_due(app):
    app.detector.errors["detect"] = DetectorFailed("No answer.")
    image = upload_image(Upload(PICTURE), app)
    app.detector.errors.clear()

    assert detect_again(image.image_id, app).status is Status.DETECTED
