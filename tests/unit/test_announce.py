"""Events on fakes: which, with what, in which order, and what a sink may do to them."""

from dataclasses import replace
from datetime import timedelta

import pytest

from circles.domain.errors import DetectorFailed, Rejected, Unavailable
from circles.domain.pictures import Upload
from circles.formats.documents import image_document
from circles.telemetry import trace
from circles.usecases.delete import delete_image
from circles.usecases.detect import detect_again
from circles.usecases.dispatch import dispatch_outbox
from circles.usecases.register import register_object
from circles.usecases.repair import repair_images
from circles.usecases.upload import upload_image
from tests.unit.fakes.faults import away
from tests.unit.fakes.services import FakeServices
from tests.unit.fakes.sink import FakeSink
from tests.unit.test_register import PICTURE, drop

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def app():
    app = FakeServices()
    app.sinks = {"broker": FakeSink()}
    return app


@pytest.fixture
def sink(app):
    return app.sinks["broker"]


def upload(app):
    return upload_image(Upload(PICTURE), app)


def waiting(app):
    return [row for row in app.catalogue.tables.outbox if row.state == "waiting"]


def test_upload_announces_uploaded_then_detected(app, sink):
    image = upload(app)
    assert sink.taken == []  # sending is nobody's wait
    app.in_the_background()

    assert sink.told() == [("image.uploaded", image.image_id), ("image.detected", image.image_id)]
    uploaded, detected = sink.taken
    assert (uploaded.data["status"], uploaded.data["object_count"]) == ("pending", 0)
    assert detected.data == image_document(image)
    assert (detected.type, detected.source, detected.time) == ("org.example.image.detected", "/circles", app.clock)
    assert uploaded.event_id != detected.event_id
    assert waiting(app) == []


def test_registered_file_announces_the_same_events(app, sink):
    event = drop(app)
    image = register_object(*event, app)
    register_object(*event, app)
    app.in_the_background()

    assert sink.told() == [("image.uploaded", image.image_id), ("image.detected", image.image_id)]


def test_second_run_and_deletion_are_announced(app, sink):
    image = upload(app)
    app.detector.circles = ()
    detect_again(image.image_id, app)
    delete_image(image.image_id, app)
    app.in_the_background()

    assert [kind for kind, _ in sink.told()] == [
        "image.uploaded", "image.detected", "image.detected", "image.deleted",
    ]  # fmt: skip
    assert [event.data["object_count"] for event in sink.taken] == [0, 1, 0, 0]


def test_failed_image_is_announced_with_its_error(app, sink):
    app.rules = replace(app.rules, max_attempts=1)
    app.detector.errors["detect"] = DetectorFailed("No answer.")
    upload(app)
    app.clock += timedelta(hours=1)
    repair_images(app)
    app.in_the_background()

    assert [kind for kind, _ in sink.told()] == ["image.uploaded", "image.failed"]
    assert (sink.taken[1].data["status"], sink.taken[1].data["error"]) == ("failed", "No answer.")


def test_repeated_upload_announces_nothing_new(app, sink):
    for _ in range(3):
        upload_image(Upload(PICTURE, idempotency_key="k"), app)
    app.in_the_background()

    assert len(sink.taken) == 2


def test_events_carry_the_trace_of_their_request(app, sink):
    trace.follow(PARENT)
    upload(app)
    trace.follow(None)
    upload(app)
    app.in_the_background()

    assert [event.traceparent for event in sink.taken] == [PARENT, None, PARENT, None]


@pytest.mark.parametrize("given", ["", "x", PARENT.upper(), "ff" + PARENT[2:], PARENT[:-1], PARENT + "-x" * 99,
                                   "00-" + "0" * 32 + PARENT[35:], PARENT[:36] + "0" * 16 + PARENT[52:]])  # fmt: skip
def test_malformed_traceparent_is_ignored(given):
    trace.follow(given)

    assert trace.traceparent.get() is None


def test_later_traceparent_version_is_kept():
    trace.follow("01" + PARENT[2:] + "-more")

    assert trace.traceparent.get() == "01" + PARENT[2:] + "-more"
    trace.follow(None)


def test_without_sinks_no_event_is_written(app):
    app.sinks = {}
    image = upload(app)
    delete_image(image.image_id, app)

    assert app.catalogue.tables.outbox == []
    assert app.background == {}


def test_every_sink_gets_the_same_event(app, sink):
    app.sinks["hook"] = FakeSink()
    upload(app)
    app.in_the_background()

    assert app.sinks["hook"].taken == sink.taken
    assert len(sink.taken) == 2


# Sinks that do not take


def test_unavailable_sink_gets_its_events_later_in_order(app, sink):
    sink.errors["send"] = away()
    image = upload(app)
    app.in_the_background()
    assert sink.taken == [] and len(waiting(app)) == 2

    sink.errors.clear()
    assert dispatch_outbox(app) == 0  # the first waits for its moment, the second for the first
    app.clock += timedelta(seconds=5)
    assert dispatch_outbox(app) == 2
    assert sink.told() == [("image.uploaded", image.image_id), ("image.detected", image.image_id)]


def test_event_delays_double_until_it_is_laid_aside(app, sink):
    app.rules = replace(app.rules, event_max_attempts=12)
    sink.errors["send"] = away()
    upload(app)
    first, waits = waiting(app)[0], []
    while first.state == "waiting":
        dispatch_outbox(app)
        if first.state == "waiting":
            waits.append((first.due_at - app.clock).total_seconds())
            app.clock = first.due_at

    assert waits == [5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600]
    assert (first.queued.attempts, first.error) == (12, "It is away.")
    sink.errors.clear()
    app.clock += timedelta(hours=1)
    assert dispatch_outbox(app) == 1
    assert [kind for kind, _ in sink.told()] == ["image.detected"]
    assert repair_images(app).events_laid_aside_seen == 1


@pytest.mark.parametrize("fault", [Rejected("It answered 422."), Unavailable("x"), RuntimeError("a bug")])
def test_refused_event_blocks_no_other_image_or_sink(app, sink, fault):
    app.sinks["hook"] = FakeSink()
    first, second = upload(app), upload(app)
    sink.meanwhile["send"] = lambda: _raise(fault)
    app.in_the_background()

    told = sink.told()
    assert [image_id for _, image_id in told].count(second.image_id) == 2
    assert len(app.sinks["hook"].taken) == 4
    if isinstance(fault, Rejected):
        assert told.count(("image.detected", first.image_id)) == 1
    else:
        assert first.image_id not in [image_id for _, image_id in told]


def _raise(error):
    raise error


def test_unavailable_sink_is_tried_three_times(app, sink):
    for _ in range(10):
        upload(app)
    sink.errors["send"] = away()
    sink.journal.clear()
    dispatch_outbox(app)

    assert sink.journal == ["send"] * 3


def test_unrecorded_send_repeats_the_same_event_id(app, sink):
    upload(app)
    app.outbox.errors["sent"] = away()
    with pytest.raises(Unavailable):
        dispatch_outbox(app)
    app.outbox.errors.clear()
    dispatch_outbox(app)

    assert [event.event_id for event in sink.taken] == [sink.taken[0].event_id] * 2 + [sink.taken[2].event_id]


def test_events_of_a_removed_sink_stay_in_the_outbox(app, sink):
    upload(app)
    app.sinks = {"hook": FakeSink()}
    upload(app)
    app.in_the_background()

    assert len(app.sinks["hook"].taken) == 2
    assert len(waiting(app)) == 2


# Several at once


def test_dispatch_sends_what_another_process_adds(app, sink):
    """Only one process at a time sends to a sink."""
    first = upload(app)
    counts = []

    def another_process():
        upload(app)
        counts.append(dispatch_outbox(app))

    sink.meanwhile["send"] = another_process
    counts.append(dispatch_outbox(app))

    assert counts == [0, 4]
    assert [image_id for _, image_id in sink.told()].count(first.image_id) == 2


def test_event_written_as_the_lease_ends_is_sent(app, sink):
    upload(app)
    app.upkeep.meanwhile["end lease"] = lambda: (upload(app), dispatch_outbox(app))

    assert dispatch_outbox(app) == 4


def test_dispatch_stops_after_losing_its_lease(app, sink):
    upload(app), upload(app)

    def slow():
        app.clock += timedelta(seconds=40)
        assert dispatch_outbox(app) == 4  # another process, once the lease has run out

    sink.meanwhile["send"] = slow
    dispatch_outbox(app)

    assert len(sink.taken) == 5  # the first event twice: at least once
    assert app.catalogue.tables.outbox == []


def test_dispatch_ends_at_its_deadline(app, sink):
    for _ in range(3):
        upload(app)
    until = app.clock + timedelta(seconds=10)

    def slow():
        app.clock += timedelta(seconds=10)

    sink.meanwhile["send"] = slow
    assert dispatch_outbox(app, until=until) == 1
