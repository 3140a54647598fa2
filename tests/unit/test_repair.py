"""repair_images on fakes: what is taken up, how often, in which time, and what is only reported."""

from dataclasses import replace
from datetime import timedelta

import pytest

from circles.domain.errors import DetectorFailed, Unavailable
from circles.domain.images import Status
from circles.domain.pictures import Upload
from circles.usecases import sweep
from circles.usecases.delete import delete_image
from circles.usecases.register import register_object
from circles.usecases.repair import repair_images
from circles.usecases.upload import upload_image
from tests.unit.fakes.faults import away
from tests.unit.fakes.services import FakeServices
from tests.unit.fakes.sink import FakeSink
from tests.unit.test_register import KEY, OTHER, PICTURE, drop

MINUTE = timedelta(minutes=1)


@pytest.fixture
def app():
    return FakeServices()


def upload_without_predictor(app, count=1):
    app.detector.errors["detect"] = DetectorFailed("No answer.")
    images = [upload_image(Upload(PICTURE), app) for _ in range(count)]
    app.detector.errors.clear()
    return images


def facts(report):
    """What is not zero in a report."""
    return {name: value for name in dir(report) if name[0] != "_" and (value := getattr(report, name))}


def test_nothing_to_repair_changes_nothing(app):
    upload_image(Upload(PICTURE), app)

    assert facts(repair_images(app)) == {}


# Detections


def test_pending_image_is_detected_when_due(app):
    (image,) = upload_without_predictor(app)
    app.clock = image.due_at - timedelta(microseconds=1)
    assert facts(repair_images(app)) == {}

    app.clock = image.due_at
    assert facts(repair_images(app)) == {"detected": 1}
    assert app.catalogue.get(image.image_id).status is Status.DETECTED


def test_image_of_a_dead_worker_is_detected_after_the_lease(app):
    app.detector.errors["detect"] = KeyboardInterrupt()  # as good as a kill
    with pytest.raises(KeyboardInterrupt):
        upload_image(Upload(PICTURE), app)
    app.detector.errors.clear()
    assert facts(repair_images(app)) == {}

    app.clock += max(app.rules.lease, app.rules.repair_after)
    assert facts(repair_images(app)) == {"detected": 1}


def test_delays_double_until_the_image_is_given_up(app):
    app.rules = replace(app.rules, max_attempts=9)
    (image,) = upload_without_predictor(app)
    app.detector.errors["detect"] = DetectorFailed("The predictor answered 500.")
    waits = []
    while (image := app.catalogue.get(image.image_id)).status is Status.PENDING:
        waits.append((image.due_at - app.clock) / app.rules.repair_after)
        app.clock = image.due_at
        repair_images(app)

    assert waits == [1, 2, 4, 8, 16, 32, 40, 40, 40]
    assert (image.status, image.attempts, image.error) == (Status.FAILED, 9, "The predictor answered 500.")
    app.clock += timedelta(days=1)
    assert facts(repair_images(app)) == {}


def test_image_that_kills_every_worker_is_given_up(app):
    app.detector.errors["detect"] = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        upload_image(Upload(PICTURE), app)
    for _ in range(app.rules.max_attempts - 1):
        app.clock += timedelta(hours=1)
        with pytest.raises(KeyboardInterrupt):
            repair_images(app)
    app.clock += timedelta(hours=1)

    assert facts(repair_images(app)) == {"failed": 1}
    (image,) = app.catalogue.images.values()
    assert (image.attempts, image.error) == (app.rules.max_attempts, "Every detection of it was cut off.")


def test_unexpected_error_does_not_stop_other_images(app):
    first, second = upload_without_predictor(app, 2)
    app.clock += timedelta(hours=1)
    app.detector.meanwhile["detect"] = lambda: 1 / 0

    assert facts(repair_images(app)) == {"detected": 1, "put_off": 1}
    assert {app.catalogue.get(each.image_id).status for each in (first, second)} == {Status.PENDING, Status.DETECTED}


def test_failing_predictor_costs_only_three_attempts(app):
    upload_without_predictor(app, 10)
    app.clock += timedelta(hours=1)
    app.detector.errors["detect"] = DetectorFailed("No answer.")

    assert facts(repair_images(app)) == {"put_off": 3, "cut_short": True}
    assert sorted(image.attempts for image in app.catalogue.images.values()) == [1] * 7 + [2] * 3


def test_pending_image_without_its_blob_fails(app):
    (image,) = upload_without_predictor(app)
    app.store.blobs.clear()
    app.clock += timedelta(hours=1)

    report = facts(repair_images(app))
    assert report == {"failed": 1, "rows_without_blob_seen": 1}
    assert app.catalogue.get(image.image_id).error == "The stored picture is gone."


def test_pending_image_of_a_replaced_file_fails(app):
    app.detector.errors["detect"] = DetectorFailed("No answer.")
    image = register_object(*drop(app), app)
    app.detector.errors.clear()
    drop(app, OTHER)
    app.clock += timedelta(hours=1)

    assert repair_images(app).failed == 1
    assert "replaced" in app.catalogue.get(image.image_id).error


def test_concurrent_repairs_share_the_work(app):
    upload_without_predictor(app, 4)
    app.clock += timedelta(hours=1)
    reports = []
    app.detector.meanwhile["detect"] = lambda: reports.append(repair_images(app))
    reports.append(repair_images(app))

    assert [report.detected for report in reports] == [3, 1]
    assert len(app.detector.asked) == 4


def test_repair_stops_in_time_and_the_next_continues(app):
    upload_without_predictor(app, 4)
    app.clock += timedelta(hours=1)

    class Slow:
        def detect(self, picture):
            app.clock += app.rules.repair_budget * 0.6
            return app_detector.detect(picture)

    app_detector, app.detector = app.detector, Slow()

    assert facts(repair_images(app)) == {"detected": 2, "cut_short": True}
    assert facts(repair_images(app)) == {"detected": 2}


def test_slow_sink_does_not_block_detections(app):
    app.sinks = {"hook": FakeSink()}
    taken = app.sinks["hook"].send

    def slow(event):
        app.clock += app.rules.repair_budget
        taken(event)

    app.sinks["hook"].send = slow
    upload_without_predictor(app, 2)
    app.clock += timedelta(hours=1)
    reports = [repair_images(app) for _ in range(3)]

    assert [(report.events_sent, report.detected) for report in reports] == [(1, 0), (1, 2), (1, 0)]


def test_repair_without_the_catalogue_is_unavailable(app):
    app.upkeep.errors["due"] = away()
    with pytest.raises(Unavailable):
        repair_images(app)


# Blobs without rows


def test_file_with_a_lost_event_is_adopted_after_a_day(app):
    drop(app)
    assert facts(repair_images(app)) == {"blobs_without_row_seen": 1}

    app.clock += app.rules.adopt_after
    assert facts(repair_images(app)) == {"adopted": 1}
    (image,) = app.catalogue.images.values()
    assert (image.key, image.source, image.status) == (KEY, "s3", Status.DETECTED)
    assert facts(repair_images(app)) == {}


def test_interrupted_upload_is_adopted_after_a_day(app):
    app.catalogue.errors["add"] = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        upload_image(Upload(PICTURE), app)
    app.catalogue.errors.clear()
    assert facts(repair_images(app)) == {"blobs_without_row_seen": 1}

    app.clock += app.rules.adopt_after
    assert facts(repair_images(app)) == {"adopted": 1}
    (image,) = app.catalogue.images.values()
    assert (image.source, image.file_name, image.status) == ("upload", None, Status.DETECTED)
    delete_image(image.image_id, app)
    assert app.store.blobs == {}


def test_replacing_file_is_adopted_without_its_event(app):
    register_object(*drop(app), app)
    drop(app, OTHER)
    app.clock += app.rules.adopt_after

    report = repair_images(app)
    assert (report.adopted, report.rows_without_blob_seen) == (1, 1)
    assert len(app.catalogue.images) == 2


def test_unusable_file_is_read_once(app):
    drop(app, b"text")
    app.clock += app.rules.adopt_after
    assert facts(repair_images(app)) == {"refused": 1}

    app.journal.clear()
    assert facts(repair_images(app)) == {}
    assert "get" not in app.journal


def test_file_refused_as_an_event_is_not_read_again(app):
    with pytest.raises(Exception, match="no picture"):
        register_object(*drop(app, b"text"), app)
    app.clock += app.rules.adopt_after
    app.journal.clear()

    assert facts(repair_images(app)) == {}
    assert "get" not in app.journal


def test_own_blob_with_another_etag_is_known_by_its_key(app):
    """Copying the data folder changes the etags."""
    image = upload_image(Upload(PICTURE), app)
    app.store.blobs[image.key] = PICTURE + b" with another etag"
    app.clock += timedelta(days=2)

    assert facts(repair_images(app)) == {}


def test_blob_waiting_for_deletion_is_not_adopted(app):
    image = upload_image(Upload(PICTURE), app)
    other = register_object(*drop(app), app)
    app.store.errors["delete"] = away()
    for each in (image, other):
        delete_image(each.image_id, app)
    app.clock += timedelta(days=2)

    assert facts(repair_images(app)) == {"cut_short": True}
    assert app.catalogue.images == {}


def test_unexpected_error_does_not_stop_other_blobs(app):
    drop(app), drop(app, OTHER, "incoming/b")
    app.clock += app.rules.adopt_after
    app.pictures.meanwhile["read"] = lambda: 1 / 0

    assert facts(repair_images(app)) == {"adopted": 1}


# Rows without blobs


def test_detected_image_without_its_blob_is_reported(app):
    image = upload_image(Upload(PICTURE), app)
    app.store.blobs.clear()

    assert facts(repair_images(app)) == {"rows_without_blob_seen": 1}
    assert app.catalogue.get(image.image_id) == image


# Sweeps


@pytest.fixture
def short_sweeps(monkeypatch):
    monkeypatch.setattr(sweep, "_BLOBS", 3)
    monkeypatch.setattr(sweep, "_ROWS", 2)


def test_large_store_is_swept_in_parts(app, short_sweeps):
    for number in range(7):
        drop(app, PICTURE + b"%d" % number, f"incoming/{number}")

    assert [repair_images(app).blobs_without_row_seen for _ in range(6)] == [3, 3, 1, 3, 3, 1]


def test_many_rows_are_swept_in_parts(app, short_sweeps):
    for _ in range(5):
        upload_image(Upload(PICTURE), app)
    app.store.blobs.clear()

    assert [repair_images(app).rows_without_blob_seen for _ in range(6)] == [2, 2, 1, 2, 2, 1]


def test_sweep_out_of_time_continues_later(app):
    for number in range(6):
        drop(app, PICTURE + b"%d" % number, f"incoming/{number}")
    app.clock += app.rules.adopt_after
    fast = app.pictures.read

    def slow(data):
        app.clock += app.rules.repair_budget * 0.2
        return fast(data)

    app.pictures.read = slow
    reports = [repair_images(app) for _ in range(2)]

    assert [(report.adopted, report.cut_short) for report in reports] == [(4, True), (2, False)]


def test_only_one_process_sweeps(app):
    drop(app)
    inner = []
    app.store.meanwhile["list"] = lambda: inner.append(repair_images(app))
    outer = repair_images(app)

    assert (inner[0].blobs_without_row_seen, outer.blobs_without_row_seen) == (0, 1)


def test_dead_sweeper_blocks_the_next_for_one_lease(app):
    drop(app)
    app.store.errors["list"] = KeyboardInterrupt()
    app.upkeep.errors["end lease"] = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        repair_images(app)
    app.store.errors.clear(), app.upkeep.errors.clear()
    assert repair_images(app).blobs_without_row_seen == 0

    app.clock += app.rules.repair_budget + app.rules.lease
    assert repair_images(app).blobs_without_row_seen == 1


def test_unavailable_store_does_not_stop_detections(app):
    upload_without_predictor(app)
    app.clock += timedelta(hours=1)
    app.store.errors["list"] = away()

    assert facts(repair_images(app)) == {"detected": 1, "cut_short": True}


# Events


def test_repair_sends_waiting_events(app):
    app.sinks = {"hook": FakeSink()}
    image = upload_image(Upload(PICTURE), app)

    assert facts(repair_images(app)) == {"events_sent": 2}
    assert app.sinks["hook"].told() == [("image.uploaded", image.image_id), ("image.detected", image.image_id)]
