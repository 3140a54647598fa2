"""Test processes that crash, stop or are unavailable."""

import signal
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
import requests

from tests.functions.pictures import png
from tests.functions.predictors import CIRCLE, answer_objects
from tests.system.clients import Client
from tests.system.processes import Gateway, is_free, wait_for

KEY = {"Idempotency-Key": "k-1"}


@pytest.fixture
def start_upload(start, predictor):
    def starter(**settings):
        return start(
            "upload", predictor_url=predictor.url, **{"predictor_timeout_s": 60, **settings}
        )

    return starter


def expire_claims(volume):
    """Expire all claims. A claim lasts for the deadlines of a detection plus 15 s."""
    with closing(sqlite3.connect(volume.database)) as connection, connection:
        connection.execute("UPDATE images SET claimed_until = '2026-01-01T00:00:00.000000+00:00'")


def test_kill_between_row_and_objects_leaves_pending(start_upload, predictor, start, volume):
    upload = start_upload()
    predictor.hold()
    with ThreadPoolExecutor(1) as client:
        answer = client.submit(Client(upload.url, "upload").upload, png(), **KEY)
        assert predictor.asked.wait(30)
        upload.kill()
        with pytest.raises(requests.ConnectionError):
            answer.result(30)

    [row] = volume.rows("images")
    assert (row["status"], row["attempts"]) == ("pending", 1)
    assert len(volume.blobs()) == 1
    assert volume.rows("detections") == volume.rows("objects") == []
    detail, objects = (Client(start(name).url, name) for name in ("detail", "list"))
    content = detail.get(f"/images/{row['image_id']}/content")
    assert (content.status_code, content.content) == (200, png())
    listed = objects.get(f"/images/{row['image_id']}/objects")
    assert (listed.status_code, listed.json(), listed.headers["Image-Status"]) == (
        200,
        [],
        "pending",
    )

    predictor.release()
    predictor.requests.clear()
    again = Client(start_upload().url, "upload")
    too_early = again.upload(png(), **KEY)
    assert (too_early.status_code, too_early.json()["status"]) == (202, "pending")
    assert predictor.requests == []  # the holder of the claim might still be working

    expire_claims(volume)
    done = again.upload(png(), **KEY)
    assert (done.status_code, done.json()["status"], done.json()["attempts"]) == (
        200,
        "detected",
        1,  # the killed one; the client's retry does not count
    )
    assert done.json()["image_id"] == row["image_id"]
    assert len(volume.blobs()) == len(volume.rows("images")) == len(volume.rows("objects")) == 1


def test_kill_between_blob_and_row_leaves_only_a_blob(start_upload, predictor, volume):
    upload = start_upload(busy_timeout_s=60)
    with (
        ThreadPoolExecutor(1) as client,
        closing(sqlite3.connect(volume.database, isolation_level=None)) as writer,
    ):
        writer.execute("BEGIN IMMEDIATE")  # the row cannot be written until this ends
        answer = client.submit(Client(upload.url, "upload").upload, png(), **KEY)
        wait_for(lambda: [blob for blob in volume.blobs() if blob.suffix == ".png"], "the blob")
        upload.kill()
        with pytest.raises(requests.ConnectionError):
            answer.result(30)

    [blob] = volume.blobs()
    assert blob.read_bytes() == png()
    assert volume.rows("images") == []

    done = Client(start_upload().url, "upload").upload(png(), **KEY)

    assert (done.status_code, done.json()["status"]) == (200, "detected")
    assert volume.blobs() == [blob]
    assert [row["image_id"] for row in volume.rows("images")] == [done.json()["image_id"]]


def test_kill_during_uploads_loses_no_answered_image(start_upload, predictor, start, volume):
    predictor.answer = answer_objects(CIRCLE)
    upload = start_upload()
    answered = []

    def send(shade):
        try:
            answered.append(Client(upload.url, "upload").upload(png(shade)).json())
        except requests.ConnectionError:
            return
        if len(answered) >= 10:
            upload.kill()

    with ThreadPoolExecutor(4) as clients:
        list(clients.map(send, range(60)))

    detail = Client(start("detail").url, "detail")
    assert 10 <= len(answered) < 60
    for image in answered:
        assert detail.get(f"/images/{image['image_id']}").json() == image
        assert detail.get(f"/images/{image['image_id']}/content").status_code == 200
    names = {blob.stem for blob in volume.blobs()}
    assert {row["image_id"] for row in volume.rows("images")} <= names  # no row is without its blob
    runs = [row["image_id"] for row in volume.rows("detections")]
    done = [row["image_id"] for row in volume.rows("images") if row["status"] == "detected"]
    assert sorted(runs) == sorted(done)


def test_sigterm_lets_an_upload_finish(start_upload, predictor, volume):
    upload = start_upload()
    predictor.hold()
    with ThreadPoolExecutor(1) as client:
        answer = client.submit(Client(upload.url, "upload").upload, png())
        assert predictor.asked.wait(30)
        upload.popen.send_signal(signal.SIGTERM)
        wait_for(lambda: is_free(upload.port), "it to take no more connections")
        assert not answer.done()
        predictor.release()
        response = answer.result(30)

    assert (response.status_code, response.json()["status"]) == (200, "detected")
    assert upload.popen.wait(30) == 0
    assert [row["status"] for row in volume.rows("images")] == ["detected"]
    assert "Traceback" not in upload.log


@pytest.mark.parametrize("name", ["upload", "list", "detail"])
def test_idle_function_exits_cleanly_on_a_signal(start, name):
    function = start(name)

    function.popen.send_signal({"list": signal.SIGINT}.get(name, signal.SIGTERM))

    assert function.popen.wait(20) == 0
    assert is_free(function.port)
    assert "Traceback" not in function.log


def test_gateway_answers_503_for_a_missing_function(tmp_path, start, volume):
    detail = start("detail", detector="fixed")
    nobody = "http://127.0.0.1:9"
    gateway = Gateway(
        tmp_path / "gateway.log", {"upload": nobody, "list": nobody, "detail": detail.url}
    )
    try:
        gateway.wait_until_ready()
        client = Client(gateway.url)
        with ThreadPoolExecutor(2) as clients:  # the gateway retries for a while
            waiting = [
                clients.submit(client.upload, png()),
                clients.submit(client.get, "/images/01890a5d-ac96-774b-bcce-b302099a8057/objects"),
            ]
            alive = client.get("/health/liveness")
            answers = [each.result(60) for each in waiting]
    finally:
        gateway.stop()

    for response in answers:
        assert response.status_code == 503
        assert response.headers["Retry-After"] == "5"
        assert response.json()["type"] == "urn:circles:problem:unavailable"
        assert "127.0.0.1" not in response.text
    assert (alive.status_code, alive.json()) == (200, {"status": "alive"})


def test_wrong_setting_stops_the_start_with_its_name(start, tmp_path, volume):
    with pytest.raises(AssertionError, match="it ended with 1"):
        start("upload", max_upload_bytes="lots", detector="oracle")

    log = (tmp_path / "upload.log").read_text()
    assert "CIRCLES_MAX_UPLOAD_BYTES" in log and "CIRCLES_DETECTOR" in log
    assert not volume.folder.exists()
