"""Test millimetres over HTTP, on a folder and SQLite."""

import contextlib
import json
import sqlite3

import pytest

from tests.functions.pictures import png
from tests.functions.predictors import answer_objects

UNKNOWN = "01890a5d-ac96-774b-bcce-b302099a8057"
EURO = {"bbox": [10, 10, 46, 46], "centroid": [33, 33], "radius": 23.25, "score": 0.95}
TWO = {"bbox": [60, 10, 52, 52], "centroid": [86, 36], "radius": 25.75, "score": 0.9}


@pytest.fixture
def image(predicted, predictor):
    """Return the record of a picture of a 1 € and a 2 € coin, at 0.5 mm a pixel."""
    predictor.answer = answer_objects(EURO, TWO, threshold=0.87)
    return predicted().post("/images/", data=png(), content_type="image/png").json


@pytest.fixture
def coins(load, image):
    return load("list").get(f"/images/{image['image_id']}/objects").json


@pytest.fixture
def put(load, image):
    """Return a function that sets the scale of the image, or of a batch."""

    def send(document, path=f"/images/{image['image_id']}/scale"):
        data = document if isinstance(document, str) else json.dumps(document)
        return load("upload").put(path, data=data, content_type="application/json")

    return send


@pytest.fixture
def batch(volume, image):
    """Put the image into a batch, as an upload will."""
    with contextlib.closing(sqlite3.connect(volume.database)) as connection, connection:
        connection.execute("UPDATE images SET batch = 'plate 7'")
    return "/batches/plate%207/scale"


def full(load, image):
    return load("list").get(f"/images/{image['image_id']}/objects?fields=full").json


def record(load, image):
    return load("detail").get(f"/images/{image['image_id']}").json


def test_coin_beside_a_marked_coin_is_measured(load, put, image, coins):
    response = put({"object_id": coins[0]["object_id"], "diameter_mm": 23.25})
    assert response.status_code == 200
    assert response.json == record(load, image)
    scale = response.json["scale"]
    assert (scale["mm_per_px"], scale["stale"]) == (0.5, False)
    assert (scale["object_id"], scale["diameter_mm"]) == (coins[0]["object_id"], 23.25)
    assert scale["warnings"] == ["reference-under-80-px"]

    [euro, two] = full(load, image)
    assert (euro["diameter_mm"], two["diameter_mm"]) == (23.25, 25.75)
    path = f"/images/{image['image_id']}/objects/{two['object_id']}"
    assert load("detail").get(path).json == two
    own = two["diameter_error"] ** 2 - scale["relative_error"] ** 2
    assert 0.01 < own**0.5 < 0.04


def test_given_size_of_a_pixel(load, put, image):
    assert put({"mm_per_px": 0.25}).json["scale"]["relative_error"] == 0
    assert [each["diameter_mm"] for each in full(load, image)] == [11.625, 12.875]


def test_without_a_scale_there_are_no_millimetres(load, put, image):
    assert [each["diameter_mm"] for each in full(load, image)] == [None, None]
    put({"mm_per_px": 0.25})
    responses = [load("upload").delete(f"/images/{image['image_id']}/scale") for _ in range(2)]

    assert [(each.status_code, each.data) for each in responses] == [(204, b"")] * 2
    assert record(load, image) == image


def test_stale_scale_measures_nothing(load, put, image, coins):
    put({"object_id": coins[0]["object_id"], "diameter_mm": 23.25})
    path = f"/images/{image['image_id']}"
    tag = load("list").get(f"{path}/objects?fields=full").headers["ETag"]
    body = {"based_on": image["served"], "objects": [{"object_id": coins[1]["object_id"]}]}
    headers = {"If-Match": f'"{image["served"]}"'}
    load("upload").post(f"{path}/detections", json=body, headers=headers)

    assert record(load, image)["scale"]["stale"] is True
    assert [each["diameter_mm"] for each in full(load, image)] == [None]
    changed = load("list").get(f"{path}/objects?fields=full", headers={"If-None-Match": tag})
    assert changed.status_code == 200
    refused = put({"object_id": coins[0]["object_id"], "diameter_mm": 23.25})
    assert refused.status_code == 422


def test_edit_of_another_circle_leaves_the_scale(load, put, image, coins):
    put({"object_id": coins[0]["object_id"], "diameter_mm": 23.25})
    entries = [
        {"object_id": coins[0]["object_id"]},
        {"centroid": [80, 30], "radius": 20, "replaces": coins[1]["object_id"]},
    ]
    load("upload").post(
        f"/images/{image['image_id']}/detections",
        json={"based_on": image["served"], "objects": entries},
        headers={"If-Match": f'"{image["served"]}"'},
    )

    [euro, two] = full(load, image)
    assert (euro["diameter_mm"], two["diameter_mm"]) == (23.25, 20.0)
    scale = record(load, image)["scale"]
    assert (scale["stale"], scale["object_id"]) == (False, euro["object_id"])
    assert scale["origin_id"] == coins[0]["object_id"]


def test_entity_tag_of_objects_names_the_scale(load, put, image):
    path = f"/images/{image['image_id']}/objects?fields=full"
    tags = [load("list").get(path).headers["ETag"]]
    for size in (0.5, 0.5, 0.25):
        put({"mm_per_px": size})
        tags.append(load("list").get(path).headers["ETag"])

    assert len(set(tags)) == 3
    assert tags[1] == tags[2]


def test_scale_of_a_batch(load, put, image, coins, batch):
    response = put({"object_id": coins[0]["object_id"], "diameter_mm": 23.25}, batch)
    assert (response.status_code, response.json["batch"]) == (200, "plate 7")
    assert record(load, image)["scale"] == response.json
    [listed] = load("list").get("/images/").json["images"]
    assert listed["scale"] == response.json

    put({"mm_per_px": 2})
    assert record(load, image)["scale"]["batch"] is None
    assert load("upload").delete(batch).status_code == 204
    assert record(load, image)["scale"]["mm_per_px"] == 2


def marked(**changes):
    return lambda coins: {"object_id": coins[0]["object_id"], "diameter_mm": 23.25, **changes}


BAD = {
    "0 mm": (marked(diameter_mm=0), 400),
    "-1 mm": (marked(diameter_mm=-1), 400),
    "1,000 km": (marked(diameter_mm=1e9), 400),
    "NaN": (lambda coins: '{"mm_per_px": NaN}', 400),
    "1e999": (lambda coins: '{"mm_per_px": 1e999}', 400),
    "0 mm a pixel": (lambda coins: {"mm_per_px": 0}, 400),
    "-1 mm a pixel": (lambda coins: {"mm_per_px": -1}, 400),
    "10^9 mm a pixel": (lambda coins: {"mm_per_px": 1e9}, 400),
    "5e-324 mm a pixel": (lambda coins: {"mm_per_px": 5e-324}, 400),
    "true": (lambda coins: {"mm_per_px": True}, 400),
    "text": (lambda coins: {"mm_per_px": "1"}, 400),
    "null": (lambda coins: {"mm_per_px": None}, 400),
    "both": (lambda coins: {**marked()(coins), "mm_per_px": 1}, 400),
    "neither": (lambda coins: {}, 400),
    "no diameter": (lambda coins: {"object_id": UNKNOWN}, 400),
    "no object": (lambda coins: {"diameter_mm": 1}, 400),
    "an id that is none": (marked(object_id="coin"), 400),
    "no body": (lambda coins: "", 400),
    "a list": (lambda coins: "[]", 400),
    "an unknown object": (marked(object_id=UNKNOWN), 422),
}


@pytest.mark.parametrize("what", BAD)
def test_bad_scale_changes_nothing(load, put, image, coins, batch, what):
    make, status = BAD[what]
    for path in ({}, {"path": batch}):
        response = put(make(coins), **path)
        assert response.status_code == status, response.json

    assert record(load, image)["scale"] is None


def test_scale_of_a_candidate_or_deleted_object_is_refused(load, predicted, predictor, put):
    predictor.answer = answer_objects(EURO, {**TWO, "score": 0.4}, threshold=0.87)
    other = predicted().post("/images/", data=png(shade=90), content_type="image/png").json
    path = f"/images/{other['image_id']}"
    [euro, candidate] = load("list").get(f"{path}/objects?min_score=0.3").json
    refused = put({"object_id": candidate["object_id"], "diameter_mm": 1}, f"{path}/scale")
    load("upload").delete(path)
    gone = put({"object_id": euro["object_id"], "diameter_mm": 1}, f"{path}/scale")
    elsewhere = put({"object_id": euro["object_id"], "diameter_mm": 1})

    assert [each.status_code for each in (refused, gone, elsewhere)] == [422, 404, 422]


BATCHES = {
    "unknown": ("a", 404),
    "a control character": ("a%0Ab", 404),  # no path has a line end
    "NUL": ("a%00b", 400),
    "an escape": ("a%1Bb", 400),
    "a direction mark": ("a%E2%80%8Fb", 400),
    "dots": ("%2E%2E", 400),
    "a dot": ("%2E", 400),
    "a slash": ("a%2Fb", 404),
    "a backslash": ("a%5Cb", 400),
    "not UTF-8": ("a%FF", 400),
    "1,000 characters": ("a" * 1000, 400),
}


@pytest.mark.parametrize("what", BATCHES)
def test_bad_name_of_a_batch_is_refused(put, load, what):
    name, status = BATCHES[what]
    path = f"/batches/{name}/scale"

    assert put({"mm_per_px": 1}, path).status_code == status
    assert load("upload").delete(path).status_code == status
