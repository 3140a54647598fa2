"""Test uploads with a failing store or catalogue."""

import errno
import sqlite3
from contextlib import closing, contextmanager

from circles.adapters import folder_store
from tests.functions.pictures import png
from tests.functions.predictors import CIRCLE, answer_objects


def send(client, key=None):
    headers = {"Idempotency-Key": key} if key else {}
    return client.post("/images/", data=png(), content_type="image/png", headers=headers)


def assert_unavailable(response, words, code="unavailable"):
    assert response.status_code == 503
    assert response.headers["Retry-After"] == "5"
    assert response.json["type"] == f"urn:circles:problem:{code}"
    assert words in response.json["detail"]


@contextmanager
def locked(volume):
    """Hold the write lock. Connections of one process block each other like processes."""
    with closing(sqlite3.connect(volume.database, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield


def test_full_disk_is_503_and_stores_nothing(monkeypatch, upload, volume):
    def fsync(_):
        raise OSError(errno.ENOSPC, "No space left on device", str(volume.folder))

    upload.get("/health/readiness")  # the catalogue syncs files of its own when it opens
    with monkeypatch.context() as patch:
        patch.setattr(folder_store.os, "fsync", fsync)  # where a full disk often shows first
        response = send(upload, "k-1")
    assert_unavailable(response, "The object store is full.", code="storage-full")
    assert volume.is_empty()

    again = send(upload, "k-1")
    assert (again.status_code, again.json["status"]) == (200, "detected")
    assert len(volume.blobs()) == 1


def test_unusable_folder_is_503_and_stores_nothing(upload, volume):
    volume.folder.mkdir()
    (volume.folder / "blobs").write_text("a file where the folder should be")

    response = send(upload)

    assert_unavailable(response, "object store")
    assert volume.rows("images") == volume.rows("objects") == []


def test_unreachable_s3_is_503_and_stores_nothing(load, volume):
    s3 = {
        "s3_endpoint": "http://127.0.0.1:9",
        "s3_access_key": "a",
        "s3_secret_key": "b",
        "s3_timeout_s": 1,
    }

    response = send(load("upload", store="s3", **s3))

    assert_unavailable(response, "The object store cannot be reached now.")
    assert volume.is_empty()


def test_locked_catalogue_is_503_and_stores_nothing(load, volume):
    client = load("upload", busy_timeout_s=0.2)
    assert client.get("/health/readiness").status_code == 200  # this creates the file

    with locked(volume):
        response = send(client)

    assert_unavailable(response, "The catalogue is busy")
    assert volume.is_empty()


def test_retry_after_a_lock_stores_one_image(load, volume):
    client = load("upload", busy_timeout_s=0.2)
    assert client.get("/health/readiness").status_code == 200

    with locked(volume):
        refused = send(client, "k-1")
    assert_unavailable(refused, "The catalogue is busy")
    assert volume.rows("images") == volume.rows("objects") == []

    again = send(client, "k-1")
    assert (again.status_code, again.json["status"]) == (200, "detected")
    assert len(volume.blobs()) == len(volume.rows("images")) == 1


def test_readers_work_while_the_catalogue_is_locked(load, objects, detail, upload, volume):
    image = send(upload).json

    with locked(volume):
        listed = objects.get(f"/images/{image['image_id']}/objects")
        shown = detail.get(f"/images/{image['image_id']}")

    assert (listed.status_code, len(listed.json)) == (200, 2)
    assert (shown.status_code, shown.json) == (200, image)


def test_lock_during_detection_leaves_the_image_pending(predicted, predictor, volume):
    client = predicted(busy_timeout_s=0.2)
    assert client.get("/health/readiness").status_code == 200
    locks = []

    def lock_and_answer(body):
        connection = sqlite3.connect(volume.database, isolation_level=None, check_same_thread=False)
        connection.execute("BEGIN IMMEDIATE")
        locks.append(connection)
        return answer_objects(CIRCLE)(body)

    predictor.answer = lock_and_answer
    response = send(client, "k-1")
    for connection in locks:
        connection.close()

    assert (response.status_code, response.json["status"]) == (202, "pending")
    assert len(locks) == len(volume.blobs()) == len(volume.rows("images")) == 1
    assert volume.rows("detections") == volume.rows("objects") == []


def test_failed_record_writes_no_object(upload, volume):
    assert upload.get("/health/readiness").status_code == 200
    with closing(sqlite3.connect(volume.database)) as connection:
        connection.execute(
            "CREATE TRIGGER fault BEFORE INSERT ON objects WHEN new.position = 1 "
            "BEGIN SELECT json('broken'); END"
        )

    response = send(upload)

    assert (response.status_code, response.json["status"], response.json["object_count"]) == (
        202,
        "pending",
        0,
    )
    assert volume.rows("objects") == volume.rows("detections") == []
    assert [row["status"] for row in volume.rows("images")] == ["pending"]
    assert len(volume.blobs()) == 1
