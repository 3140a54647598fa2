"""Test candidates, runs, corrections and restores over HTTP, on a folder and SQLite."""

import contextlib
import json
import os
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO

import pytest

from tests.functions.conftest import ROOT
from tests.functions.pictures import png
from tests.functions.predictors import answer_objects, answer_text

UNKNOWN = "01890a5d-ac96-774b-bcce-b302099a8057"
COIN = {"bbox": [10, 20, 30, 30], "centroid": [25, 35], "radius": 15.0, "score": 0.95}
BUTTON = {**COIN, "bbox": [60, 20, 20, 20], "centroid": [70, 30], "radius": 10.0, "score": 0.9}
FAINT = {**COIN, "bbox": [90, 50, 10, 10], "centroid": [95, 55], "radius": 5.0, "score": 0.4}
CIRCLE = {"centroid": [50.5, 40], "radius": 7.25}


@pytest.fixture
def image(predicted, predictor):
    """Return the record of an image with two objects and a candidate."""
    predictor.answer = answer_objects(COIN, BUTTON, FAINT, threshold=0.87)
    return predicted().post("/images/", data=png(), content_type="image/png").json


@pytest.fixture
def send(load, image):
    """Return a function that posts a correction."""

    def post(document, if_match=image["served"], image_id=image["image_id"], **headers):
        data = document if isinstance(document, str | bytes) else json.dumps(document)
        if if_match is not None:
            headers["If-Match"] = f'"{if_match}"'
        return load("upload").post(
            f"/images/{image_id}/detections",
            data=data,
            content_type="application/json",
            headers=headers,
        )

    return post


@pytest.fixture
def list_objects(load, image):
    def get(query=""):
        return load("list").get(f"/images/{image['image_id']}/objects?{query}").json

    return get


def record(load, image):
    return load("detail").get(f"/images/{image['image_id']}").json


def keep(*objects):
    return [{"object_id": each["object_id"]} for each in objects]


# Candidates


def test_record_speaks_of_the_threshold(image, list_objects):
    assert (image["object_count"], image["threshold"]) == (2, 0.87)
    assert [each["bbox"] for each in list_objects()] == [COIN["bbox"], BUTTON["bbox"]]


def test_min_score_reveals_candidates(load, image, list_objects):
    revealed = list_objects("min_score=0.3&fields=full")

    assert [each["score"] for each in revealed] == [0.95, 0.9, 0.4]
    path = f"/images/{image['image_id']}/objects/{revealed[-1]['object_id']}"
    assert load("detail").get(path).json == revealed[-1]


def test_foreign_predictor_states_no_threshold(predicted, predictor, objects):
    predictor.answer = answer_objects(COIN, FAINT)
    image = predicted().post("/images/", data=png(), content_type="image/png").json

    assert (image["object_count"], image["threshold"]) == (2, None)
    assert (image["sure_count"], image["doubtful_count"]) == (None, None)


def test_command_fills_in_candidates(load, predicted, predictor, volume, objects):
    predictor.answer = answer_objects(COIN, FAINT, threshold=0.87)
    picture = {"data": png(), "content_type": "image/png"}
    image = predicted(candidate_min_score="none").post("/images/", **picture).json
    with contextlib.closing(sqlite3.connect(volume.database)) as connection, connection:
        connection.execute("DELETE FROM candidates")  # as before there were any
    command = [sys.executable, "-m", "circles.detect", "--missing-candidates", "--rate", "1000"]
    environment = {**os.environ, "PYTHONPATH": "lib", "CIRCLES_CANDIDATE_MIN_SCORE": "0.3"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    refused = subprocess.run([*command[:-1], "0"], cwd=ROOT, env=environment, capture_output=True)

    assert (done.returncode, done.stdout) == (0, "detected: 1\nfailed: 0\n"), done.stderr
    assert refused.returncode == 2
    path = f"/images/{image['image_id']}/objects?min_score=0.3"
    assert len(objects.get(path).json) == 2


# Runs


def test_runs_are_listed(load, predicted, image):
    predicted().post(f"/images/{image['image_id']}/detections")
    newest, first = load("detail").get(f"/images/{image['image_id']}/detections").json

    assert [newest["kind"], newest["served"], newest["pinned"]] == ["machine", True, False]
    assert (first["detection_id"], first["served"]) == (image["served"], False)
    assert (first["object_count"], first["threshold"]) == (2, 0.87)


def test_earlier_run_is_read_on_request(load, send, image, list_objects):
    before = list_objects()
    send({"based_on": image["served"], "objects": []})

    assert list_objects() == []
    assert list_objects(f"detection={image['served']}") == before
    missing = load("list").get(f"/images/{image['image_id']}/objects?detection={UNKNOWN}")
    malformed = load("list").get(f"/images/{image['image_id']}/objects?detection=x")
    assert (missing.status_code, malformed.status_code) == (404, 400)


@pytest.mark.parametrize("path", ["", "/detections", "/objects", "/objects?fields=full", "list"])
def test_client_that_is_current_gets_304(load, send, image, path):
    own = f"/images/{image['image_id']}"
    function, path = ("list", "/images/") if path == "list" else (
        "list" if "objects" in path else "detail", own + path)  # fmt: skip
    first = load(function).get(path)
    tag = {"If-None-Match": first.headers["ETag"]}
    again = load(function).get(path, headers=tag)
    send({"based_on": image["served"], "objects": []})
    changed = load(function).get(path, headers=tag)

    assert (first.status_code, again.status_code, again.data) == (200, 304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    assert again.headers["Cache-Control"] == "private, no-cache"
    assert changed.status_code == 200
    assert changed.headers["ETag"] != first.headers["ETag"]


def test_entity_tag_of_objects_names_the_query(load, image):
    path = f"/images/{image['image_id']}/objects"
    queries = ("", "?min_score=0.3", "?fields=full", f"?detection={image['served']}")
    tags = {load("list").get(f"{path}{query}").headers["ETag"] for query in queries}

    assert len(tags) == 4
    first = load("list").get(path).headers["ETag"]
    assert load("list").get(path, headers={"If-None-Match": f'"x", W/{first}'}).status_code == 304


# Corrections


def test_correction_adds_moves_keeps_and_drops(load, send, image, list_objects):
    coin, button = list_objects("fields=full")
    entries = [*keep(coin), {**CIRCLE}, {**CIRCLE, "replaces": button["object_id"]}]
    response = send({"based_on": image["served"], "objects": entries})

    assert response.status_code == 201
    run = response.json
    assert (run["kind"], run["parent_id"], run["object_count"]) == ("human", image["served"], 3)
    assert (run["review"], run["served"], run["pinned"]) == ("corrected", True, True)
    assert load("list").get(response.headers["Location"]).json == list_objects()
    kept, drawn, moved = list_objects("fields=full")
    same = ("bbox", "centroid", "radius", "score", "label", "origin_id")
    assert {name: kept[name] for name in same} == {name: coin[name] for name in same}
    assert (drawn["bbox"], drawn["centroid"]) == ([43, 32, 15, 16], [50.5, 40.0])
    assert drawn["radius"] == 7.25
    assert (drawn["score"], drawn["origin_id"]) == (None, drawn["object_id"])
    assert (moved["score"], moved["origin_id"]) == (None, button["object_id"])
    after = record(load, image)
    assert (after["served"], after["review"]) == (run["detection_id"], "corrected")
    assert after["object_count"] == 3


def test_edit_of_one_of_30_leaves_29(predicted, predictor, send, objects):
    coins = [{**COIN, "bbox": [n, n, 9, 9], "score": 0.99 - n / 1000} for n in range(30)]
    predictor.answer = answer_objects(*coins, threshold=0.87)
    image = predicted().post("/images/", data=png(shade=90), content_type="image/png").json
    path = f"/images/{image['image_id']}/objects?fields=full"
    before = objects.get(path).json
    entries = keep(*before)
    entries[7] = {**CIRCLE, "replaces": before[7]["object_id"]}
    send({"based_on": image["served"], "objects": entries}, image["served"], image["image_id"])
    after = objects.get(path).json

    same = ("bbox", "score", "label", "origin_id")
    assert len(before) == len(after) == 30
    for number, (old, new) in enumerate(zip(before, after, strict=True)):
        assert new["origin_id"] == old["origin_id"]
        if number != 7:
            assert {name: new[name] for name in same} == {name: old[name] for name in same}


def test_confirmation_is_a_correction_without_a_change(load, send, image, list_objects):
    response = send({"based_on": image["served"], "objects": keep(*reversed(list_objects()))})

    assert (response.status_code, response.json["review"]) == (201, "confirmed")
    assert record(load, image)["review"] == "confirmed"


def test_kept_candidate_is_a_correction(send, image, list_objects):
    _, button, faint = list_objects("min_score=0.3")
    response = send({"based_on": image["served"], "objects": keep(button, faint)})

    assert (response.status_code, response.json["review"]) == (201, "corrected")
    assert [each["score"] for each in list_objects("fields=full")] == [0.9, 0.4]


def test_part_outside_the_picture_is_clipped_from_the_bbox(send, image, list_objects):
    entries = [{"centroid": [-3, 5.5], "radius": 6}, {"centroid": [50, 40], "radius": 1e6}]
    send({"based_on": image["served"], "objects": entries})
    cut, larger = list_objects("fields=full")

    assert (cut["bbox"], cut["centroid"], cut["edge"]) == ([0, 0, 3, 12], [-3.0, 5.5], True)
    assert larger["bbox"] == [0, 0, image["width"], image["height"]]
    assert list_objects("edge=exclude") == []


def test_machine_run_does_not_replace_a_correction(load, predicted, send, image):
    send({"based_on": image["served"], "objects": []})
    again = predicted().post(f"/images/{image['image_id']}/detections").json

    assert (again["object_count"], again["pinned"], again["review"]) == (0, True, "corrected")
    runs = load("detail").get(f"/images/{image['image_id']}/detections").json
    assert [run["kind"] for run in runs] == ["machine", "human", "machine"]


def test_restore_and_unpin(load, predicted, send, image):
    run = send({"based_on": image["served"], "objects": []}).json["detection_id"]
    restored = send({"restore": image["served"]}, run)
    assert (restored.status_code, restored.json["served"]) == (200, image["served"])
    assert (restored.json["pinned"], restored.json["review"]) == (True, "none")

    unpinned = send({"restore": None}, image["served"])
    assert (unpinned.status_code, unpinned.json["pinned"]) == (200, False)
    again = predicted().post(f"/images/{image['image_id']}/detections").json
    assert again["served"] not in (run, image["served"])


def test_repeated_restore_is_done_already(load, send, image):
    """The answer to the first may have been lost (RFC 9110, section 13.1.1)."""
    run = send({"based_on": image["served"], "objects": []}).json["detection_id"]
    for body in ({"restore": image["served"]}, {"restore": None}):
        first = send(body, run if body["restore"] else image["served"])
        again = send(body, UNKNOWN)
        assert (first.status_code, again.status_code) == (200, 200)
        assert again.json == first.json == record(load, image)


def test_same_key_gives_the_same_run(load, send, image):
    body, key = {"based_on": image["served"], "objects": [CIRCLE]}, {"Idempotency-Key": "k"}
    first, again = (send(body, **key) for _ in range(2))
    other = send({**body, "objects": []}, **key)

    assert (first.status_code, again.status_code, other.status_code) == (201, 201, 422)
    assert again.json == first.json
    assert other.json["type"] == "urn:circles:problem:key-reused"
    assert len(load("detail").get(f"/images/{image['image_id']}/detections").json) == 2


def test_of_two_clients_one_gets_412(load, send, image):
    bodies = [{"based_on": image["served"], "objects": [CIRCLE] * n} for n in range(2)]
    load("upload")
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(send, bodies))

    assert sorted(each.status_code for each in answers) == [201, 412]
    runs = load("detail").get(f"/images/{image['image_id']}/detections").json
    assert [run["kind"] for run in runs] == ["human", "machine"]


def test_star_expects_any_run(load, image):
    path, body = f"/images/{image['image_id']}/detections", '{"restore": null}'
    response = load("upload").post(
        path, data=body, content_type="application/json", headers={"If-Match": "*"}
    )

    assert response.status_code == 200


def with_objects(*entries):
    return lambda image: {"based_on": image["served"], "objects": list(entries)}


def raw(text):
    return lambda image: f'{{"based_on": "{image["served"]}", "objects": [{text}]}}'


BAD = {
    "not JSON": (lambda image: "{", 400),
    "not UTF-8": (lambda image: b'{"restore": "\xff"}', 400),
    "a list": (lambda image: "[]", 400),
    "nested too deep": (lambda image: "[" * 100_000, 400),
    "neither": (lambda image: {}, 400),
    "both": (lambda image: {"restore": None, "objects": []}, 400),
    "an unknown field": (lambda image: {**with_objects()(image), "model": "x"}, 400),
    "no based_on": (lambda image: {"objects": []}, 400),
    "based_on null": (lambda image: {"based_on": None, "objects": []}, 400),
    "objects null": (lambda image: {"based_on": image["served"], "objects": None}, 400),
    "restore of a number": (lambda image: {"restore": 7}, 400),
    "NaN": (raw('{"centroid": [NaN, 1], "radius": 1}'), 400),
    "Infinity": (raw('{"centroid": [1, 1], "radius": Infinity}'), 400),
    "1e999": (raw('{"centroid": [1, 1], "radius": 1e999}'), 400),
    "-1e999": (raw('{"centroid": [-1e999, 1], "radius": 1}'), 400),
    "a whole number of 500 digits": (raw('{"centroid": [1, 1], "radius": 1%s}' % ("0" * 500)), 400),
    "radius 0": (with_objects({**CIRCLE, "radius": 0}), 400),
    "a negative radius": (with_objects({**CIRCLE, "radius": -1}), 400),
    "a radius as text": (with_objects({**CIRCLE, "radius": "5"}), 400),
    "true as radius": (with_objects({**CIRCLE, "radius": True}), 400),
    "no radius": (with_objects({"centroid": [1, 1]}), 400),
    "a centroid of three": (with_objects({**CIRCLE, "centroid": [1, 2, 3]}), 400),
    "a kept object with a radius": (with_objects({"object_id": UNKNOWN, "radius": 1}), 400),
    "an entry that is text": (with_objects("coin"), 400),
    "an id that is none": (with_objects({"object_id": "x"}), 400),
    "wholly outside": (with_objects({"centroid": [-10, 5], "radius": 9}), 422),
    "outside at a corner": (with_objects({"centroid": [-8, -8], "radius": 11}), 422),
    "1,001 objects": (with_objects(*[CIRCLE] * 1001), 422),
    "100,000 objects": (with_objects(*[CIRCLE] * 100_000), 413),
    "a million dicts": (raw(", ".join(["{}"] * 1_000_000)), 413),
    "an unknown object": (with_objects({"object_id": UNKNOWN}), 422),
    "an unknown replaced object": (with_objects({**CIRCLE, "replaces": UNKNOWN}), 422),
    "an unknown parent": (lambda image: {"based_on": UNKNOWN, "objects": []}, 422),
    "an unknown run to restore": (lambda image: {"restore": UNKNOWN}, 422),
}


@pytest.mark.parametrize("what", BAD)
def test_bad_correction_changes_nothing(load, send, image, what):
    document, status = BAD[what]
    response = send(document(image))

    assert response.status_code == status, response.json
    assert record(load, image) == image
    assert len(load("detail").get(f"/images/{image['image_id']}/detections").json) == 1


@pytest.mark.parametrize("both", ["kept twice", "kept and replaced"])
def test_object_named_twice_is_refused(send, image, list_objects, both):
    [coin, _] = keep(*list_objects())
    entry = coin if both == "kept twice" else {**CIRCLE, "replaces": coin["object_id"]}
    response = send({"based_on": image["served"], "objects": [coin, entry]})

    assert response.status_code == 422
    assert "twice" in response.json["detail"]


def test_run_and_objects_of_another_image_are_refused(load, predicted, send, image, list_objects):
    other = predicted().post("/images/", data=png(shade=90), content_type="image/png").json
    there = (other["served"], other["image_id"])
    foreign = send({"based_on": image["served"], "objects": []}, *there)
    stolen = send({"based_on": other["served"], "objects": keep(*list_objects())}, *there)
    restored = send({"restore": image["served"]}, *there)

    assert [each.status_code for each in (foreign, stolen, restored)] == [422, 422, 422]
    assert record(load, other) == other


def test_missing_and_stale_if_match_are_told_apart(send, image):
    body = {"based_on": image["served"], "objects": []}
    missing, stale = send(body, None), send(body, UNKNOWN)

    assert (missing.status_code, stale.status_code) == (428, 412)
    assert missing.json["type"] == "urn:circles:problem:precondition-required"
    assert stale.json["type"] == "urn:circles:problem:precondition-failed"
    assert "served" in missing.json["detail"] and "served" in stale.json["detail"]
    assert send(body, image_id=UNKNOWN).status_code == 404


def test_image_without_a_run_cannot_be_corrected(predicted, predictor, send):
    predictor.answer = answer_text("", 500)
    pending = predicted().post("/images/", data=png(shade=90), content_type="image/png").json
    response = send({"based_on": UNKNOWN, "objects": []}, UNKNOWN, pending["image_id"])

    assert (pending["served"], response.status_code) == (None, 422)
    unpinned = send({"restore": None}, UNKNOWN, pending["image_id"])
    assert (unpinned.status_code, unpinned.json["status"]) == (200, "pending")


def test_chunked_correction_is_bounded(load, image):
    body = BytesIO(json.dumps(with_objects(*[CIRCLE] * 100_000)(image)).encode())
    response = load("upload").post(
        f"/images/{image['image_id']}/detections",
        input_stream=body,
        content_type="application/json",
        headers={"If-Match": "*", "Transfer-Encoding": "chunked"},
        environ_overrides={"wsgi.input_terminated": True},
    )

    assert response.status_code == 413, response.json
    assert body.tell() < 2 * 1024**2


def test_compressed_correction_is_refused(send, image):
    response = send({"restore": None}, **{"Content-Encoding": "gzip"})

    assert response.status_code == 415
