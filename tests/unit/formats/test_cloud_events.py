"""Test reading and writing CloudEvents in both modes."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circles.domain.errors import Malformed
from circles.domain.events import OutgoingEvent
from circles.formats.cloud_events import (
    IncomingEvent,
    read_event,
    to_binary_message,
    to_structured_message,
)

BINARY = {
    "Ce-Specversion": "1.0",
    "Ce-Id": "1",
    "Ce-Type": "t",
    "Ce-Source": "/s",
    "Content-Type": "application/json",
}
STRUCTURED = {"Content-Type": "application/cloudevents+json; charset=utf-8"}
DOCUMENT = {"specversion": "1.0", "id": "1", "type": "t", "source": "/s", "data": {"a": 1}}
READ = IncomingEvent("1", "t", "/s", None, {"a": 1})


def without(mapping, *names):
    return {name: value for name, value in mapping.items() if name not in names}


def test_both_modes_read_the_same_event():
    assert read_event(BINARY, b'{"a": 1}') == READ
    assert read_event(STRUCTURED, json.dumps(DOCUMENT).encode()) == READ


def test_structured_mode_accepts_base64_data():
    document = {**without(DOCUMENT, "data"), "data_base64": "eyJhIjogMX0="}

    assert read_event(STRUCTURED, json.dumps(document).encode()) == READ


def test_headers_are_unescaped_documents_are_not():
    assert read_event({**BINARY, "Ce-Type": "a%20%C3%A9%"}, b"").type == "a é%"
    assert (
        read_event(STRUCTURED, json.dumps({**DOCUMENT, "type": "a%20b"}).encode()).type == "a%20b"
    )


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b"hello"])
def test_non_json_data_is_left_unparsed(body):
    assert read_event(BINARY, body).data in (body, None)


def test_event_may_have_no_data():
    assert read_event(BINARY, b"").data is None


def test_traceparent_is_read():
    assert read_event({**BINARY, "Ce-Traceparent": "00-a-b-01"}, b"").traceparent == "00-a-b-01"


NONE = {
    "nothing": ({}, b""),
    "JSON of another kind": ({"Content-Type": "application/json"}, b'{"a": 1}'),
    "a form": ({"Content-Type": "application/x-www-form-urlencoded"}, b"a=1"),
    "another version": ({**BINARY, "Ce-Specversion": "2.0"}, b"{}"),
    "an old version": ({**BINARY, "Ce-Specversion": "0.3"}, b"{}"),
    **{
        f"without {name}": (without(BINARY, name), b"{}")
        for name in BINARY
        if name.startswith("Ce-")
    },
    **{f"empty {name}": ({**BINARY, name: ""}, b"{}") for name in BINARY if name.startswith("Ce-")},
    **{
        f"document without {name}": (STRUCTURED, json.dumps(without(DOCUMENT, name)).encode())
        for name in without(DOCUMENT, "data")
    },
    **{
        f"{name} is not text": (STRUCTURED, json.dumps({**DOCUMENT, name: [1]}).encode())
        for name in without(DOCUMENT, "data")
    },
    "a batch": (
        {"Content-Type": "application/cloudevents-batch+json"},
        json.dumps([DOCUMENT]).encode(),
    ),
    "a number": (STRUCTURED, b"1"),
    "broken JSON": (STRUCTURED, b"{"),
    "invalid UTF-8": (STRUCTURED, b"\xff\xfe{"),
    "nested without end": (STRUCTURED, b"[" * 100_000),
}


@pytest.mark.parametrize(("headers", "body"), NONE.values(), ids=NONE)
def test_non_cloud_event_is_refused_without_an_echo(headers, body):
    with pytest.raises(Malformed) as raised:
        read_event({**headers, "Authorization": "Bearer secret"}, body)

    assert str(raised.value).startswith(("The request is not a CloudEvent.", "A CloudEvent needs"))


documents = st.recursive(
    st.none() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*DOCUMENT, "data_base64"]), inner)
    ),
    max_leaves=10,
)


@given(
    st.dictionaries(st.sampled_from([*BINARY, "X"]), st.text(max_size=20)),
    st.binary() | documents.map(lambda value: json.dumps(value).encode()),
)
def test_any_request_is_read_or_malformed(headers, body):
    try:
        event = read_event(headers, body)
    except Malformed:
        return
    assert event.event_id and event.type and event.source


texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)
events = st.builds(
    OutgoingEvent,
    event_id=texts,
    type=texts,
    source=texts,
    subject=texts,
    time=st.datetimes(timezones=st.just(UTC)),
    traceparent=st.none() | texts,
    data=st.dictionaries(texts, texts | st.integers()),
)


@given(events)
def test_written_events_can_be_read_in_both_modes(event):
    expected = IncomingEvent(
        event.event_id, event.type, event.source, event.traceparent, event.data
    )

    headers, body = to_binary_message(event)
    assert read_event(headers, body) == expected
    assert all(
        value.isascii() and value.isprintable() and " " not in value for value in headers.values()
    )
    assert read_event(*to_structured_message(event)) == expected


def test_time_is_written_in_utc_milliseconds():
    event = OutgoingEvent(
        "1", "t", "/s", "x", datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC), None, {}
    )

    assert to_binary_message(event)[0]["ce-time"] == "2026-01-02T03:04:05.678Z"
