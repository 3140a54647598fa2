"""Test reading S3 records and making events of them."""

import json
import math
from datetime import UTC, datetime
from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circles.domain.errors import Malformed
from circles.formats.cloud_events import to_binary_message, to_structured_message
from circles.formats.s3_notifications import Notice, read_notices, read_notification, to_event

NOW = datetime(2026, 1, 1, tzinfo=UTC)
PUT = "com.amazonaws.s3.ObjectCreated:Put"


def record(key="incoming/a.png", name="ObjectCreated:Put", **found):
    return {
        "eventName": name,
        "s3": {"bucket": {"name": "circles"}, "object": {"key": quote_plus(key), **found}},
    }


@pytest.mark.parametrize("way", ["Put", "Post", "Copy", "CompleteMultipartUpload"])
@pytest.mark.parametrize("prefix", ["", "s3:"])
def test_creation_event_names_its_object(way, prefix):
    name = f"{prefix}ObjectCreated:{way}"
    data = record("incoming/a b+ü.png", name, eTag='"e"', size=7)

    assert read_notices(f"com.amazonaws.s3.{name}", data) == [
        Notice("circles", "incoming/a b+ü.png", "e", 7)
    ]


def test_event_data_may_hold_several_records():
    data = {"Records": [record("a"), record("b", "ObjectRemoved:Delete"), record("c")]}

    assert [notice.key for notice in read_notices(PUT, data)] == ["a", "c"]


@pytest.mark.parametrize("way", ["Put", "Post", "Copy", "CompleteMultipartUpload"])
@pytest.mark.parametrize("prefix", ["", "s3:"])
def test_cloud_event_of_ceph_names_its_object(way, prefix):
    """Older versions of Ceph put "s3:" before the name."""
    sent = {**record(name=f"{prefix}ObjectCreated:{way}"), "eventSource": "ceph:s3"}

    [notice] = read_notices(f"com.amazonaws.{prefix}ObjectCreated:{way}", {"Records": [sent]})

    assert notice.bucket == "circles"


@pytest.mark.parametrize(
    "key", ["incoming/plus+sign.png", "incoming/a%20b.png", "incoming/100%.png", "incoming/ä b"]
)
def test_key_of_ceph_is_not_escaped(key):
    sent = {**record(), "eventSource": "ceph:s3"}
    sent["s3"]["object"] = {
        "key": key,
        "etag": "e",
        "size": 7,
    }  # as older versions of Ceph write the ETag

    assert read_notices(PUT, sent) == [Notice("circles", key, "e", 7)]


@pytest.mark.parametrize(
    "kind",
    [
        "com.amazonaws.ObjectCreated:PutTagging",
        "com.amazonaws.ObjectRemoved:Delete",
        "com.amazonaws.",
        "com.amazonaws.s3.ObjectCreated:PutTagging",
        "com.amazonaws.s3.ObjectRemoved:Delete",
        "com.amazonaws.s3.",
        "ObjectCreated:Put",
        "dev.circles.image.detected",
        "x.com.amazonaws.s3.ObjectCreated:Put",
    ],
)
def test_other_event_type_yields_no_notice(kind):
    assert read_notices(kind, b"\xff") == []


@pytest.mark.parametrize(
    "data",
    [
        None,
        b"\xff",
        "text",
        1,
        [],
        {},
        {"Records": 1},
        {"Records": [1]},
        {"eventName": "ObjectCreated:Put"},
        {"eventName": "ObjectCreated:Put", "s3": {}},
        record(""),
        record(size=-1),
        record(size="7"),
        record(size=1.5),
        record(size=True),
        record(size=2**63),
        record("ü" * 513),
        record("\ud800".encode("utf-8", "surrogatepass")),
        {
            "eventName": "ObjectCreated:Put",
            "s3": {"bucket": {"name": "b" * 256}, "object": {"key": "a"}},
        },
        {
            "eventName": "ObjectCreated:Put",
            "s3": {"bucket": {"name": "\ud800"}, "object": {"key": "a"}},
        },
    ],
)
def test_creation_event_without_a_record_is_malformed(data):
    with pytest.raises(Malformed):
        read_notices(PUT, data)


def test_missing_etag_and_size_are_empty_and_zero():
    assert read_notices(PUT, record()) == [Notice("circles", "incoming/a.png", "", 0)]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "Records",
                    "s3",
                    "bucket",
                    "object",
                    "name",
                    "key",
                    "eventName",
                    "size",
                    "eTag",
                    "message",
                    "new_entry",
                    "old_entry",
                    "new_parent_path",
                    "attributes",
                    "extended",
                    "chunks",
                    "mtime",
                    "modified_ts_ns",
                    "md5",
                    "Seaweed-X-Amz-ETag",
                    "eventTime",
                    "responseElements",
                ]
            ),
            inner
            | st.sampled_from(["ObjectCreated:Put", "/buckets/circles/incoming", "%ff", "\ud800"]),
            max_size=6,
        )
    ),
    max_leaves=20,
)


@given(json_values)
def test_any_json_is_read_or_malformed(value):
    try:
        for each in read_notification(json.dumps(value).encode()):
            for notice in read_notices(PUT, each):
                event = to_event(each, notice, now=NOW)
                assert (
                    event.event_id
                    and event.type.startswith("com.amazonaws.s3.")
                    and event.time.tzinfo
                )
                headers, body = to_binary_message(event)
                assert json.loads(body, parse_constant=pytest.fail) == each
                assert all(value.isascii() and value.isprintable() for value in headers.values())
                assert to_structured_message(event)
    except Malformed:
        return


def event_of(value):
    [notice] = read_notices(PUT, value)
    return to_event(value, notice, now=NOW)


def test_event_ids_are_unique_and_repeatable():
    request = {"responseElements": {"x-amz-request-id": "R", "x-amz-id-2": "H"}}
    same = [{**record(key), **request} for key in ("a", "b")]

    ids = [
        event_of(each).event_id for each in (*same, record("a"), record("b"), record("a", eTag="2"))
    ]

    assert len(set(ids)) == 5
    assert all(each.startswith("R.H.") for each in ids[:2])
    assert ids[0] == event_of(json.loads(json.dumps(same[0]))).event_id


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-24T06:34:52.984Z", datetime(2026, 11, 24, 6, 34, 52, 984000, UTC)),
        ("2026-11-24T06:34:52", datetime(2026, 11, 24, 6, 34, 52, 0, UTC)),
        ("soon", NOW),
        (None, NOW),
        (7, NOW),
        ("0001-01-01T00:00:00+14:00", NOW),
        ("9999-12-31T23:59:59-14:00", NOW),
        ("\ud800", NOW),
    ],
)
def test_record_without_a_time_happened_now(text, moment):
    assert event_of({**record(), "eventTime": text}).time == moment


@pytest.mark.parametrize(
    "text", ["a\nb", "\ud800", "\x1b[2J", "x" * 5000, 7, None, ["a"], {"a": 1}, "é\u2028"]
)
def test_text_of_a_record_cannot_break_the_event(text):
    sent = {
        **record(),
        "eventSource": text,
        "awsRegion": text,
        "eventTime": text,
        "responseElements": {"x-amz-request-id": text, "x-amz-id-2": text},
    }

    headers, body = to_binary_message(event_of(sent))

    assert headers["ce-source"].endswith(".circles")
    assert sum(map(len, headers.values())) < 6000
    assert not {"%0A", "%1B", "%7F"} & {
        headers["ce-source"][at : at + 3] for at in range(len(headers["ce-source"]))
    }
    assert json.loads(body) == sent


def nested(levels):
    return {"deeper": nested(levels - 1)} if levels else 7


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan, nested(40)])
def test_record_that_cannot_be_sent_is_malformed(value):
    """Python reads 1e999 as infinity, and writes it as something that is not JSON."""
    with pytest.raises(Malformed):
        event_of({**record(), "extra": value})


def test_filer_entry_without_an_s3_etag_has_its_md5():
    entry = {"name": "a.png", "attributes": {"md5": "rtVj7K+0vMVlTFl6QhVHsg==", "file_size": 100}}
    message = {"new_entry": entry, "new_parent_path": "/buckets/circles/incoming/deep"}
    [found] = read_notification(
        json.dumps({"key": "", "event_type": "create", "message": message}).encode()
    )

    assert read_notices(PUT, found) == [
        Notice("circles", "incoming/deep/a.png", "aed563ecafb4bcc5654c597a421547b2", 100)
    ]
