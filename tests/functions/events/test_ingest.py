"""Test ingest: each new object becomes one image."""

import contextlib
import json
import os
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote, quote_plus

import pytest

from circles.bootstrap import load_services
from tests.functions.pictures import draw, encode, png
from tests.functions.predictors import answer_text
from tests.scraping import Counted

PUT = "com.amazonaws.s3.ObjectCreated:Put"
KEY = "incoming/a.png"


class Bucket:
    """The bucket that S3 clients see: the folder blobs/."""

    def __init__(self, folder):
        self.folder = folder

    def put(self, key, data):
        path = self.folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    def etag(self, key):
        facts = (self.folder / key).stat()
        return f"{facts.st_mtime_ns:x}-{facts.st_size:x}"


@pytest.fixture
def bucket(volume):
    return Bucket(volume.folder / "blobs")


@pytest.fixture
def ingest(load):
    return load("ingest")


def record(key=KEY, *, bucket="blobs", etag="e", size=7, name="ObjectCreated:Put"):
    found = {"key": quote_plus(key), "eTag": etag, "size": size}
    return {"eventName": name, "s3": {"bucket": {"name": bucket}, "object": found}}


def post(client, data, kind=PUT, **headers):
    """
    Deliver an event in binary mode and return the status.

    A response never has a body.
    """
    body = data if isinstance(data, bytes) else json.dumps(data).encode()
    attributes = {
        "ce-specversion": "1.0",
        "ce-id": "1",
        "ce-type": kind,
        "ce-source": "minio:s3..blobs",
    }
    response = client.post(
        "/", data=body, headers={**attributes, "content-type": "application/json", **headers}
    )
    assert response.data == b""
    assert "Content-Type" not in response.headers
    return response.status_code


def test_new_object_becomes_a_detected_image(ingest, bucket, volume, load):
    bucket.put(KEY, png())

    assert post(ingest, record()) == 204

    [image] = volume.rows("images")
    assert (image["key"], image["status"], image["source"], image["file_name"]) == (
        KEY,
        "detected",
        "s3",
        "a.png",
    )
    shown = load("detail").get(f"/images/{image['image_id']}/content")
    assert shown.data == png()
    assert len(volume.rows("objects")) == 2
    assert len(volume.blobs()) == 1  # the blob stays in place


@pytest.mark.parametrize("kind", ["Post", "Copy", "CompleteMultipartUpload"])
def test_every_way_of_creation_is_ingested(ingest, bucket, volume, kind):
    bucket.put(KEY, png())
    name = f"ObjectCreated:{kind}"

    assert post(ingest, record(name=name), f"com.amazonaws.s3.{name}") == 204
    assert len(volume.rows("images")) == 1


def test_cloud_event_of_ceph_is_ingested(ingest, bucket, volume):
    """Ceph writes keys unescaped, and sends CloudEvents with types of its own."""
    bucket.put("incoming/plus+sign 100%.png", png())
    sent = {**record(), "eventSource": "ceph:s3"}
    sent["s3"]["object"]["key"] = "incoming/plus+sign 100%.png"

    assert post(ingest, {"Records": [sent]}, "com.amazonaws.ObjectCreated:Put") == 204
    [image] = volume.rows("images")
    assert (image["key"], image["status"]) == ("incoming/plus+sign 100%.png", "detected")


def test_structured_mode_is_accepted(ingest, bucket, volume):
    bucket.put(KEY, png())
    document = {"specversion": "1.0", "id": "1", "type": PUT, "source": "s", "data": record()}
    response = ingest.post(
        "/", data=json.dumps(document), content_type="application/cloudevents+json"
    )

    assert (response.status_code, response.data) == (204, b"")
    assert len(volume.rows("images")) == 1


def test_trace_is_kept_in_outgoing_events(load, bucket, volume):
    parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    bucket.put(KEY, png())
    client = load("ingest", k_sink="http://127.0.0.1:9/")

    assert post(client, record(), **{"ce-traceparent": parent}) == 204
    events = volume.rows("outbox")
    assert len(events) == 2
    assert {event["traceparent"] for event in events} == {parent}


# Repetitions


def test_same_event_100_times_is_one_image(ingest, bucket, volume):
    bucket.put(KEY, png())
    with ThreadPoolExecutor(8) as pool:
        statuses = list(
            pool.map(lambda _: post(ingest.application.test_client(), record()), range(100))
        )

    assert set(statuses) == {204}
    assert [len(volume.rows(table)) for table in ("images", "detections", "objects")] == [1, 1, 2]


def test_same_event_after_a_restart_is_one_image(load, bucket, volume):
    bucket.put(KEY, png())

    assert [post(load("ingest"), record()), post(load("ingest"), record())] == [204, 204]
    assert len(volume.rows("detections")) == 1


def test_outdated_event_registers_the_current_object(ingest, bucket, volume):
    bucket.put(KEY, png())
    old = bucket.etag(KEY)
    bucket.put(KEY, png(shade=90))
    os.utime(bucket.folder / KEY, ns=(1, 1))

    assert post(ingest, record(etag=old)) == 204
    assert post(ingest, record(etag=bucket.etag(KEY))) == 204
    assert len(volume.rows("images")) == 1


def test_out_of_order_events_give_the_same_images(ingest, bucket, volume):
    first, second = png(), png(shade=90)
    bucket.put(KEY, first)
    etags = [bucket.etag(KEY)]
    assert post(ingest, record(etag=etags[0])) == 204
    bucket.put(KEY, second)
    os.utime(bucket.folder / KEY, ns=(1, 1))
    etags.append(bucket.etag(KEY))
    for etag in (etags[1], etags[0], etags[1], etags[0]):
        assert post(ingest, record(etag=etag)) == 204

    assert len(volume.rows("images")) == 2
    assert len({row["sha256"] for row in volume.rows("images")}) == 2


def test_missing_object_is_acknowledged(ingest, volume):
    assert post(ingest, record()) == 204
    assert volume.rows("images") == []


def test_deletion_before_creation_is_ignored(ingest, bucket, volume):
    bucket.put(KEY, png()).unlink()

    assert (
        post(ingest, record(name="ObjectRemoved:Delete"), "com.amazonaws.s3.ObjectRemoved:Delete")
        == 204
    )
    assert post(ingest, record()) == 204
    assert volume.rows("images") == []


def test_deletion_in_the_bucket_keeps_the_image(ingest, bucket, volume):
    bucket.put(KEY, png())
    post(ingest, record())

    assert (
        post(ingest, record(name="ObjectRemoved:Delete"), "com.amazonaws.s3.ObjectRemoved:Delete")
        == 204
    )
    assert len(volume.rows("images")) == 1


# Other events and invalid ones


@pytest.mark.parametrize(
    "kind",
    [
        "dev.circles.image.detected",
        "dev.knative.sources.ping",
        "com.amazonaws.s3.ObjectCreated:PutTagging",
        "dev.knative.eventing.aws-s3",
        "com.amazonaws.s3",
        "x",
    ],
)
@pytest.mark.parametrize("data", [b"", b"{", b"\xff\x00", b'{"eventName": 1}'])
def test_unknown_event_type_is_acknowledged(ingest, volume, kind, data):
    assert post(ingest, data, kind) == 204
    assert volume.is_empty()


@pytest.mark.parametrize("data", [b"", b"{", b"\xff\x00", b"[]", b"7", b"{}", b'{"s3": {}}'])
def test_invalid_event_data_is_422(ingest, volume, data):
    assert post(ingest, data) == 422
    assert volume.is_empty()


def test_other_content_type_is_422(ingest):
    assert post(ingest, b"\xff\xfe", **{"content-type": "application/octet-stream"}) == 422
    assert post(ingest, b"hello", **{"content-type": "text/plain"}) == 422


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", None),
        (b"{}", "application/json"),
        (b"[1]", "application/cloudevents+json"),
        (b"a=1", "text/plain"),
        (b"{", "application/cloudevents+json"),
        (b"\xff", "application/cloudevents+json"),
    ],
)
def test_non_cloud_event_is_refused_without_an_echo(ingest, log, body, kind):
    response = ingest.post(
        "/", data=body, content_type=kind, headers={"Authorization": "Bearer secret"}
    )

    assert (response.status_code, response.data) == (422, b"")
    assert "secret" not in log.getvalue()


def test_event_of_another_bucket_is_422(ingest, bucket, volume):
    bucket.put(KEY, png())

    assert post(ingest, record(bucket="other")) == 422
    assert volume.rows("images") == []


@pytest.mark.parametrize("key", ["images/a.png", "a.png", "incomin/a.png"])
def test_objects_outside_incoming_are_ignored(ingest, bucket, volume, key):
    bucket.put(key, png())

    assert post(ingest, record(key)) == 204
    assert volume.rows("images") == []


def test_own_upload_is_not_ingested_again(ingest, load, volume):
    load("upload").post("/images/", data=png(), content_type="image/png")
    [row] = volume.rows("images")

    assert post(ingest, record(row["key"])) == 204
    assert len(volume.rows("images")) == 1


@pytest.mark.parametrize(
    "name",
    [
        "a b.png",
        "a+b.png",
        "a%20b.png",
        "ä€𝄞.png",
        "deep/er/a.png",
        ".hidden",
        "a" * 240,
        "a&b=c?d#e.png",
        '"q".png',
    ],
)
def test_any_characters_in_a_key_are_ingested(ingest, bucket, volume, name):
    bucket.put(f"incoming/{name}", png())

    assert post(ingest, record(f"incoming/{name}")) == 204
    assert [row["key"] for row in volume.rows("images")] == [f"incoming/{name}"]


def test_key_of_1024_bytes_is_ingested(ingest, bucket, volume):
    key = "incoming/" + "/".join(["ü" * 100] * 5) + "/" + "x" * 10
    assert len(key.encode()) == 1024

    bucket.put(key, png())
    assert post(ingest, record(key)) == 204
    assert [row["key"] for row in volume.rows("images")] == [key]


@pytest.mark.parametrize(
    "key",
    [
        "incoming/../images/a.png",
        "incoming/../../catalogue.db",
        "incoming//a.png",
        "incoming/./a.png",
        "incoming/",
        "incoming/" + "x" * 1016,
        "incoming/nul\0.png",
    ],
)
def test_invalid_key_is_422(ingest, volume, key):
    assert post(ingest, record(key)) == 422
    assert volume.is_empty()


def test_record_names_the_object_not_the_subject(ingest, bucket, volume):
    """Some sources escape the subject and some do not."""
    bucket.put("incoming/a b.png", png())

    assert (
        post(ingest, record("incoming/a b.png"), **{"ce-subject": quote("incoming/other.png")})
        == 204
    )
    assert [row["key"] for row in volume.rows("images")] == ["incoming/a b.png"]


# Files that are not pictures


BAD = {
    "nothing": b"",
    "text": b"hello, world",
    "a picture that is cut off": png()[:80],
    "a picture of another kind": encode(draw(), "ICO"),
}


@pytest.mark.parametrize("data", BAD.values(), ids=BAD)
def test_unusable_picture_is_422_and_read_once(ingest, bucket, volume, data, log):
    bucket.put(KEY, data)

    assert post(ingest, record()) == 422
    before = log.getvalue().count("is refused")
    assert post(ingest, record()) == 422
    assert log.getvalue().count("is refused") == before == 1
    assert volume.rows("images") == []
    assert len(volume.blobs()) == 1  # ingest must not delete it


@pytest.mark.parametrize("told", [0, 7, 5 * 2**30])
def test_object_of_5_gib_is_refused_unread(ingest, bucket, volume, monkeypatch, told):
    path = bucket.put(KEY, b"")
    os.truncate(path, 5 * 2**30)

    def never(*_, **__):
        raise AssertionError("it was read")

    monkeypatch.setattr(load_services().store, "get", never)
    assert post(ingest, record(size=told)) == 422
    assert volume.rows("images") == []


@pytest.mark.parametrize(
    ("bad", "status"), [("incoming/gone.png", 204), ("incoming/none.png", 422)]
)
def test_bad_record_does_not_hold_back_others(ingest, bucket, volume, bad, status):
    """A source may forward a notification with all its records."""
    bucket.put("incoming/none.png", b"none")
    for name in ("a", "b"):
        bucket.put(f"incoming/{name}.png", png())
    records = [record("incoming/a.png"), record(bad), record("incoming/b.png")]

    assert post(ingest, {"Records": records}) == status
    assert {row["key"] for row in volume.rows("images")} == {"incoming/a.png", "incoming/b.png"}


def test_size_claimed_by_the_event_is_ignored(ingest, bucket, volume):
    bucket.put(KEY, png())

    assert post(ingest, record(size=5 * 2**30)) == 204
    assert len(volume.rows("images")) == 1


def test_too_large_event_is_422(ingest):
    assert post(ingest, b" " * (5 * 1024 * 1024)) == 422


# Unavailable dependencies


def test_failing_predictor_leaves_the_image_pending(load, predictor, bucket, volume):
    predictor.answer = answer_text("", 500)
    bucket.put(KEY, png())

    assert post(load("ingest", detector="kserve", predictor_url=predictor.url), record()) == 204
    [image] = volume.rows("images")
    assert (image["status"], image["attempts"]) == ("pending", 1)


def test_broken_catalogue_is_503(ingest, bucket, volume):
    bucket.put(KEY, png())
    volume.database.write_bytes(b"this is no database" * 100)

    assert post(ingest, record()) == 503
    assert ingest.get("/health/readiness").status_code == 503
    assert ingest.get("/health/liveness").status_code == 200


def test_unreachable_store_is_503(load, volume):
    client = load(
        "ingest",
        store="s3",
        s3_endpoint="http://127.0.0.1:9",
        s3_access_key="a",
        s3_secret_key="b",
        s3_bucket="blobs",
        s3_timeout_s=1,
    )

    assert post(client, record()) == 503


def test_unexpected_error_is_500_without_a_body(ingest, bucket, log, monkeypatch):
    bucket.put(KEY, png())
    monkeypatch.setattr(load_services().store, "stat", lambda *_: 1 / 0)

    assert post(ingest, record()) == 500
    assert "ZeroDivisionError" in log.getvalue()


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 200),
        ("HEAD", "/", 200),
        ("GET", "/health/liveness", 200),
        ("GET", "/health/readiness", 200),
        ("POST", "/x", 404),
        ("PUT", "/", 405),
        ("POST", "/health/liveness", 405),
    ],
)
def test_probes_answer_and_other_paths_do_not(ingest, method, path, status):
    response = ingest.open(path, method=method)

    assert response.status_code == status
    assert method != "POST" or response.data == b""


def test_events_are_counted_by_known_type_and_outcome(ingest, bucket):
    counted = Counted()
    bucket.put(KEY, png())
    bucket.put("incoming/b.png", b"none")
    for data in (record(), record(), record("incoming/b.png"), record("incoming/c.png"), b"{"):
        post(ingest, data)
    post(ingest, b"{}", "made.up")
    ingest.post("/", data=b"no event")

    def outcome(name, kind=PUT):
        return counted("circles_events_total", direction="in", type=kind, outcome=name)

    assert (outcome("done"), outcome("refused"), outcome("gone")) == (2, 2, 1)
    assert (outcome("ignored", "unknown"), outcome("refused", "unknown")) == (1, 1)
    assert counted("circles_events_total") == 7
    assert "made.up" not in ingest.get("/metrics").text


# Batches, refusals and backpressure


def drop(bucket, client, key, data):
    """Put a file, deliver its event, and return status and Retry-After of the answer."""
    bucket.put(key, data)
    event = record(key, etag=bucket.etag(key), size=len(data))
    headers = {
        "ce-specversion": "1.0",
        "ce-id": "1",
        "ce-type": PUT,
        "ce-source": "minio:s3..blobs",
    }
    response = client.post("/", json=event, headers=headers)
    return response.status_code, response.headers.get("Retry-After")


def test_folder_of_the_bucket_is_a_batch(load, objects, bucket):
    assert drop(bucket, load("ingest"), "incoming/d 7/left/a.png", png()) == (204, None)

    [image] = objects.get("/images/?batch=d%207").json["images"]
    assert (image["batch"], image["file_name"], image["source"]) == ("d 7", "a.png", "s3")
    assert objects.get("/images/?key=incoming/d%207/left/a.png").json["images"] == [image]
    assert objects.get("/images/?key=incoming/a.png").json["images"] == []


def test_refused_file_says_why(load, objects, bucket):
    ingest = load("ingest")
    assert drop(bucket, ingest, "incoming/d7/a.txt", b"text") == (422, None)
    assert drop(bucket, ingest, "incoming/d7/b.txt", b"text 2") == (422, None)

    [refusal] = objects.get("/refusals?key=incoming/d7/a.txt").json["refusals"]
    assert (refusal["key"], refusal["reason"]) == ("incoming/d7/a.txt", "unsupported-picture")
    assert refusal["detail"]
    assert objects.get("/refusals?key=incoming/d7/c.txt").json["refusals"] == []
    assert objects.get(f"/refusals?since={refusal['refused_at']}").json["refusals"]
    assert objects.get("/refusals?since=2999-01-01T00:00:00Z").json["refusals"] == []
    first = objects.get("/refusals?limit=1").json
    last = objects.get(first["next"]).json
    assert [each["key"][-5:] for each in (*first["refusals"], *last["refusals"])] == [
        "b.txt",
        "a.txt",
    ]
    assert last["next"] is None


def test_events_are_to_be_sent_again_meanwhile(load, predicted, predictor, bucket, volume):
    predictor.answer = answer_text("", 500)
    client = predicted(max_pending=1)
    for shade in range(2):
        client.post("/images/", data=png(shade), content_type="image/png")

    assert drop(bucket, load("ingest"), "incoming/a/b.png", png(9)) == (503, "30")
    assert len(volume.rows("images")) == 2
    with contextlib.closing(sqlite3.connect(volume.database)) as connection, connection:
        connection.execute("UPDATE images SET status = 'failed', due_at = NULL")
    assert drop(bucket, load("ingest"), "incoming/a/b.png", png(9)) == (204, None)
