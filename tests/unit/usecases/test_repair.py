"""Test repair_images on fakes: retries, adoption, reports and time limits."""

from dataclasses import replace
from datetime import timedelta

import pytest

from circles.domain.errors import DetectorFailed, DetectorUnavailable, Unavailable
from circles.domain.images import Status
from circles.domain.pictures import Upload
from circles.usecases.delete import delete_image
from circles.usecases.register import register_object
from circles.usecases.upkeep import sweep
from circles.usecases.upkeep.repair import repair_images
from circles.usecases.upload import upload_image
from tests.unit.fakes.faults import unavailable
from tests.unit.fakes.services import FakeServices
from tests.unit.fakes.sink import FakeSink
from tests.unit.usecases.test_register import KEY, OTHER, PICTURE, drop

MINUTE = timedelta(minutes=1)


@pytest.fixture
def services():
    return FakeServices()


def upload_without_predictor(services, count=1):
    services.detector.errors["detect"] = DetectorFailed("No answer.")
    images = [upload_image(Upload(PICTURE), services) for _ in range(count)]
    services.detector.errors.clear()
    return images


def facts(report):
    """Return the counts of a report that are not zero."""
    return {
        name: value for name in dir(report) if name[0] != "_" and (value := getattr(report, name))
    }


def test_nothing_to_repair_changes_nothing(services):
    upload_image(Upload(PICTURE), services)

    assert facts(repair_images(services)) == {}


# Detections


def test_pending_image_is_detected_when_due(services):
    (image,) = upload_without_predictor(services)
    services.clock = image.due_at - timedelta(microseconds=1)
    assert facts(repair_images(services)) == {}

    services.clock = image.due_at
    assert facts(repair_images(services)) == {"detected": 1}
    assert services.catalogue.get(image.image_id).status is Status.DETECTED


def test_image_of_a_dead_worker_is_detected_after_the_lease(services):
    services.detector.errors["detect"] = KeyboardInterrupt()  # like a kill
    with pytest.raises(KeyboardInterrupt):
        upload_image(Upload(PICTURE), services)
    services.detector.errors.clear()
    assert facts(repair_images(services)) == {}

    services.clock += max(services.rules.lease, services.rules.repair_after)
    assert facts(repair_images(services)) == {"detected": 1}


def test_delays_double_until_the_image_is_given_up(services):
    services.rules = replace(services.rules, max_attempts=9)
    (image,) = upload_without_predictor(services)
    services.detector.errors["detect"] = DetectorFailed("The predictor answered 500.")
    waits = []
    while (image := services.catalogue.get(image.image_id)).status is Status.PENDING:
        waits.append((image.due_at - services.clock) / services.rules.repair_after)
        services.clock = image.due_at
        repair_images(services)

    assert waits == [1, 2, 4, 8, 16, 32, 40, 40]  # the ninth try is the last
    assert (image.status, image.attempts, image.error) == (
        Status.FAILED,
        9,
        "The predictor answered 500.",
    )
    services.clock += timedelta(days=1)
    assert facts(repair_images(services)) == {}


def test_image_that_kills_every_worker_is_given_up(services):
    services.detector.errors["detect"] = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        upload_image(Upload(PICTURE), services)
    for _ in range(services.rules.max_attempts - 1):
        services.clock += timedelta(hours=1)
        with pytest.raises(KeyboardInterrupt):
            repair_images(services)
    services.clock += timedelta(hours=1)

    assert facts(repair_images(services)) == {"failed": 1}
    (image,) = services.catalogue.images.values()
    assert (image.attempts, image.error) == (
        services.rules.max_attempts,
        "Every detection of it was interrupted.",
    )


def test_unexpected_error_does_not_stop_other_images(services):
    first, second = upload_without_predictor(services, 2)
    services.clock += timedelta(hours=1)
    services.detector.before["detect"] = lambda: 1 / 0

    assert facts(repair_images(services)) == {"detected": 1, "put_off": 1}
    assert {services.catalogue.get(each.image_id).status for each in (first, second)} == {
        Status.PENDING,
        Status.DETECTED,
    }


def test_failing_predictor_costs_only_three_attempts(services):
    upload_without_predictor(services, 10)
    services.clock += timedelta(hours=1)
    services.detector.errors["detect"] = DetectorUnavailable("No answer.")

    assert facts(repair_images(services)) == {"put_off": 3, "cut_short": True}
    assert (
        sorted(image.attempts for image in services.catalogue.images.values()) == [1] * 7 + [2] * 3
    )


def test_pending_image_without_its_blob_fails(services):
    (image,) = upload_without_predictor(services)
    services.store.blobs.clear()
    services.clock += timedelta(hours=1)

    report = facts(repair_images(services))
    assert report == {"failed": 1, "rows_without_blob_seen": 1}
    assert services.catalogue.get(image.image_id).error == "The stored picture is gone."


def test_pending_image_of_a_replaced_file_fails(services):
    services.detector.errors["detect"] = DetectorFailed("No answer.")
    image = register_object(*drop(services), services)
    services.detector.errors.clear()
    drop(services, OTHER)
    services.clock += timedelta(hours=1)

    assert repair_images(services).failed == 1
    assert "replaced" in services.catalogue.get(image.image_id).error


def test_concurrent_repairs_share_the_work(services):
    upload_without_predictor(services, 4)
    services.clock += timedelta(hours=1)
    reports = []
    services.detector.before["detect"] = lambda: reports.append(repair_images(services))
    reports.append(repair_images(services))

    assert [report.detected for report in reports] == [3, 1]
    assert len(services.detector.asked) == 4


def test_repair_stops_in_time_and_the_next_continues(services):
    upload_without_predictor(services, 4)
    services.clock += timedelta(hours=1)

    class Slow:
        def detect(self, picture):
            services.clock += services.rules.repair_budget * 0.6
            return app_detector.detect(picture)

    app_detector, services.detector = services.detector, Slow()

    assert facts(repair_images(services)) == {"detected": 2, "cut_short": True}
    assert facts(repair_images(services)) == {"detected": 2}


def test_slow_sink_does_not_block_detections(services):
    services.sinks = {"hook": FakeSink()}
    taken = services.sinks["hook"].send

    def slow(event):
        services.clock += services.rules.repair_budget
        taken(event)

    services.sinks["hook"].send = slow
    upload_without_predictor(services, 2)
    services.clock += timedelta(hours=1)
    reports = [repair_images(services) for _ in range(3)]

    assert [(report.events_sent, report.detected) for report in reports] == [(1, 0), (1, 2), (1, 0)]


def test_repair_without_the_catalogue_is_unavailable(services):
    services.upkeep.errors["due"] = unavailable()
    with pytest.raises(Unavailable):
        repair_images(services)


# Blobs without rows


def test_file_with_a_lost_event_is_adopted_after_a_day(services):
    drop(services)
    assert facts(repair_images(services)) == {"blobs_without_row_seen": 1}

    services.clock += services.rules.adopt_after
    assert facts(repair_images(services)) == {"adopted": 1}
    (image,) = services.catalogue.images.values()
    assert (image.key, image.source, image.status) == (KEY, "s3", Status.DETECTED)
    assert facts(repair_images(services)) == {}


def test_interrupted_upload_is_adopted_after_a_day(services):
    services.catalogue.errors["add"] = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        upload_image(Upload(PICTURE), services)
    services.catalogue.errors.clear()
    assert facts(repair_images(services)) == {"blobs_without_row_seen": 1}

    services.clock += services.rules.adopt_after
    assert facts(repair_images(services)) == {"adopted": 1}
    (image,) = services.catalogue.images.values()
    assert (image.source, image.file_name, image.status) == ("upload", None, Status.DETECTED)
    delete_image(image.image_id, services)
    assert services.store.blobs == {}


def test_replacing_file_is_adopted_without_its_event(services):
    register_object(*drop(services), services)
    drop(services, OTHER)
    services.clock += services.rules.adopt_after

    report = repair_images(services)
    assert (report.adopted, report.rows_without_blob_seen) == (1, 1)
    assert len(services.catalogue.images) == 2


def test_unusable_file_is_read_once(services):
    drop(services, b"text")
    services.clock += services.rules.adopt_after
    assert facts(repair_images(services)) == {"refused": 1}

    services.journal.clear()
    assert facts(repair_images(services)) == {}
    assert "store.get" not in services.journal


def test_file_refused_as_an_event_is_not_read_again(services):
    with pytest.raises(Exception, match="not a picture"):
        register_object(*drop(services, b"text"), services)
    services.clock += services.rules.adopt_after
    services.journal.clear()

    assert facts(repair_images(services)) == {}
    assert "store.get" not in services.journal


def test_own_blob_with_another_etag_is_known_by_its_key(services):
    """Copying the data folder changes the etags."""
    image = upload_image(Upload(PICTURE), services)
    services.store.blobs[image.key] = PICTURE + b" with another etag"
    services.clock += timedelta(days=2)

    assert facts(repair_images(services)) == {}


def test_blob_waiting_for_deletion_is_not_adopted(services):
    image = upload_image(Upload(PICTURE), services)
    other = register_object(*drop(services), services)
    services.store.errors["delete"] = unavailable()
    for each in (image, other):
        delete_image(each.image_id, services)
    services.clock += timedelta(days=2)

    assert facts(repair_images(services)) == {"cut_short": True, "batches_completed": 1}
    assert services.catalogue.images == {}


def test_unexpected_error_does_not_stop_other_blobs(services):
    drop(services), drop(services, OTHER, "incoming/b")
    services.clock += services.rules.adopt_after
    services.pictures.before["read"] = lambda: 1 / 0

    assert facts(repair_images(services)) == {"adopted": 1}


# Rows without blobs


def test_detected_image_without_its_blob_is_reported(services):
    image = upload_image(Upload(PICTURE), services)
    services.store.blobs.clear()

    assert facts(repair_images(services)) == {"rows_without_blob_seen": 1}
    assert services.catalogue.get(image.image_id) == image


# Sweeps


@pytest.fixture
def short_sweeps(monkeypatch):
    monkeypatch.setattr(sweep, "_BLOBS", 3)
    monkeypatch.setattr(sweep, "_ROWS", 2)


def test_large_store_is_swept_in_parts(services, short_sweeps):
    for number in range(7):
        drop(services, PICTURE + b"%d" % number, f"incoming/{number}")

    assert [repair_images(services).blobs_without_row_seen for _ in range(6)] == [3, 3, 1, 3, 3, 1]


def test_many_rows_are_swept_in_parts(services, short_sweeps):
    for _ in range(5):
        upload_image(Upload(PICTURE), services)
    services.store.blobs.clear()

    assert [repair_images(services).rows_without_blob_seen for _ in range(6)] == [2, 2, 1, 2, 2, 1]


def test_sweep_out_of_time_continues_later(services):
    for number in range(6):
        drop(services, PICTURE + b"%d" % number, f"incoming/{number}")
    services.clock += services.rules.adopt_after
    fast = services.pictures.read

    def slow(data):
        services.clock += services.rules.repair_budget * 0.2
        return fast(data)

    services.pictures.read = slow
    reports = [repair_images(services) for _ in range(2)]

    assert [(report.adopted, report.cut_short) for report in reports] == [(4, True), (2, False)]


def test_only_one_process_sweeps(services):
    drop(services)
    inner = []
    services.store.before["list"] = lambda: inner.append(repair_images(services))
    outer = repair_images(services)

    assert (inner[0].blobs_without_row_seen, outer.blobs_without_row_seen) == (0, 1)


def test_dead_sweeper_blocks_the_next_for_one_lease(services):
    drop(services)
    services.store.errors["list"] = KeyboardInterrupt()
    services.upkeep.errors["end_lease"] = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        repair_images(services)
    services.store.errors.clear(), services.upkeep.errors.clear()
    assert repair_images(services).blobs_without_row_seen == 0

    services.clock += services.rules.repair_budget + services.rules.lease
    assert repair_images(services).blobs_without_row_seen == 1


def test_unavailable_store_does_not_stop_detections(services):
    upload_without_predictor(services)
    services.clock += timedelta(hours=1)
    services.store.errors["list"] = unavailable()

    assert facts(repair_images(services)) == {"detected": 1, "cut_short": True}


# Events


def test_repair_sends_waiting_events(services):
    services.sinks = {"hook": FakeSink()}
    image = upload_image(Upload(PICTURE), services)

    assert facts(repair_images(services)) == {"events_sent": 2}
    assert services.sinks["hook"].announced() == [
        ("image.uploaded", image.image_id),
        ("image.detected", image.image_id),
    ]
