"""Test GET of an image's objects: order, filters and invalid queries."""

import pytest

from tests.functions.pictures import png
from tests.functions.predictors import answer_objects, answer_text

UNKNOWN = "01890a5d-ac96-774b-bcce-b302099a8057"

LARGE = {"bbox": [10, 10, 40, 40], "centroid": [30, 30], "radius": 20.0, "score": 0.5}
SMALL = {"bbox": [60, 10, 10, 10], "centroid": [65, 15], "radius": 5.0, "score": 0.9}
MIDDLE = {"bbox": [80, 40, 20, 20], "centroid": [90, 50], "radius": 10.0, "score": 0.7}
UNSCORED = {"bbox": [0, 60, 16, 16], "centroid": [8, 68], "radius": 8.0}


@pytest.fixture
def image_id(predicted, predictor):
    predictor.answer = answer_objects(LARGE, SMALL, MIDDLE, UNSCORED)
    return predicted().post("/images/", data=png(), content_type="image/png").json["image_id"]


def test_objects_are_listed_best_score_first(objects, image_id):
    response = objects.get(f"/images/{image_id}/objects")

    assert response.status_code == 200
    assert response.headers["Image-Status"] == "detected"
    assert [found["bbox"] for found in response.json] == [
        each["bbox"] for each in (SMALL, MIDDLE, LARGE, UNSCORED)
    ]
    assert len({found["object_id"] for found in response.json}) == 4


def test_listing_is_repeatable(objects, image_id):
    first, again = (objects.get(f"/images/{image_id}/objects") for _ in range(2))

    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json == again.json


def test_second_instance_lists_the_same_objects(load, image_id):
    first, second = (load("list").get(f"/images/{image_id}/objects") for _ in range(2))

    assert (first.status_code, len(first.json)) == (200, 4)
    assert first.json == second.json


FILTERS = {
    "min_score=0": [SMALL, MIDDLE, LARGE],
    "min_score=0.7": [SMALL, MIDDLE],
    "min_score=0.91": [],
    "min_score=1": [],
    "min_radius=8": [MIDDLE, LARGE, UNSCORED],
    "max_radius=8": [SMALL, UNSCORED],
    "min_radius=8&max_radius=10": [MIDDLE, UNSCORED],
    "min_radius=10&max_radius=8": [],
    "min_score=0.6&min_radius=6": [MIDDLE],
    "min_radius=1e3": [],
}


@pytest.mark.parametrize("query", FILTERS)
def test_filters_select_objects(objects, image_id, query):
    response = objects.get(f"/images/{image_id}/objects?{query}")

    assert response.status_code == 200
    assert [found["bbox"] for found in response.json] == [each["bbox"] for each in FILTERS[query]]
    assert response.headers["Image-Status"] == "detected"


REFUSED = {
    "min_score=high": "'min_score' must be a number from 0 to 1",
    "min_score=1.5": "'min_score' must be a number from 0 to 1",
    "min_score=-0.1": "'min_score' must be",
    "min_score=": "'min_score' must be",
    "min_score=nan": "'min_score' must be",
    "max_radius=inf": "'max_radius' must be",
    "min_radius=-1": "'min_radius' must be",
    "min_radius=1&min_radius=2": "'min_radius' is given twice",
    "radius=3": "no query parameter 'radius' here; known: min_score, min_radius, max_radius",
    "format=csv": "'format'",
}


@pytest.mark.parametrize("query", REFUSED)
def test_invalid_query_is_refused_with_a_reason(objects, image_id, query):
    response = objects.get(f"/images/{image_id}/objects?{query}")

    assert response.status_code == 400
    assert response.json["type"] == "urn:circles:problem:malformed"
    assert REFUSED[query] in response.json["detail"]


def test_image_without_circles_has_an_empty_list(predicted, predictor, objects):
    predictor.answer = answer_objects()
    image = predicted().post("/images/", data=png(), content_type="image/png").json

    response = objects.get(f"/images/{image['image_id']}/objects")

    assert (response.status_code, response.json) == (200, [])
    assert response.headers["Image-Status"] == "detected"


def test_pending_image_has_an_empty_list_and_a_status(predicted, predictor, objects):
    predictor.answer = answer_text("out of order", 500)
    image = predicted().post("/images/", data=png(), content_type="image/png").json

    response = objects.get(f"/images/{image['image_id']}/objects")

    assert (response.status_code, response.json) == (200, [])
    assert response.headers["Image-Status"] == "pending"


def test_unknown_image_is_not_found(objects):
    response = objects.get(f"/images/{UNKNOWN}/objects")

    assert response.status_code == 404
    assert response.json["type"] == "urn:circles:problem:not-found"
    assert response.json["detail"] == "There is no such image."


@pytest.mark.parametrize(
    "text", ["1", "null", "..%2f..%2fetc", "0" * 36, UNKNOWN[:-1], UNKNOWN + "0", "%00", "%ff"]
)
def test_invalid_uuid_is_refused(objects, text):
    response = objects.get(f"/images/{text}/objects")

    assert response.status_code in (400, 404 if "%2f" in text else 400)
    if response.status_code == 400:
        assert response.json["type"] == "urn:circles:problem:malformed"
        assert "UUID" in response.json["detail"]


def test_uppercase_id_is_accepted(objects, image_id):
    response = objects.get(f"/images/{image_id.upper()}/objects")

    assert (response.status_code, len(response.json)) == (200, 4)


def test_head_matches_get(objects, image_id):
    head, get = (
        objects.head(f"/images/{image_id}/objects"),
        objects.get(f"/images/{image_id}/objects"),
    )

    assert (head.status_code, head.data) == (200, b"")
    assert head.headers["Image-Status"] == "detected"
    assert head.headers["Content-Length"] == get.headers["Content-Length"] == str(len(get.data))
