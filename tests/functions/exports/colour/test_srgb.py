"""Test that people get sRGB, the detector the stored pixels, and that kept pictures follow."""

import base64
import io
import json
from xml.etree import ElementTree

import numpy
import pytest
from PIL import Image

from circles.domain.exports import renditions
from tests.functions.predictors import answer_objects
from tests.pictures.colour import profiles

CURVE = profiles.parametric(*profiles.SRGB_CURVE)
P3 = profiles.rgb(profiles.P3_PRIMARIES, CURVE, version=profiles.V4)
STORED = (90, 190, 100)
SHOWN = profiles.rgb_to_srgb(STORED, profiles.P3_PRIMARIES, profiles.decode_srgb)
COIN = {"bbox": [10, 20, 30, 30], "centroid": [25, 35], "radius": 15.0, "score": 0.97}
HREF = "{http://www.w3.org/1999/xlink}href"


def draw():
    """Draw what a phone takes: green of Display P3, in a JPEG with its profile."""
    file = io.BytesIO()
    Image.new("RGB", (120, 80), STORED).save(
        file, "JPEG", quality=100, subsampling=0, icc_profile=P3
    )
    return file.getvalue()


@pytest.fixture
def image(predicted, predictor):
    predictor.answer = answer_objects(COIN, threshold=0.85)
    return predicted().post("/images/", data=draw(), content_type="image/jpeg").json


@pytest.fixture
def export(load):
    return load("export")


def assert_shown(data, at=(100, 60)):
    picture = Image.open(io.BytesIO(data))
    assert "icc_profile" not in picture.info
    assert picture.getpixel(at) == pytest.approx(SHOWN, abs=3)
    return picture


@pytest.mark.parametrize(
    "name", ["thumbnail", "overlay?format=png", "overlay?format=png&size=full"]
)
def test_picture_for_people_is_srgb(export, image, name):
    picture = assert_shown(export.get(f"/images/{image['image_id']}/{name}").data)

    assert picture.info.get("srgb") == (None if name == "thumbnail" else 0)


def test_picture_in_an_svg_is_srgb(export, image):
    svg = ElementTree.fromstring(export.get(f"/images/{image['image_id']}/overlay").data)
    [embedded] = svg.iter("{http://www.w3.org/2000/svg}image")

    assert_shown(base64.b64decode(embedded.get(HREF).partition(",")[2]))


def test_crop_is_srgb(load, export, image):
    [found] = load("list").get(f"/images/{image['image_id']}/objects").json
    path = f"/images/{image['image_id']}/objects/{found['object_id']}/crop"

    assert_shown(export.get(path).data, at=(3, 3))


def test_detector_and_content_have_the_stored_bytes(load, image, predictor):
    [(_, _, body)] = predictor.requests
    sent = base64.b64decode(json.loads(body)["instances"][0]["image_bytes"]["b64"])

    assert sent == draw() == load("detail").get(f"/images/{image['image_id']}/content").data


def test_rendition_of_an_earlier_edition_is_made_anew(export, image, volume, monkeypatch):
    path = f"/images/{image['image_id']}/thumbnail"
    monkeypatch.setattr(renditions, "_EDITION", "1")
    earlier = export.get(path).headers["ETag"]
    monkeypatch.undo()

    assert export.get(path, headers={"If-None-Match": earlier}).status_code == 200
    [kept] = [file for file in volume.blobs() if "derived" in file.parts]
    assert numpy.asarray(assert_shown(kept.read_bytes())).shape == (80, 120, 3)
