"""
Test bridge: notifications of object stores become CloudEvents.

A notification that can never succeed does not block the store's queue. notifications/*.json are
bodies that real servers sent: MinIO RELEASE.2025 and SeaweedFS 4.48.
"""

import base64
import copy
import hmac
import json
from io import BytesIO
from pathlib import Path
from urllib.parse import quote_plus, unquote

import pytest
from cloudevents.http import from_http

from circles.bootstrap import load_services
from circles.domain.events import BROKER
from tests.functions.sinks import FakeSink
from tests.scraping import Counted

FOLDER = Path(__file__).with_name("notifications")
MINIO = json.loads((FOLDER / "minio.json").read_text())
SEAWEEDFS = json.loads((FOLDER / "seaweedfs.json").read_text())
PUT = MINIO["ObjectCreated:Put circles/incoming/a b+c é%.png"]
TOKEN = {"Authorization": "Bearer right"}


@pytest.fixture
def sink():
    with FakeSink() as running:
        yield running


@pytest.fixture
def bridge(load, sink):
    return load("bridge", k_sink=sink.url, bridge_token="right")


def post(client, document, **headers):
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    response = client.post(
        "/", data=body, content_type="application/json", headers={**TOKEN, **headers}
    )
    assert response.data == b""
    assert "Content-Type" not in response.headers
    return response


def put(key, bucket="circles", **record):
    """Return a notification of one record, as MinIO posts it."""
    document = copy.deepcopy(PUT)
    document["Records"][0]["s3"]["bucket"]["name"] = bucket
    document["Records"][0]["s3"]["object"]["key"] = quote_plus(key)
    document["Records"][0].update(record)
    return document


def test_minio_put_becomes_the_cncf_adapter_event(bridge, sink):
    assert post(bridge, PUT).status_code == 204

    [(headers, body)] = sink.received
    [record] = PUT["Records"]
    assert headers["ce-specversion"] == "1.0"
    assert headers["ce-type"] == "com.amazonaws.s3.ObjectCreated:Put"
    assert headers["ce-source"] == "minio:s3..circles"
    assert headers["ce-time"] == "2026-11-24T06:34:52.984Z"
    assert headers["ce-id"].startswith(
        "18EAE7A3FDAF528B.3df89b583edcc0d61a16d5b76d35123a9269e671eada8f05ce6d0f5caff35303."
    )
    assert headers["content-type"] == "application/json"
    assert unquote(headers["ce-subject"]) == "incoming/a b+c é%.png"
    assert headers["ce-subject"].isascii() and " " not in headers["ce-subject"]
    assert json.loads(body) == record
    assert from_http(headers, body).data == record  # read by another library


def forwarded(client, sink, document):
    """Post a notification and return the keys that are forwarded."""
    before = len(sink.received)
    assert post(client, document).status_code == 204
    return [unquote(headers["ce-subject"]) for headers, _ in sink.received[before:]]


def test_minio_forwards_only_new_content(bridge, sink):
    told = {name: forwarded(bridge, sink, document) for name, document in MINIO.items()}

    assert told == {
        name: [document["Key"].removeprefix("circles/")]
        if name.split()[0]
        in ("ObjectCreated:Put", "ObjectCreated:Copy", "ObjectCreated:CompleteMultipartUpload")
        and not name.endswith("/")
        else []
        for name, document in MINIO.items()
    }
    assert sum(map(len, told.values())) == 4
    assert len(told) == 9


def test_seaweedfs_forwards_only_new_content(bridge, sink):
    told = {name: forwarded(bridge, sink, document) for name, document in SEAWEEDFS.items()}

    assert told == {
        "create /buckets/circles/incoming/a b+c é.png": ["incoming/a b+c é.png"],
        "update /buckets/circles/incoming/a b+c é.png": ["incoming/a b+c é.png"],  # other content
        "create /buckets/circles/incoming/sub/big.bin": ["incoming/sub/big.bin"],
        "create /buckets/circles/incoming/sub": [],
        "create /buckets/circles/incoming/mp.bin": ["incoming/mp.bin"],
        "create /buckets/circles/incoming/copy.bin": ["incoming/copy.bin"],
        "update /buckets/circles/incoming/copy.bin": [],  # a tag
        "create /buckets/circles/incoming/zero.png": ["incoming/zero.png"],
        "create /buckets/circles/incoming/folder": [],
        "delete /buckets/circles/incoming/copy.bin": [],
    }


def test_seaweedfs_entry_becomes_an_s3_record(bridge, sink):
    post(bridge, SEAWEEDFS["update /buckets/circles/incoming/a b+c é.png"])
    post(bridge, SEAWEEDFS["create /buckets/circles/incoming/mp.bin"])

    [(headers, body), (_, multipart)] = sink.received
    [newest] = SEAWEEDFS["update /buckets/circles/incoming/a b+c é.png"]["message"]["new_entry"][
        "chunks"
    ]
    assert headers["ce-type"] == "com.amazonaws.s3.ObjectCreated:Put"
    assert headers["ce-source"] == "seaweedfs:s3..circles"
    assert headers["ce-time"] == "2026-11-24T06:33:06.000Z"
    assert json.loads(body)["s3"] == {
        "bucket": {"name": "circles"},
        "object": {
            "key": "incoming%2Fa+b%2Bc+%C3%A9.png",
            "size": 100,
            "eTag": "46234a6de3b2157d3a9510451b33b619",  # as its S3 API answered the put
            "sequencer": f"{newest['modified_ts_ns']:016X}",
        },
    }
    assert json.loads(multipart)["s3"]["object"]["eTag"] == "7181cbc0d3760cb3e220d8321a5ea84c-2"
    assert json.loads(multipart)["s3"]["object"]["size"] == 10485760


def test_seaweedfs_rename_is_forwarded_as_new(bridge, sink):
    moved = copy.deepcopy(SEAWEEDFS["update /buckets/circles/incoming/copy.bin"])
    moved["event_type"] = "rename"
    moved["message"]["old_entry"]["name"] = "before.bin"

    assert forwarded(bridge, sink, moved) == ["incoming/copy.bin"]


VERSIONS = json.loads((FOLDER / "seaweedfs_versions.json").read_text())
"""What SeaweedFS 4.48 posts about a bucket with versioning: what was done, and the body."""


def test_seaweedfs_version_is_forwarded_under_its_key(bridge, sink):
    told = [(done, *forwarded(bridge, sink, body)) for done, body in VERSIONS]

    assert [each for each in told if len(each) > 1] == [
        ("v1", "incoming/a b.png"),
        ("v2", "incoming/a b.png"),
        ("same", "incoming/a b.png"),
        ("over plain", "incoming/plain.png"),
        ("copy", "incoming/c.png"),
        ("multipart", "incoming/m.png"),
        ("user key .versions", "incoming/x.versions/v_y.png"),
        ("suspended", "incoming/a b.png"),
    ]  # not: tags, deletions, delete markers, and versions that are not the newest any more
    assert {done for done, _ in VERSIONS} - {done for done, *_ in told} == set()


def test_ceph_records_without_a_prefix_are_read(bridge, sink):
    records = [
        {
            "eventVersion": "2.2",
            "eventSource": "ceph:s3",
            "awsRegion": "default",
            "eventTime": "2026-11-24T06:30:00.123456Z",
            "eventName": name,
            "responseElements": {"x-amz-request-id": "R.1", "x-amz-id-2": "1-zone"},
            "s3": {
                "bucket": {"name": "circles", "id": "b"},
                "object": {"key": key, "size": 7, "eTag": '"abc"', "sequencer": "F"},
            },
        }
        for name, key in [
            ("ObjectCreated:Post", "incoming/1"),
            ("ObjectRemoved:Delete", "incoming/2"),
            ("ObjectCreated:Copy", "incoming/3"),
            ("ObjectCreated:Put", "incoming/4"),
        ]
    ]

    assert forwarded(bridge, sink, {"Records": records}) == [
        "incoming/1",
        "incoming/3",
        "incoming/4",
    ]
    assert sink.received[0][0]["ce-type"] == "com.amazonaws.s3.ObjectCreated:Post"
    assert sink.received[0][0]["ce-source"] == "ceph:s3.default.circles"
    assert len(set(sink.ids())) == 3  # although they belong to one request


@pytest.mark.parametrize(
    "document", [PUT, SEAWEEDFS["create /buckets/circles/incoming/mp.bin"]], ids=["minio", "weed"]
)
def test_repeated_notification_has_the_same_id(bridge, sink, document):
    post(bridge, document)
    post(bridge, document)

    assert len(set(sink.ids())) == 1


@pytest.mark.parametrize(
    "name", ["PutTagging", "DeleteTagging", "PutRetention", "PutLegalHold", "PutAcl", "*", ""]
)
def test_metadata_changes_are_not_forwarded(bridge, sink, name):
    assert (
        forwarded(bridge, sink, put("incoming/a.png", eventName=f"s3:ObjectCreated:{name}")) == []
    )


@pytest.mark.parametrize(
    "key",
    [
        "images/a.png",
        "a.png",
        "incoming",
        "Incoming/a.png",
        "/incoming/a.png",
        "incoming/",
        "incoming/a/",
    ],
)
def test_only_objects_under_incoming_are_forwarded(bridge, sink, key):
    assert forwarded(bridge, sink, put(key)) == []


@pytest.mark.parametrize(
    "key",
    [
        "incoming/a b.png",
        "incoming/a+b.png",
        "incoming/a%20b.png",
        "incoming/ä€𝄞.png",
        "incoming/../x",
        "incoming/" + "ü" * 507 + "x",
        'incoming/"quoted".png',
        "incoming/line\nend",
        "incoming/nul\0",
    ],
)
def test_any_characters_in_a_key_are_preserved(bridge, sink, key):
    assert forwarded(bridge, sink, put(key)) == [key]
    assert unquote(json.loads(sink.received[0][1])["s3"]["object"]["key"].replace("+", " ")) == key


# Authorization


@pytest.mark.parametrize(
    "given",
    [
        None,
        "",
        "right",
        "Bearer",
        "Bearer ",
        "Bearer wrong",
        "Bearer righ",
        "Bearer rightt",
        "Basic right",
        "Bearer r\xefght",
    ],
)
def test_missing_or_wrong_token_is_401(bridge, sink, given):
    headers = {"Authorization": given} if given is not None else {}
    response = bridge.post("/", data=json.dumps(PUT), headers=headers)

    assert (response.status_code, response.data) == (401, b"")
    assert response.headers["WWW-Authenticate"].startswith('Bearer realm="circles"')
    assert sink.received == []


def test_token_is_compared_in_constant_time(bridge, monkeypatch):
    compared = []
    monkeypatch.setattr(hmac, "compare_digest", lambda *two: compared.append(two) or False)

    assert post(bridge, PUT).status_code == 401
    assert compared == [(b"right", b"right")]


@pytest.mark.parametrize("given", ["bearer right", "BEARER right", "Bearer  right "])
def test_auth_scheme_is_case_insensitive(bridge, sink, given):
    assert post(bridge, PUT, Authorization=given).status_code == 204
    assert len(sink.received) == 1


def test_token_may_be_a_basic_auth_password(bridge, sink):
    """Some stores can only send credentials that are part of a URL."""
    sent = {"Authorization": "Basic " + base64.b64encode(b"ceph:right").decode()}

    assert post(bridge, PUT, **sent).status_code == 204
    assert len(sink.received) == 1


@pytest.mark.parametrize("given", ["Bearer ", "Bearer right", "Basic Og=="])
def test_bridge_without_a_token_rejects_every_call(load, sink, given):
    client = load("bridge", k_sink=sink.url)

    assert client.get("/health/readiness").status_code == 503
    assert post(client, PUT, Authorization=given).status_code == 401
    assert sink.received == []


def test_log_does_not_show_the_token(bridge, log):
    post(bridge, PUT, Authorization="Bearer secret-attempt")
    post(bridge, b"{", Authorization="Bearer right")

    assert "unauthorized" in log.getvalue()
    assert "secret-attempt" not in log.getvalue()
    assert "Bearer" not in log.getvalue().replace("Authorization: Bearer.", "")


# Notifications that can never succeed


POISON = {
    "nothing": b"",
    "invalid JSON": b"{",
    "NaN, which only Python accepts": json.dumps(put("incoming/a", x=float("nan"))).encode(),
    "invalid UTF-8": b'{"Records": "\xff"}',
    "nested without end": b"[" * 100_000,
    "a list": b"[]",
    "null": b"null",
    "a number": b"1",
    "no records": b"{}",
    "records that are not a list": b'{"Records": {"a": 1}}',
    "records of numbers": b'{"Records": [1]}',
    "an event name that is a number": json.dumps(put("incoming/a", eventName=1)).encode(),
    "no object": json.dumps(put("incoming/a", s3={"bucket": {"name": "circles"}})).encode(),
    "no bucket": json.dumps(put("incoming/a", s3={"object": {"key": "incoming/a"}})).encode(),
    "s3 that is a list": json.dumps(put("incoming/a", s3=[])).encode(),
    "a size that is text": json.dumps(
        put(
            "incoming/a",
            s3={"bucket": {"name": "circles"}, "object": {"key": "incoming/a", "size": "7"}},
        )
    ).encode(),
    "a key of broken escapes": json.dumps(
        put("incoming/a", s3={"bucket": {"name": "circles"}, "object": {"key": "incoming/%ff"}})
    ).encode(),
    "half a surrogate pair": b'{"Records": [{"eventName": "ObjectCreated:Put", '
    b'"s3": {"bucket": {"name": "circles"}, "object": {"key": "incoming/\\ud800"}}}]}',
    "a filer's entry in no bucket": b'{"key": "/x", "message": '
    b'{"new_entry": {"name": "a"}, "new_parent_path": "/x"}}',
    "a filer's entry without a name": b'{"key": "", "message": '
    b'{"new_entry": {"a": 1}, "new_parent_path": "/buckets"}}',
}


@pytest.mark.parametrize("body", POISON.values(), ids=POISON)
def test_unusable_notification_is_acknowledged_and_logged(bridge, sink, log, body):
    """A refusal would make the store repeat it and block its queue."""
    assert post(bridge, body).status_code == 204
    assert sink.received == []
    assert "skipped" in log.getvalue() or "malformed" in log.getvalue()


def test_unusable_record_does_not_hold_back_others(bridge, sink):
    good, bad = put("incoming/good.png")["Records"], put("incoming/bad.png", s3={})["Records"]

    assert forwarded(bridge, sink, {"Records": [*bad, *good]}) == ["incoming/good.png"]


MAX_DIGITS = 4300  # of an int that Python reads, sys.get_int_max_str_digits()


ODD_VALUES = {
    "half a surrogate pair": '"\\ud800"',
    "line ends": '"a\\r\\nce-type: forged"',
    "a huge int": "9" * MAX_DIGITS,
    "a too huge int": "9" * (MAX_DIGITS + 1),
    "infinity": "1e999",
    "the first day": '"0001-01-01T00:00:00+14:00"',
    "the last day": '"9999-12-31T23:59:59-14:00"',
    "a long text": '"' + "x" * 100_000 + '"',
    "deep": "[" * 500 + "]" * 500,
    "deeper": '{"a":' * 900 + "1" + "}" * 900,
    "an object": '{"\\ud800": "\\ud800"}',
    "null": "null",
}
FIELDS = [
    "eventVersion",
    "eventSource",
    "awsRegion",
    "eventTime",
    "eventName",
    "userIdentity",
    "responseElements",
    "responseElements.x-amz-request-id",
    "responseElements.x-amz-id-2",
    "s3",
    "s3.bucket",
    "s3.bucket.name",
    "s3.object",
    "s3.object.key",
    "s3.object.size",
    "s3.object.eTag",
    "s3.object.sequencer",
    "source",
    "extra",
]


@pytest.mark.parametrize("value", ODD_VALUES.values(), ids=ODD_VALUES)
@pytest.mark.parametrize("field", FIELDS)
def test_odd_field_does_not_hold_back_others(bridge, sink, field, value):
    odd, good = put("incoming/odd.png"), put("incoming/good.png")
    *path, last = field.split(".")
    part = odd["Records"][0]
    for name in path:
        part = part[name]
    part[last] = "?"
    text = json.dumps({"Records": odd["Records"] + good["Records"]}).replace('"?"', value)

    assert post(bridge, text.encode()).status_code == 204
    keys = [unquote(headers["ce-subject"]) for headers, _ in sink.received]
    if value != ODD_VALUES["a too huge int"]:  # which is not read at all
        assert keys[-1] == "incoming/good.png"
    assert keys[:-1] in ([], ["incoming/odd.png"], ["a\r\nce-type: forged"])
    for headers, body in sink.received:
        assert json.loads(body, parse_constant=pytest.fail)
        assert headers["ce-type"] == "com.amazonaws.s3.ObjectCreated:Put"


def test_rejected_event_does_not_hold_back_others(bridge, sink, log):
    sink.statuses = [400, 202]
    records = put("incoming/1.png")["Records"] + put("incoming/2.png")["Records"]

    assert forwarded(bridge, sink, {"Records": records}) == ["incoming/1.png", "incoming/2.png"]
    assert "was rejected by the broker" in log.getvalue()


@pytest.mark.parametrize("announced", [True, False])
def test_too_large_notification_is_acknowledged(bridge, sink, log, announced):
    body = b" " * (5 * 1024 * 1024)
    options = (
        {}
        if announced
        else {"content_length": None, "environ_overrides": {"wsgi.input_terminated": True}}
    )
    response = bridge.post(
        "/",
        input_stream=BytesIO(body),
        headers=TOKEN,
        **({"content_length": len(body)} if announced else options),
    )

    assert (response.status_code, response.data) == (204, b"")
    assert sink.received == []
    assert "too-large" in log.getvalue()


def test_connection_tests_are_answered(bridge, sink):
    head = bridge.head("/")

    assert (head.status_code, head.data) == (200, b"")
    assert bridge.get("/").status_code == 200
    assert (
        post(
            bridge, {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "circles"}
        ).status_code
        == 204
    )
    assert sink.received == []


# Unavailable sinks


@pytest.mark.parametrize("status", [500, 502, 503, 404, 408, 409, 429, 401, 403, 301])
def test_failing_sink_is_answered_503_with_retry_after(bridge, sink, status):
    sink.statuses = [status]
    response = post(bridge, PUT)

    assert response.status_code == 503
    assert response.headers["Retry-After"] == "5"


def test_unreachable_sink_is_answered_503(load, log):
    with FakeSink() as gone:
        pass
    response = post(load("bridge", k_sink=gone.url, bridge_token="right"), PUT)

    assert response.status_code == 503
    assert "unavailable" in log.getvalue()


def test_bridge_without_a_sink_is_not_ready(load):
    client = load("bridge", bridge_token="right")

    assert client.get("/health/liveness").status_code == 200
    assert client.get("/health/readiness").status_code == 503
    assert post(client, PUT).status_code == 503


def test_retry_after_a_partial_send_repeats_the_ids(bridge, sink):
    document = {
        "Records": [record for key in "abc" for record in put(f"incoming/{key}")["Records"]]
    }
    sink.statuses = [202, 500, 202]

    assert post(bridge, document).status_code == 503
    assert post(bridge, document).status_code == 204

    first, cut, *again = sink.ids()
    assert again[:2] == [first, cut]
    assert len(again) == 3


def test_traceparent_is_forwarded(bridge, sink):
    parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    post(bridge, PUT, traceparent=parent)

    assert sink.received[0][0]["ce-traceparent"] == parent


def test_ce_overrides_are_added_to_every_event(load, sink):
    overrides = json.dumps({"extensions": {"site": "ä b"}})
    post(load("bridge", k_sink=sink.url, k_ce_overrides=overrides, bridge_token="right"), PUT)

    assert sink.received[0][0]["ce-site"] == "%C3%A4%20b"


@pytest.mark.parametrize(
    ("method", "path", "status"), [("POST", "/x", 404), ("PUT", "/", 405), ("POST", "/health", 404)]
)
def test_unknown_path_or_method_is_refused(bridge, method, path, status):
    response = bridge.open(path, method=method, data=b"{}", headers=TOKEN)

    assert response.status_code == status
    assert response.data == b"" or method != "POST"


class Broken:
    def send(self, event):
        raise ZeroDivisionError


def test_unexpected_error_is_500_without_a_body(bridge, log, monkeypatch):
    monkeypatch.setattr(load_services(), "sinks", {BROKER: Broken()}, raising=False)

    assert post(bridge, PUT).status_code == 500
    assert "ZeroDivisionError" in log.getvalue()


def test_records_and_events_are_counted_by_outcome(bridge, sink):
    counted = Counted()
    sink.statuses = [202, 400, 500]
    two = {"Records": put("incoming/1.png")["Records"] + put("incoming/2.png")["Records"]}
    for document in (two, put("incoming/3.png"), put("images/4.png"), put("incoming/5.png", s3={})):
        post(bridge, document)

    def outcomes(direction, kind):
        names = ("done", "ignored", "refused", "sent", "rejected", "put off")
        found = {
            name: counted("circles_events_total", direction=direction, type=kind, outcome=name)
            for name in names
        }
        return {name: count for name, count in found.items() if count}

    assert outcomes("in", "notification") == {"done": 3, "ignored": 1, "refused": 1}
    assert outcomes("out", "com.amazonaws.s3.ObjectCreated:Put") == {
        "sent": 1,
        "rejected": 1,
        "put off": 1,
    }
    assert counted("circles_events_total") == 8
    assert counted("circles_refusals_total", reason="unavailable") == 1
