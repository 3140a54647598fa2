"""Test on fakes which events are sent, and sinks that fail."""

from dataclasses import replace
from datetime import timedelta

import pytest

from circles.domain.errors import DetectorFailed, Rejected, Unavailable
from circles.domain.pictures import Upload
from circles.formats.documents import image_document
from circles.telemetry import trace
from circles.usecases.delete import delete_image
from circles.usecases.detect import detect_again
from circles.usecases.events.dispatch import dispatch_outbox
from circles.usecases.register import register_object
from circles.usecases.upkeep.repair import repair_images
from circles.usecases.upload import upload_image
from tests.unit.fakes.faults import unavailable
from tests.unit.fakes.services import FakeServices
from tests.unit.fakes.sink import FakeSink
from tests.unit.usecases.test_register import PICTURE, drop

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def services():
    services = FakeServices()
    services.sinks = {"broker": FakeSink()}
    return services


@pytest.fixture
def sink(services):
    return services.sinks["broker"]


def upload(services):
    return upload_image(Upload(PICTURE), services)


def waiting(services):
    return [row for row in services.catalogue.tables.outbox if row.state == "waiting"]


def test_upload_announces_uploaded_then_detected(services, sink):
    image = upload(services)
    assert sink.taken == []  # sending does not delay the upload
    services.run_background()

    assert sink.announced() == [
        ("image.uploaded", image.image_id),
        ("image.detected", image.image_id),
    ]
    uploaded, detected = sink.taken
    assert (uploaded.data["status"], uploaded.data["object_count"]) == ("pending", 0)
    assert detected.data == image_document(image)
    assert (detected.type, detected.source, detected.time) == (
        "org.example.image.detected",
        "/circles",
        services.clock,
    )
    assert uploaded.event_id != detected.event_id
    assert waiting(services) == []


def test_registered_file_announces_the_same_events(services, sink):
    event = drop(services)
    image = register_object(*event, services)
    register_object(*event, services)
    services.run_background()

    assert sink.announced() == [
        ("image.uploaded", image.image_id),
        ("image.detected", image.image_id),
    ]


def test_second_run_and_deletion_are_announced(services, sink):
    image = upload(services)
    services.detector.circles = ()
    detect_again(image.image_id, services)
    delete_image(image.image_id, services)
    services.run_background()

    assert [kind for kind, _ in sink.announced()] == [
        "image.uploaded",
        "image.detected",
        "image.detected",
        "image.deleted",
    ]
    assert [event.data["object_count"] for event in sink.taken] == [0, 1, 0, 0]


def test_failed_image_is_announced_with_its_error(services, sink):
    services.rules = replace(services.rules, max_attempts=1)
    services.detector.errors["detect"] = DetectorFailed("No answer.")
    upload(services)
    services.clock += timedelta(hours=1)
    repair_images(services)
    services.run_background()

    assert [kind for kind, _ in sink.announced()] == ["image.uploaded", "image.failed"]
    assert (sink.taken[1].data["status"], sink.taken[1].data["error"]) == ("failed", "No answer.")


def test_repeated_upload_announces_nothing_new(services, sink):
    for _ in range(3):
        upload_image(Upload(PICTURE, idempotency_key="k"), services)
    services.run_background()

    assert len(sink.taken) == 2


def test_events_carry_the_trace_of_their_request(services, sink):
    trace.follow(PARENT)
    upload(services)
    trace.follow(None)
    upload(services)
    services.run_background()

    assert [event.traceparent for event in sink.taken] == [PARENT, None, PARENT, None]


@pytest.mark.parametrize(
    "given",
    [
        "",
        "x",
        PARENT.upper(),
        "ff" + PARENT[2:],
        PARENT[:-1],
        PARENT + "-x" * 99,
        "00-" + "0" * 32 + PARENT[35:],
        PARENT[:36] + "0" * 16 + PARENT[52:],
    ],
)
def test_malformed_traceparent_is_ignored(given):
    trace.follow(given)

    assert trace.traceparent.get() is None


def test_later_traceparent_version_is_kept():
    trace.follow("01" + PARENT[2:] + "-more")

    assert trace.traceparent.get() == "01" + PARENT[2:] + "-more"
    trace.follow(None)


def test_without_sinks_no_event_is_written(services):
    services.sinks = {}
    image = upload(services)
    delete_image(image.image_id, services)

    assert services.catalogue.tables.outbox == []
    assert services.background == {}


def test_every_sink_gets_the_same_event(services, sink):
    services.sinks["hook"] = FakeSink()
    upload(services)
    services.run_background()

    assert services.sinks["hook"].taken == sink.taken
    assert len(sink.taken) == 2


# Sinks that refuse or fail


def test_unavailable_sink_gets_its_events_later_in_order(services, sink):
    sink.errors["send"] = unavailable()
    image = upload(services)
    services.run_background()
    assert sink.taken == [] and len(waiting(services)) == 2

    sink.errors.clear()
    assert (
        dispatch_outbox(services) == 0
    )  # the first is not due yet, the second waits for the first
    services.clock += timedelta(seconds=5)
    assert dispatch_outbox(services) == 2
    assert sink.announced() == [
        ("image.uploaded", image.image_id),
        ("image.detected", image.image_id),
    ]


def test_event_delays_double_until_it_is_laid_aside(services, sink):
    services.rules = replace(services.rules, event_max_attempts=12)
    sink.errors["send"] = unavailable()
    upload(services)
    first, waits = waiting(services)[0], []
    while first.state == "waiting":
        dispatch_outbox(services)
        if first.state == "waiting":
            waits.append((first.due_at - services.clock).total_seconds())
            services.clock = first.due_at

    assert waits == [5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600]
    assert (first.queued.attempts, first.error) == (12, "It is unavailable.")
    sink.errors.clear()
    services.clock += timedelta(hours=1)
    assert dispatch_outbox(services) == 1
    assert [kind for kind, _ in sink.announced()] == ["image.detected"]
    assert repair_images(services).events_laid_aside_seen == 1


@pytest.mark.parametrize(
    "fault", [Rejected("It answered 422."), Unavailable("x"), RuntimeError("a bug")]
)
def test_refused_event_blocks_no_other_image_or_sink(services, sink, fault):
    services.sinks["hook"] = FakeSink()
    first, second = upload(services), upload(services)
    sink.before["send"] = lambda: _raise(fault)
    services.run_background()

    announced = sink.announced()
    assert [image_id for _, image_id in announced].count(second.image_id) == 2
    assert len(services.sinks["hook"].taken) == 4
    if isinstance(fault, Rejected):
        assert announced.count(("image.detected", first.image_id)) == 1
    else:
        assert first.image_id not in [image_id for _, image_id in announced]


def _raise(error):
    raise error


def test_unavailable_sink_is_tried_three_times(services, sink):
    for _ in range(10):
        upload(services)
    sink.errors["send"] = unavailable()
    sink.journal.clear()
    dispatch_outbox(services)

    assert sink.journal == ["sink.send"] * 3


def test_unrecorded_send_repeats_the_same_event_id(services, sink):
    upload(services)
    services.outbox.errors["sent"] = unavailable()
    with pytest.raises(Unavailable):
        dispatch_outbox(services)
    services.outbox.errors.clear()
    dispatch_outbox(services)

    assert [event.event_id for event in sink.taken] == [sink.taken[0].event_id] * 2 + [
        sink.taken[2].event_id
    ]


def test_events_of_a_removed_sink_stay_in_the_outbox(services, sink):
    upload(services)
    services.sinks = {"hook": FakeSink()}
    upload(services)
    services.run_background()

    assert len(services.sinks["hook"].taken) == 2
    assert len(waiting(services)) == 2


# Concurrency


def test_dispatch_sends_what_another_process_adds(services, sink):
    """Only one process at a time sends to a sink."""
    first = upload(services)
    counts = []

    def another_process():
        upload(services)
        counts.append(dispatch_outbox(services))

    sink.before["send"] = another_process
    counts.append(dispatch_outbox(services))

    assert counts == [0, 4]
    assert [image_id for _, image_id in sink.announced()].count(first.image_id) == 2


def test_event_written_as_the_lease_ends_is_sent(services, sink):
    upload(services)
    services.upkeep.before["end_lease"] = lambda: (upload(services), dispatch_outbox(services))

    assert dispatch_outbox(services) == 4


def test_dispatch_stops_after_losing_its_lease(services, sink):
    upload(services), upload(services)

    def slow():
        services.clock += timedelta(seconds=40)
        assert dispatch_outbox(services) == 4  # another process, once the lease has run out

    sink.before["send"] = slow
    dispatch_outbox(services)

    assert len(sink.taken) == 5  # the first event twice: delivery is at least once
    assert services.catalogue.tables.outbox == []


def test_dispatch_ends_at_its_deadline(services, sink):
    for _ in range(3):
        upload(services)
    until = services.clock + timedelta(seconds=10)

    def slow():
        services.clock += timedelta(seconds=10)

    sink.before["send"] = slow
    assert dispatch_outbox(services, until=until) == 1
