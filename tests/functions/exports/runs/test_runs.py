"""Test overlays and crops of candidates and of other runs: they show what the API lists."""

import json
from io import BytesIO
from xml.etree import ElementTree

import pytest
from PIL import Image

from tests.functions.pictures import png
from tests.functions.predictors import answer_objects

COIN = {"bbox": [10, 20, 30, 30], "centroid": [25, 35], "radius": 15.0, "score": 0.97}
FAINT = {"bbox": [90, 50, 10, 12], "centroid": [95, 56], "radius": 5.0, "score": 0.4}
CIRCLE = "{http://www.w3.org/2000/svg}circle"


@pytest.fixture
def image(predicted, predictor):
    """Upload a picture with an object and a candidate, and correct it: a second run."""
    predictor.answer = answer_objects(COIN, FAINT, threshold=0.87)
    client = predicted()
    given = {"file": (BytesIO(png()), "a.png")}
    record = client.post("/images/", data=given).json
    response = client.post(
        f"/images/{record['image_id']}/detections",
        data=json.dumps(
            {"based_on": record["served"], "objects": [{"centroid": [60, 40], "radius": 8}]}
        ),
        headers={"Content-Type": "application/json", "If-Match": f'"{record["served"]}"'},
    )
    assert response.status_code == 201, response.text
    return record


@pytest.fixture
def listed(load, image):
    """Return a function that lists the objects of a query, as the API does."""

    def get(query=""):
        path = f"/images/{image['image_id']}/objects?fields=full&{query}"
        return load("list").get(path).json

    return get


QUERIES = ["", "min_score=0.3", "detection={}", "detection={}&min_score=0.3", "min_score=0.99"]


@pytest.mark.parametrize("query", QUERIES)
def test_overlay_shows_what_is_listed(load, image, listed, query):
    wanted = query.format(image["served"])
    response = load("export").get(f"/images/{image['image_id']}/overlay?{wanted}")
    svg = ElementTree.fromstring(response.data)
    drawn = [each for each in svg.iter(CIRCLE) if each.get("stroke") != "#000"]

    assert [[float(each.get(name)) for name in ("cx", "cy", "r")] for each in drawn] == [
        [*each["centroid"], each["radius"]] for each in listed(wanted)
    ]


def test_crops_of_every_run_and_candidate(load, image, listed):
    found = [*listed(), *listed(f"detection={image['served']}&min_score=0.3")]
    assert len(found) == 3
    for each in found:
        path = f"/images/{image['image_id']}/objects/{each['object_id']}"
        assert load("detail").get(path).status_code == 200
        crop = Image.open(BytesIO(load("export").get(f"{path}/crop").data))
        assert crop.size == tuple(each["bbox"][2:])
