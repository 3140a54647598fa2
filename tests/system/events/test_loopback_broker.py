"""Test that the loopback broker treats events as Knative's broker does."""

from urllib.parse import urlsplit

import pytest
import requests

from tests.functions.sinks import FakeSink
from tests.system.processes import Process, free_port, wait_for
from tests.system.site import stand_in

EVENT = {
    "ce-specversion": "1.0",
    "ce-id": "1",
    "ce-type": "a.b",
    "ce-source": "/s",
    "ce-subject": "x%20y",
    "content-type": "application/json",
}


@pytest.fixture
def receiver():
    with FakeSink(204) as running:
        yield running


@pytest.fixture
def broker(receiver, tmp_path):
    port = free_port()
    process: Process = stand_in(
        "loopback_broker", tmp_path, BROKER_PORT=port, BROKER_TRIGGERS=f"a.={receiver.url}"
    )
    process.url = f"http://127.0.0.1:{port}/"
    try:
        process.wait_for_line("listening on")
        yield process
    finally:
        process.stop()


def send(broker, **changed):
    headers = {name: text for name, text in {**EVENT, **changed}.items() if text}
    return requests.post(broker.url, data=b'{"n": 1}', headers=headers, timeout=10).status_code


def test_a_taken_port_is_noticed(receiver, tmp_path):
    """A site that waited for an answer of that port would talk to a stranger, and wait for ever."""
    process = stand_in(
        "loopback_broker", tmp_path, BROKER_PORT=urlsplit(receiver.url).port, BROKER_TRIGGERS=""
    )
    with pytest.raises(AssertionError, match="Address already in use"):
        process.wait_for_line("listening on")


def test_event_is_delivered_unchanged(broker, receiver):
    assert send(broker) == 202
    wait_for(lambda: receiver.received, "the event")

    [(headers, body)] = receiver.received
    assert {name: headers[name] for name in EVENT} == EVENT
    assert body == b'{"n": 1}'


@pytest.mark.parametrize("name", ["ce-id", "ce-type", "ce-source", "ce-specversion"])
def test_event_without_an_attribute_is_refused(broker, receiver, name):
    assert send(broker, **{name: ""}) == 400
    assert receiver.received == []


@pytest.mark.parametrize("status", [500, 503, 404, 408, 409, 429])
def test_retryable_status_is_delivered_again(broker, receiver, status):
    receiver.statuses = [status, status, 202]
    send(broker)
    wait_for(lambda: len(receiver.received) == 3, "the third delivery")

    assert set(receiver.ids()) == {"1"}


@pytest.mark.parametrize("status", [400, 401, 422])
def test_permanent_status_is_a_dead_letter(broker, receiver, status):
    receiver.statuses = [status]
    send(broker)
    wait_for(
        lambda: f"dead letter: a.b x y id=1 answered {status}" in broker.log, "the dead letter"
    )

    assert len(receiver.received) == 1


def test_answer_with_a_body_is_delivered_again(broker, receiver):
    receiver.statuses, receiver.body = [200], b"OK"
    send(broker)

    wait_for(lambda: len(receiver.received) > 1, "another delivery")


def test_event_without_a_trigger_is_printed(broker, receiver):
    send(broker, **{"ce-type": "c.d"})
    wait_for(lambda: "event out: c.d x y id=1" in broker.log, "the line")

    assert receiver.received == []
