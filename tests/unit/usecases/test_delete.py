"""Test delete_image and detect_again on fakes."""

from dataclasses import replace
from datetime import timedelta

import pytest

from circles.domain.detections import ObjectFilter
from circles.domain.errors import Damaged, DetectorFailed, KeyReused, NotFound, Unavailable
from circles.domain.images import Status
from circles.domain.pictures import Upload
from circles.usecases.delete import delete_image
from circles.usecases.detect import detect_again
from circles.usecases.upkeep.repair import repair_images
from circles.usecases.upload import upload_image
from tests.unit.fakes.detector import CIRCLE
from tests.unit.fakes.faults import unavailable
from tests.unit.fakes.services import FakeServices

PICTURE, OTHER = b"picture of coins", b"picture of buttons"
UNKNOWN = "01890a5d-ac96-774b-bcce-b302099a8057"


@pytest.fixture
def services():
    return FakeServices()


@pytest.fixture
def image(services):
    return upload_image(Upload(PICTURE, idempotency_key="k"), services)


# Deletion


def test_deleted_image_leaves_nothing(services, image):
    services.journal.clear()
    delete_image(image.image_id, services)

    assert (
        services.catalogue.images
        == services.store.blobs
        == services.catalogue.found
        == services.catalogue.tables.tombstones
        == {}
    )
    assert services.journal == [
        "catalogue.delete",
        "upkeep.key_in_use",
        "store.delete",
        "store.list",
        "upkeep.finish_tombstone",
    ]


def test_unknown_image_cannot_be_deleted(services, image):
    with pytest.raises(NotFound):
        delete_image(UNKNOWN, services)
    delete_image(image.image_id, services)
    with pytest.raises(NotFound):
        delete_image(image.image_id, services)


def test_nothing_is_deleted_without_the_catalogue(services, image):
    services.catalogue.errors["delete"] = unavailable()
    with pytest.raises(Unavailable):
        delete_image(image.image_id, services)

    assert services.catalogue.images and services.store.blobs


@pytest.mark.parametrize(
    ("port", "method"),
    [("store", "delete"), ("upkeep", "key_in_use"), ("upkeep", "finish_tombstone")],
)
def test_repair_finishes_an_interrupted_deletion(services, image, port, method):
    getattr(services, port).errors[method] = unavailable()
    delete_image(image.image_id, services)
    assert services.catalogue.images == {} and services.catalogue.tables.tombstones

    getattr(services, port).errors.clear()
    assert repair_images(services).blobs_deleted == 1
    assert services.store.blobs == services.catalogue.tables.tombstones == {}


def test_undeletable_blob_does_not_block_others(services, image):
    other = upload_image(Upload(OTHER), services)
    services.store.errors["delete"] = unavailable()
    delete_image(image.image_id, services)
    delete_image(other.image_id, services)
    services.store.errors.clear()
    forget = services.store.delete

    def locked(key):
        if key == image.key:
            raise unavailable()
        forget(key)

    services.store.delete = locked
    report = repair_images(services)

    assert (report.blobs_deleted, report.cut_short) == (1, True)
    assert list(services.store.blobs) == [image.key]


def test_upload_after_a_deletion_keeps_its_blob(services, image):
    """The first deletion is unfinished and would share the blob key."""
    services.store.errors["delete"] = unavailable()
    delete_image(image.image_id, services)
    second = upload_image(Upload(PICTURE, idempotency_key="k"), services)
    services.store.errors.clear()
    repair_images(services)

    assert second.key != image.key
    assert services.store.blobs == {second.key: PICTURE}


def test_upload_during_a_deletion_keeps_its_blob(services, image):
    again = []
    services.store.before["delete"] = lambda: again.append(
        upload_image(Upload(PICTURE, idempotency_key="k"), services)
    )
    delete_image(image.image_id, services)

    assert services.store.blobs == {again[0].key: PICTURE}
    assert list(services.catalogue.images.values()) == again


def test_upload_survives_the_deletion_of_its_twin(services):
    """Both images share a blob, which the deletion of one removes."""

    def come_and_go():
        delete_image(
            upload_image(Upload(PICTURE, idempotency_key="k"), services).image_id, services
        )

    services.catalogue.before["add"] = come_and_go
    image = upload_image(Upload(PICTURE, idempotency_key="k"), services)

    assert services.store.blobs == {image.key: PICTURE}
    assert services.catalogue.images == {image.image_id: image}


def test_lost_race_with_other_bytes_deletes_its_own_blob(services):
    services.catalogue.before["add"] = lambda: upload_image(
        Upload(OTHER, idempotency_key="k"), services
    )
    with pytest.raises(KeyReused):
        upload_image(Upload(PICTURE, idempotency_key="k"), services)

    assert list(services.store.blobs.values()) == [OTHER]
    assert services.catalogue.tables.tombstones == {}


def test_shared_blob_is_deleted_with_its_last_image(services, image):
    """Code before BlobTaken made two images of one blob, which catalogues still have."""
    other = replace(image, image_id="other")
    services.catalogue.images["other"] = other
    services.catalogue.tables.runs["other"] = []

    delete_image(image.image_id, services)
    assert services.store.blobs == {image.key: PICTURE}
    delete_image("other", services)
    assert services.store.blobs == {}


def test_finished_tombstones_are_forgotten_after_a_day(services, image):
    delete_image(image.image_id, services)
    services.clock += timedelta(hours=23)
    repair_images(services)
    assert services.catalogue.tables.finished

    services.clock += timedelta(hours=2)
    repair_images(services)
    assert not services.catalogue.tables.finished


# Detecting again


def test_second_run_is_served_and_the_first_is_kept(services, image):
    (old,) = services.catalogue.objects(image.image_id, ObjectFilter())[1]
    services.detector.circles = (CIRCLE, CIRCLE)
    again = detect_again(image.image_id, services)

    assert (again.status, again.object_count, again.attempts) == (Status.DETECTED, 2, 1)
    assert len(services.catalogue.objects(image.image_id, ObjectFilter())[1]) == 2
    assert services.catalogue.object(image.image_id, old.object_id) == old


@pytest.mark.parametrize("fault", [DetectorFailed("No answer."), unavailable()])
def test_failed_second_run_keeps_the_result_and_the_error(services, image, fault):
    services.detector.errors["detect"] = fault
    with pytest.raises(type(fault)):
        detect_again(image.image_id, services)

    after = services.catalogue.get(image.image_id)
    assert (after.status, after.object_count, after.error, after.claimed_until) == (
        Status.DETECTED,
        1,
        str(fault),
        None,
    )
    assert len(services.catalogue.objects(image.image_id, ObjectFilter())[1]) == 1
    services.detector.errors.clear()
    assert detect_again(image.image_id, services).error is None


def test_only_one_of_two_concurrent_runs_detects(services, image):
    answers = []
    services.detector.before["detect"] = lambda: answers.append(
        detect_again(image.image_id, services)
    )
    detect_again(image.image_id, services)

    assert [(answer.status, answer.claimed_until) for answer in answers] == [
        (Status.DETECTED, services.clock + services.rules.lease)
    ]
    assert len(services.detector.asked) == 2  # one for the upload and one more


def test_unknown_image_cannot_be_redetected(services):
    with pytest.raises(NotFound):
        detect_again(UNKNOWN, services)


def test_image_deleted_during_redetection_is_not_found(services, image):
    services.detector.before["detect"] = lambda: delete_image(image.image_id, services)
    with pytest.raises(NotFound):
        detect_again(image.image_id, services)

    assert services.catalogue.images == services.store.blobs == {}


def test_image_without_its_blob_cannot_be_redetected(services, image):
    services.store.blobs.clear()
    with pytest.raises(NotFound):
        detect_again(image.image_id, services)

    after = services.catalogue.get(image.image_id)
    assert (after.status, after.object_count, after.claimed_until) == (Status.DETECTED, 1, None)


def test_image_with_a_changed_blob_is_damaged(services, image):
    services.store.blobs[image.key] = OTHER[: len(PICTURE)]
    with pytest.raises(Damaged):
        detect_again(image.image_id, services)


def test_pending_image_is_redetected_before_it_is_due(services):
    services.detector.errors["detect"] = DetectorFailed("No answer.")
    image = upload_image(Upload(PICTURE), services)
    services.detector.errors.clear()

    assert detect_again(image.image_id, services).status is Status.DETECTED
