"""Test what people who count and measure do, through all of `make run`."""

from io import BytesIO

import numpy
import pytest
from PIL import Image, ImageDraw, ImageFilter

EURO_PX, TWO_EURO_PX = 93.0, 103.0
"""Radii of a 1 € coin (23.25 mm) and a 2 € coin (25.75 mm) at 8 px/mm."""


@pytest.fixture
def photo(gateway, coins):
    return gateway.upload(coins, "coins.png").json()


def two_discs():
    """Return a PNG of two bright discs on dark, noisy ground, as seen from straight above."""
    size, zoom = (640, 360), 4
    large = Image.new("L", (size[0] * zoom, size[1] * zoom), 60)
    draw = ImageDraw.Draw(large)
    for x, radius_px in ((170.0, EURO_PX), (450.0, TWO_EURO_PX)):
        corners = (x - radius_px, 180 - radius_px, x + radius_px, 180 + radius_px)
        draw.ellipse([each * zoom for each in corners], fill=190)
    picture = large.resize(size, Image.Resampling.BOX).filter(ImageFilter.GaussianBlur(0.7))
    noise = numpy.random.default_rng(7).normal(0, 4, (size[1], size[0]))
    pixels = numpy.clip(numpy.asarray(picture) + noise, 0, 255).astype("uint8")
    file = BytesIO()
    Image.fromarray(pixels).convert("RGB").save(file, "PNG")
    return file.getvalue()


def test_our_predictor_states_its_threshold(gateway, photo):
    path = f"/images/{photo['image_id']}/objects?fields=full"
    objects, revealed = (gateway.get(path + more).json() for more in ("", "&min_score=0.3"))

    assert 0.5 < photo["threshold"] < 1
    assert all(each["score"] >= photo["threshold"] for each in objects)
    assert len(objects) == photo["object_count"]
    assert revealed[: len(objects)] == objects
    assert all(0.3 <= each["score"] < photo["threshold"] for each in revealed[len(objects) :])


def test_correction_is_served_by_every_route(gateway, photo):
    path = f"/images/{photo['image_id']}"
    listed = gateway.get(f"{path}/objects")
    body = {
        "based_on": photo["served"],
        "objects": [{"object_id": each["object_id"]} for each in listed.json()[1:]],
    }
    expected = {"If-Match": f'"{photo["served"]}"'}
    first = gateway.request("POST", f"{path}/detections", json=body, headers=expected)
    second = gateway.request("POST", f"{path}/detections", json=body, headers=expected)

    assert (first.status_code, second.status_code) == (201, 412)
    record = gateway.get(path)
    assert record.json()["object_count"] == photo["object_count"] - 1
    assert [run["kind"] for run in gateway.get(f"{path}/detections").json()] == ["human", "machine"]
    tag = {"If-None-Match": record.headers["ETag"]}
    assert gateway.get(path, headers=tag).status_code == 304
    changed = gateway.get(f"{path}/objects", headers={"If-None-Match": listed.headers["ETag"]})
    assert changed.status_code == 200


def test_disc_beside_a_marked_disc_is_measured(gateway):
    image = gateway.upload(two_discs(), "discs.png").json()
    path = f"/images/{image['image_id']}"
    euro, two = sorted(gateway.get(f"{path}/objects").json(), key=lambda each: each["bbox"][0])
    mark = {"object_id": euro["object_id"], "diameter_mm": 23.25}
    scaled = gateway.request("PUT", f"{path}/scale", json=mark)

    assert scaled.json()["scale"]["warnings"] == []
    measured = gateway.get(f"{path}/objects/{two['object_id']}").json()
    assert measured["diameter_mm"] == pytest.approx(25.75, rel=0.03)
    assert measured["diameter_error"] < 0.03
