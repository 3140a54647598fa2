"""Test POST …/detections, DELETE and Prefer: respond-async on a folder and SQLite."""

import time

import pytest

from circles import bootstrap
from circles.domain.errors import Unavailable
from circles.usecases.upkeep.repair import repair_images
from tests.functions.pictures import png
from tests.functions.predictors import CIRCLE, answer_objects, answer_text

UNKNOWN = "01890a5d-ac96-774b-bcce-b302099a8057"


def send(client, data=None, **headers):
    return client.post("/images/", data=data or png(), content_type="image/png", headers=headers)


@pytest.fixture
def path(predicted):
    """Return the path of an image with one object."""
    return f"/images/{send(predicted()).json['image_id']}"


# Detecting again


def test_second_detection_keeps_the_first_objects_readable(
    predicted, predictor, objects, detail, path
):
    [first] = objects.get(f"{path}/objects").json
    predictor.answer = answer_objects(CIRCLE, CIRCLE, model_version="8")
    response = predicted().post(f"{path}/detections")

    assert response.status_code == 200
    assert response.headers["Location"] == path
    assert (
        response.json["object_count"],
        response.json["model_version"],
        response.json["attempts"],
    ) == (2, "8", 1)
    assert len(objects.get(f"{path}/objects").json) == 2
    assert detail.get(f"{path}/objects/{first['object_id']}").json["model_version"] == "7"
    assert detail.get(path).json == response.json


def test_failed_second_detection_keeps_the_first(predicted, predictor, objects, detail, path):
    predictor.answer = answer_text("", 500)
    response = predicted().post(f"{path}/detections")

    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
    assert len(objects.get(f"{path}/objects").json) == 1
    record = detail.get(path).json
    assert (record["status"], record["error"]) == ("detected", "The predictor answered 500.")


def test_refused_second_detection_keeps_the_first(predicted, predictor, detail, path):
    predictor.answer = answer_text("", 422)
    response = predicted().post(f"{path}/detections")

    assert (response.status_code, response.headers.get("Retry-After")) == (422, None)
    assert response.json["type"] == "urn:circles:problem:detector-refused"
    record = detail.get(path).json
    assert (record["status"], record["error"]) == ("detected", "The predictor answered 422.")


def test_pending_image_is_detected_on_request(predicted, predictor):
    predictor.answer = answer_text("", 500)
    image_id = send(predicted()).json["image_id"]
    predictor.answer = answer_objects(CIRCLE)

    assert predicted().post(f"/images/{image_id}/detections").json["status"] == "detected"


def test_image_without_its_blob_cannot_be_redetected(predicted, volume, path):
    volume.blobs()[0].unlink()

    assert predicted().post(f"{path}/detections").status_code == 404


def test_query_parameter_is_refused(upload):
    assert upload.post(f"/images/{UNKNOWN}/detections?model=x").status_code == 400
    assert upload.delete(f"/images/{UNKNOWN}?force=1").status_code == 400


# Deletion


def test_deleted_image_is_gone_everywhere(predicted, objects, detail, volume, path):
    [found_object] = objects.get(f"{path}/objects").json
    response = predicted().delete(path)

    assert (response.status_code, response.data) == (204, b"")
    assert "Content-Type" not in response.headers
    for gone in (path, f"{path}/content", f"{path}/objects/{found_object['object_id']}"):
        assert detail.get(gone).status_code == 404
    assert objects.get(f"{path}/objects").status_code == 404
    assert objects.get("/images/").json["images"] == []
    assert volume.is_empty()
    assert predicted().delete(path).status_code == 404


def test_repair_removes_the_blob_of_a_deleted_image(predicted, detail, volume, path, monkeypatch):
    client, services = predicted(), bootstrap.load_services()
    with monkeypatch.context() as away:
        away.setattr(
            type(services.store), "delete", lambda *_: raise_(Unavailable("It is unavailable."))
        )
        assert client.delete(path).status_code == 204
    assert len(volume.blobs()) == 1
    assert detail.get(f"{path}/content").status_code == 404

    assert repair_images(services).blobs_deleted == 1
    assert volume.is_empty()


def raise_(error):
    raise error


def test_deletion_during_detection_answers_202(predicted, predictor, volume):
    client = predicted()

    def delete_during_detection(body):
        [row] = volume.rows("images")
        assert client.delete(f"/images/{row['image_id']}").status_code == 204
        return answer_objects(CIRCLE)(body)

    predictor.answer = delete_during_detection
    response = send(client)

    assert (response.status_code, response.json["status"]) == (202, "pending")
    assert volume.is_empty()


def test_key_of_a_deleted_image_makes_a_new_one(predicted, volume):
    client = predicted()
    first = send(client, **{"Idempotency-Key": "k"}).json["image_id"]
    client.delete(f"/images/{first}")
    second = send(client, **{"Idempotency-Key": "k"})

    assert second.status_code == 200
    assert second.json["image_id"] != first
    assert len(volume.blobs()) == 1


# Prefer: respond-async


@pytest.mark.parametrize(
    "prefer", ["respond-async", "wait=100, Respond-Async", "respond-async; x=1", "a, respond-async"]
)
def test_respond_async_answers_202_and_detects_later(predicted, predictor, detail, prefer):
    predictor.hold()
    response = send(predicted(), Prefer=prefer)

    assert (response.status_code, response.json["status"], response.json["attempts"]) == (
        202,
        "pending",
        0,
    )
    assert response.headers["Preference-Applied"] == "respond-async"
    predictor.release()
    record = until(
        lambda: detail.get(response.headers["Location"]).json,
        lambda record: record["status"] != "pending",
    )
    assert (record["status"], record["object_count"], record["attempts"]) == ("detected", 1, 1)


@pytest.mark.parametrize(
    "prefer", ["wait=10", "respond", "return=minimal", "", 'x="respond-asynchronous"']
)
def test_other_preferences_change_nothing(predicted, prefer):
    response = send(predicted(), Prefer=prefer)

    assert (response.status_code, response.json["status"]) == (200, "detected")
    assert "Preference-Applied" not in response.headers


def test_bad_picture_is_refused_with_respond_async(upload, volume):
    assert send(upload, b"text", Prefer="respond-async").status_code == 415
    assert volume.is_empty()


def test_repeated_async_upload_returns_the_result(predicted):
    client, headers = predicted(), {"Idempotency-Key": "k", "Prefer": "respond-async"}
    first = send(client, **headers)
    assert bootstrap.load_services().background.drain(10)
    second = send(client, **headers)

    assert (first.status_code, second.status_code) == (202, 200)
    assert second.json["image_id"] == first.json["image_id"]
    assert "Preference-Applied" not in second.headers


def test_repair_detects_what_background_work_lost(predicted, monkeypatch):
    client = predicted(repair_after_s=0.001, predictor_timeout_s=0.5, busy_timeout_s=0.5)
    services = bootstrap.load_services()
    monkeypatch.setattr(
        services.background, "submit", lambda work, *, key: None
    )  # the process ends immediately
    response = send(client, Prefer="respond-async")
    assert response.json["status"] == "pending"

    later = services.now() + services.rules.lease
    [row] = services.upkeep.due(now=later, latest_claim=later, latest_due=later, limit=9)
    assert row.image_id == response.json["image_id"]
    monkeypatch.setattr(type(services), "now", lambda self: row.due_at)
    assert repair_images(services).detected == 1


def until(ask, enough, timeout_s=10):
    deadline = time.monotonic() + timeout_s
    while not enough(answer := ask()):
        assert time.monotonic() < deadline, answer
        time.sleep(0.02)
    return answer
