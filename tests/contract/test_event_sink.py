"""Test the EventSink contract against real and faulty HTTP servers."""

import json
import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from cloudevents.http import from_http
from standardwebhooks import Webhook, WebhookVerificationError

from circles.adapters.event_sinks import BrokerSink, WebhookSink
from circles.adapters.http_client import HttpClient
from circles.domain.errors import Rejected, Unavailable
from circles.domain.events import OutgoingEvent
from tests.contract.faulty_server import faulty_server
from tests.functions.sinks import FakeSink
from tests.servers import free_ports

PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
SECRET = "whsec_" + "c2VjcmV0" * 4
EVENT = OutgoingEvent(
    event_id="01a20b84-1c36-74c3-8659-570327d96e61",
    type="dev.circles.image.detected",
    source="/circles",
    subject="01a20b84-1c36-74c3-8659-570327d96e62",
    time=datetime(2026, 11, 24, 6, 30, 0, 123000, tzinfo=UTC),
    traceparent=PARENT,
    data={
        "image_id": "01a20b84-1c36-74c3-8659-570327d96e62",
        "file_name": "Bälle ⚽.png",
        "object_count": 5,
    },
)
SINKS = {
    "broker": lambda url, client, timeout_s: BrokerSink(url, client, timeout_s=timeout_s),
    "webhook": lambda url, client, timeout_s: WebhookSink(
        url, client, timeout_s=timeout_s, secret=b"secret" * 4
    ),
}


@pytest.fixture(params=SINKS)
def sink_at(request):
    """Return a function that makes a sink for a URL."""
    client = HttpClient(threads=2, connect_timeout_s=1.0)
    return lambda url, timeout_s=20.0: SINKS[request.param](url, client, timeout_s)


@pytest.fixture
def receiver():
    with FakeSink() as running:
        yield running


def test_broker_is_sent_the_token_of_its_file(receiver, tmp_path):
    """Knative replaces the file each hour, and makes none where it authenticates no senders."""
    file = tmp_path / "token"
    client = HttpClient(threads=2, connect_timeout_s=1.0)
    sink = BrokerSink(receiver.url, client, timeout_s=20.0, token_file=file)

    for text in (None, "first\n", "second", ""):
        if text is not None:
            file.write_text(text)
        sink.send(EVENT)

    sent = [headers.get("authorization") for headers, _ in receiver.received]
    assert sent == [None, "Bearer first", "Bearer second", None]


def test_traceparent_is_sent_as_a_header(sink_at, receiver):
    sink_at(receiver.url).send(EVENT)

    assert receiver.received[0][0]["traceparent"] == PARENT


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_2xx_status_accepts_the_event(sink_at, receiver, status):
    receiver.statuses = [status]

    sink_at(receiver.url).send(EVENT)

    assert len(receiver.received) == 1


@pytest.mark.parametrize(
    "status", [500, 502, 503, 504, 404, 408, 409, 425, 429, 401, 403, 301, 302, 307]
)
def test_retryable_status_is_unavailable(sink_at, receiver, status):
    receiver.statuses = [status]
    with pytest.raises(Unavailable, match=f"answered {status}"):
        sink_at(receiver.url).send(EVENT)

    assert len(receiver.received) == 1  # the outbox retries, not the sink


@pytest.mark.parametrize("status", [400, 405, 410, 413, 415, 422])
def test_permanent_status_is_rejected(sink_at, receiver, status):
    receiver.statuses = [status]
    with pytest.raises(Rejected, match=f"answered {status}"):
        sink_at(receiver.url).send(EVENT)


def test_unreachable_receiver_is_unavailable(sink_at):
    [port] = free_ports(1)
    with pytest.raises(Unavailable):
        sink_at(f"http://127.0.0.1:{port}/").send(EVENT)


ERRORS = {
    "resets": lambda _, connection: connection.reset(),
    "says nothing": lambda _, connection: connection.hold(),
    "drips its head": lambda _, connection: connection.drip(b"H", 0.05),
    "is no HTTP": lambda _, connection: connection.send(b"SSH-2.0-x\r\n"),
}


@pytest.mark.parametrize("error", ERRORS)
def test_misbehaving_receiver_is_unavailable(sink_at, error):
    with faulty_server(ERRORS[error]) as (url, _), pytest.raises(Unavailable):
        sink_at(url, timeout_s=0.5).send(EVENT)


def test_response_body_is_not_awaited(sink_at):
    def behave(_, connection):
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nx")
        connection.hold()

    with faulty_server(behave) as (url, _):
        sink_at(url).send(EVENT)


def test_errors_do_not_show_the_address(sink_at):
    with pytest.raises(Unavailable) as raised:
        sink_at("http://127.0.0.1:9/secret-token").send(EVENT)

    assert "secret-token" not in str(raised.value)
    assert "127.0.0.1" not in str(raised.value)


# Messages to a broker


def broker_message(receiver, event=EVENT, **options):
    BrokerSink(
        receiver.url, HttpClient(threads=1, connect_timeout_s=1.0), timeout_s=20, **options
    ).send(event)
    return receiver.received[-1]


def test_broker_gets_a_binary_mode_cloud_event(receiver):
    headers, body = broker_message(receiver)
    event = from_http(headers, body)

    assert headers["content-type"] == "application/json"
    assert json.loads(body) == EVENT.data
    assert event.get_attributes() == {
        "specversion": "1.0",
        "id": EVENT.event_id,
        "type": EVENT.type,
        "source": "/circles",
        "subject": EVENT.subject,
        "time": "2026-11-24T06:30:00.123Z",
        "datacontenttype": "application/json",
        "traceparent": PARENT,
    }


def test_event_without_a_trace_has_no_traceparent(receiver):
    headers, _ = broker_message(receiver, replace(EVENT, traceparent=None))

    assert not {"ce-traceparent", "traceparent"} & headers.keys()


def test_ce_overrides_are_added_and_win(receiver):
    headers, _ = broker_message(receiver, extensions=(("site", "b"), ("subject", "other")))

    assert (headers["ce-site"], headers["ce-subject"]) == ("b", "other")


# Messages to a webhook


def webhook_message(receiver):
    client = HttpClient(threads=1, connect_timeout_s=1.0)
    WebhookSink(receiver.url, client, timeout_s=20, secret=b"secret" * 4).send(EVENT)
    return receiver.received[-1]


def test_webhook_passes_the_receivers_library(receiver):
    headers, body = webhook_message(receiver)
    document = Webhook(SECRET).verify(body, headers)

    assert headers["content-type"].startswith("application/cloudevents+json")
    assert headers["webhook-id"] == EVENT.event_id
    assert abs(int(headers["webhook-timestamp"]) - time.time()) < 60
    assert document["type"] == EVENT.type
    assert document["data"] == EVENT.data
    assert document["traceparent"] == PARENT


@pytest.mark.parametrize("change", ["body", "webhook-id", "webhook-timestamp", "secret"])
def test_changed_webhook_fails_verification(receiver, change):
    headers, body = webhook_message(receiver)
    secret = "whsec_" + "b3RoZXIx" * 4 if change == "secret" else SECRET
    body = body.replace(b"detected", b"failed") if change == "body" else body
    changed = {
        "webhook-id": "other",
        "webhook-timestamp": str(int(headers["webhook-timestamp"]) - 1),
    }
    if change in changed:
        headers = {**headers, change: changed[change]}

    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body, headers)


def test_resent_event_keeps_its_id(receiver):
    webhook_message(receiver)
    webhook_message(receiver)

    assert len({headers["webhook-id"] for headers, _ in receiver.received}) == 1
    assert len({json.loads(body)["id"] for _, body in receiver.received}) == 1
