"""Test uploads with a faulty predictor and their retries."""

import json
import socket
from io import BytesIO

import pytest

from tests.functions.pictures import png, turned
from tests.functions.predictors import CIRCLE, answer_objects, answer_text, dark_disc


def send(client, data=None, **headers):
    return client.post(
        "/images/", data={"file": (BytesIO(data or png()), "a.png")}, headers=headers
    )


def with_circle(**changes):
    return answer_objects({**CIRCLE, **changes})


def a_page(status):
    return answer_text("<html><h1>Bad gateway at 10.1.2.3</h1></html>", status, "text/html")


UNUSABLE = {
    "500": (answer_text('{"error": "out of memory"}', 500), "The predictor answered 500."),
    "500 with a stack": (
        answer_text("Traceback (most recent call last):\n  File /srv/model.py", 500, "text/plain"),
        "The predictor answered 500.",
    ),
    "503": (answer_text('{"error": "loading"}', 503), "The predictor answered 503."),
    "503 with a long Retry-After": (
        answer_text("", 503, **{"Retry-After": "3600"}),
        "The predictor answered 503.",
    ),
    "502 as HTML": (a_page(502), "The predictor answered 502."),
    "429": (answer_text("{}", 429), "The predictor answered 429."),
    "400": (answer_text('{"error": "no such instance"}', 400), "The predictor answered 400."),
    "404": (
        answer_text('{"error": "Model with name circles does not exist."}', 404),
        "The predictor answered 404.",
    ),
    "a redirect": (
        answer_text("", 307, Location="http://127.0.0.1:9/elsewhere"),
        "The predictor answered 307.",
    ),
    "200 with HTML": (a_page(200), "the answer is not JSON"),
    "200 without a body": (answer_text(""), "the answer is not JSON"),
    "204": (lambda _: (204, {}, b""), "The predictor answered 204."),
    "JSON that breaks off": (
        answer_text('{"predictions": [{"objects": ['),
        "the answer is not JSON",
    ),
    "JSON that is not an object": (answer_text("[]"), "the answer is not a JSON object"),
    "JSON deeper than a stack": (answer_text("[" * 100_000), "the answer is not JSON"),
    "JSON of another service": (answer_text('{"ok": true}'), "does not have a list of predictions"),
    "predictions that are not a list": (
        answer_text('{"predictions": {"objects": []}}'),
        "does not have a list of predictions",
    ),
    "a prediction that is not an object": (
        answer_text('{"predictions": [7]}'),
        "a prediction is not an object",
    ),
    "several answers to one picture": (
        answer_text('{"predictions": [{"objects": []}, {"objects": []}]}'),
        "several",
    ),
    "objects that are not a list": (
        answer_text('{"predictions": [{"objects": "none"}]}'),
        "objects is not a list",
    ),
    "an object that is a number": (answer_objects(7), "not a JSON object"),
    "an object without a box": (answer_objects({"score": 1}), "an object does not have a bbox"),
    "a box of three numbers": (with_circle(bbox=[1, 2, 3]), "4 numbers"),
    "a box without area": (with_circle(bbox=[10, 20, 0, 30]), "the area of a bbox"),
    "a box turned inside out": (with_circle(bbox=[10, 20, -5, 30]), "the area of a bbox"),
    "NaN": (
        answer_text('{"predictions": [{"objects": [{"bbox": [NaN, 2, 3, 4]}]}]}'),
        "the answer is not JSON",
    ),
    "infinity": (
        answer_text('{"predictions": [{"objects": [{"bbox": [1, 2, Infinity, 4]}]}]}'),
        "the answer is not JSON",
    ),
    "a number beyond any": (
        answer_text('{"predictions": [{"objects": [{"bbox": [1, 2, 1e999, 4]}]}]}'),
        "out of range",
    ),
    "text for a number": (with_circle(radius="15"), "out of range"),
    "true for a number": (with_circle(bbox=[True, 2, 3, 4]), "out of range"),
    "a radius below 0": (with_circle(radius=-1), "a radius is not above 0"),
    "a score above 1": (with_circle(score=1.5), "a score is not within 0..1"),
    "a centroid of three numbers": (with_circle(centroid=[1, 2, 3]), "2 numbers"),
    "another picture's size": (answer_objects(CIRCLE, width=80, height=120), "another size"),
    "9 MB of spaces": (answer_text(" " * 9_000_000), "too large"),
}


WORTH_ANOTHER_TRY = ("503", "502 as HTML", "429")


@pytest.mark.timeout(30)
@pytest.mark.parametrize("case", UNUSABLE)
def test_unusable_answer_leaves_pending_and_a_retry_completes(
    predicted, predictor, objects, detail, volume, case
):
    predictor.answer, words = UNUSABLE[case]
    client = predicted(predictor_timeout_s=5)

    pending = send(client, **{"Idempotency-Key": "k-1"})

    image_id = pending.json["image_id"]
    assert (pending.status_code, pending.json["status"]) == (202, "pending")
    assert words in pending.json["error"]
    assert (len(predictor.requests) > 1) is (case in WORTH_ANOTHER_TRY)
    assert pending.json["object_count"] == 0
    assert pending.json["detected_at"] is pending.json["model"] is None
    assert detail.get(f"/images/{image_id}").json == pending.json
    assert detail.get(f"/images/{image_id}/content").data == png()
    assert objects.get(f"/images/{image_id}/objects").json == []
    assert (len(volume.blobs()), len(volume.rows("images"))) == (1, 1)
    assert volume.rows("detections") == volume.rows("objects") == []

    predictor.answer = answer_objects(CIRCLE)
    done = send(client, **{"Idempotency-Key": "k-1"})

    assert (done.status_code, done.json["status"], done.json["object_count"]) == (
        200,
        "detected",
        1,
    )
    assert (done.json["image_id"], done.json["attempts"], done.json["error"]) == (image_id, 1, None)
    assert (len(volume.blobs()), len(volume.rows("images")), len(volume.rows("objects"))) == (
        1,
        1,
        1,
    )
    assert len(objects.get(f"/images/{image_id}/objects").json) == 1


def test_down_predictor_leaves_pending_and_a_retry_completes(load, predictor, volume):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    down = load(
        "upload", detector="kserve", predictor_url=f"http://127.0.0.1:{port}", predictor_timeout_s=1
    )

    pending = send(down, **{"Idempotency-Key": "k-1"})

    assert (pending.status_code, pending.json["status"]) == (202, "pending")
    assert pending.json["error"] == "The predictor cannot be reached."
    assert len(volume.blobs()) == len(volume.rows("images")) == 1

    done = send(load("upload", predictor_url=predictor.url), **{"Idempotency-Key": "k-1"})

    assert (done.status_code, done.json["status"]) == (200, "detected")
    assert done.json["image_id"] == pending.json["image_id"]
    assert len(volume.blobs()) == len(volume.rows("images")) == 1


def test_slow_predictor_leaves_pending_and_a_retry_completes(predicted, predictor, volume):
    client = predicted(predictor_timeout_s=0.3)
    predictor.hold()

    pending = send(client, **{"Idempotency-Key": "k-1"})

    assert (pending.status_code, pending.json["status"]) == (202, "pending")
    assert pending.json["error"] == "The predictor did not answer in time."
    assert len(predictor.requests) == 1  # no retry: the predictor is still busy with the first

    predictor.release()
    done = send(predicted(predictor_timeout_s=10), **{"Idempotency-Key": "k-1"})

    assert (done.status_code, done.json["status"]) == (200, "detected")
    assert done.json["image_id"] == pending.json["image_id"]
    assert len(volume.blobs()) == len(volume.rows("images")) == len(volume.rows("detections")) == 1


def test_starting_predictor_is_retried(predicted, predictor):
    answers = [answer_text("", 503), answer_text("", 502), answer_objects(CIRCLE)]
    predictor.answer = lambda body: answers.pop(0)(body)

    response = send(predicted(predictor_timeout_s=20))

    assert (response.status_code, response.json["status"]) == (200, "detected")
    assert len(predictor.requests) == 3
    assert response.json["attempts"] == 1


def test_boxes_are_clipped_to_the_picture(predicted, predictor, objects, detail):
    predictor.answer = answer_objects(
        {"bbox": [-10.5, -3.2, 30, 20], "centroid": [-2, 5], "radius": 12, "score": 0.9},
        {"bbox": [100.2, 70.7, 500, 500], "score": 0.8},
        {"bbox": [120, 0, 10, 10], "score": 0.7},
        {"bbox": [-50, -50, 10, 10], "score": 0.6},
    )

    image = send(predicted()).json
    listed = objects.get(f"/images/{image['image_id']}/objects").json
    first = detail.get(f"/images/{image['image_id']}/objects/{listed[0]['object_id']}").json

    assert (image["status"], image["object_count"]) == ("detected", 2)
    assert [each["bbox"] for each in listed] == [[0, 0, 20, 17], [100, 70, 20, 10]]
    assert (first["centroid"], first["radius"]) == ([0.0, 5.0], 12.0)


def test_best_1000_of_10000_objects_are_kept(predicted, predictor, objects, volume):
    predictor.answer = answer_objects(*({**CIRCLE, "score": i / 10_000} for i in range(10_000)))

    image = send(predicted()).json
    listed = objects.get(f"/images/{image['image_id']}/objects")

    assert (image["status"], image["object_count"]) == ("detected", 1000)
    assert (listed.status_code, len(listed.json)) == (200, 1000)
    assert min(row["score"] for row in volume.rows("objects")) == 0.9


def test_flat_format_is_read(predicted, predictor, objects, detail):
    flat = {
        "bounding_box": {"xmin": 10.2, "ymin": 20.9, "xmax": 40, "ymax": 50},
        "centroid": {"x": 25, "y": 35},
        "radius": {"radius": 15},
        "label": "coin",
        "score": 0.5,
    }
    predictor.answer = answer_text(json.dumps({"predictions": [flat, flat]}))

    image = send(predicted()).json
    listed = objects.get(f"/images/{image['image_id']}/objects").json
    shown = detail.get(f"/images/{image['image_id']}/objects/{listed[1]['object_id']}").json

    assert (image["status"], image["object_count"]) == ("detected", 2)
    assert shown["bbox"] == [10, 20, 30, 30]
    assert (shown["centroid"], shown["radius"], shown["label"]) == ([25, 35], 15, "coin")


def test_predictor_error_text_is_not_shown(predicted, predictor):
    predictor.answer = answer_text("the host is 10.9.8.7", 500, "text/plain")

    response = send(predicted())

    assert response.status_code == 202
    assert "10.9.8.7" not in response.text


@pytest.mark.parametrize("orientation", range(1, 9))
def test_rotated_photo_has_upright_coordinates(predicted, predictor, objects, detail, orientation):
    predictor.answer = dark_disc  # it ignores EXIF

    image = predicted().post("/images/", data=turned(orientation), content_type="image/jpeg").json
    [listed] = objects.get(f"/images/{image['image_id']}/objects").json
    shown = detail.get(f"/images/{image['image_id']}/objects/{listed['object_id']}").json

    assert image["status"] == "detected", image["error"]
    assert (image["width"], image["height"]) == (120, 80)
    assert listed["bbox"] == pytest.approx([15, 10, 31, 31], abs=1)
    assert shown["bbox"] == listed["bbox"]
    assert shown["centroid"] == pytest.approx([30.5, 25.5], abs=0.5)
    assert shown["radius"] == pytest.approx(15.5, abs=0.5)
    content = detail.get(f"/images/{image['image_id']}/content")
    assert (content.status_code, content.data) == (200, turned(orientation))
