"""Test pictures of images that cannot be read by now: each says why, and none is kept."""

import hashlib
import sqlite3
from contextlib import closing
from io import BytesIO

import pytest

from tests.functions.pictures import jpeg, png
from tests.functions.predictors import answer_objects

COIN = {"bbox": [10, 20, 30, 30], "centroid": [25, 35], "radius": 15.0, "score": 0.97}
NAMES = ["thumbnail", "overlay", "overlay?format=png", "overlay?format=png&size=full", "crop"]
FORMATS = ["gif", "jpg", "pdf", "tiff", "SVG", "", "svg,png", "svg%00"]


@pytest.fixture
def image(predicted, predictor):
    predictor.answer = answer_objects(COIN, threshold=0.85)
    given = {"file": (BytesIO(png()), "a.png")}
    return predicted().post("/images/", data=given).json["image_id"]


@pytest.fixture
def path(load, image):
    """Return a function that gives the path of a picture of the image."""
    [found] = load("list").get(f"/images/{image}/objects").json

    def name_to_path(name):
        part = f"objects/{found['object_id']}/crop" if name == "crop" else name
        return f"/images/{image}/{part}"

    return name_to_path


def store(volume, image, data):
    """Put other bytes behind an image, and their checksum into its row, as another version did."""
    [blob] = [each for each in volume.blobs() if image in each.name or "images" in each.parts]
    blob.write_bytes(data)
    with closing(sqlite3.connect(volume.database)) as connection, connection:
        connection.execute(
            "UPDATE images SET sha256 = ?, size_bytes = ?",
            [hashlib.sha256(data).hexdigest(), len(data)],
        )


def derived(volume):
    return [each for each in volume.blobs() if "derived" in each.parts]


UNREADABLE = {
    "cut off": (lambda: png()[:200], 422, "undecodable-picture"),
    "cut off in its rows": (lambda: jpeg(quality=95)[:-400], 422, "undecodable-picture"),
    "no picture": (
        lambda: b"a text of forty bytes, which is no picture",
        415,
        "unsupported-picture",
    ),
}


@pytest.mark.parametrize("kind", UNREADABLE)
@pytest.mark.parametrize("name", NAMES)
def test_by_now_unreadable_picture_says_why(load, image, path, volume, name, kind):
    make, status, code = UNREADABLE[kind]
    store(volume, image, make())
    response = load("export").get(path(name))

    assert response.status_code == status, response.text
    assert response.json["type"].endswith(code)
    assert derived(volume) == []
    assert load("detail").get(f"/images/{image}").status_code == 200  # only its pictures fail


@pytest.mark.parametrize("name", NAMES)
def test_picture_beyond_a_lower_limit_is_413(load, path, name):
    response = load("export", max_pixels=9_599).get(path(name))

    assert (response.status_code, response.json["title"]) == (413, "Too large")


@pytest.mark.parametrize("name", NAMES)
def test_replaced_blob_is_not_shown(load, image, path, volume, name):
    [blob] = volume.blobs()
    blob.write_bytes(png(99))
    response = load("export").get(path(name))

    assert response.status_code == 500
    assert response.json["type"].endswith("damaged")
    assert derived(volume) == []


@pytest.mark.parametrize("name", NAMES)
def test_deleted_image_has_no_picture(load, image, path, volume, name):
    export, wanted = load("export"), path(name)
    assert export.get(wanted).status_code == 200
    load("upload").delete(f"/images/{image}")

    assert export.get(wanted).status_code == 404
    assert volume.blobs() == []


@pytest.mark.parametrize("name", NAMES)
def test_lost_blob_is_404(load, path, volume, name):
    wanted = path(name)
    [blob] = volume.blobs()
    blob.unlink()

    assert load("export").get(wanted).status_code == 404


@pytest.mark.parametrize("chosen", FORMATS)
def test_format_of_an_overlay_that_does_not_exist(load, path, volume, chosen):
    response = load("export").get(path(f"overlay?format={chosen}"))

    assert response.status_code == 400
    assert "svg, png" in response.json["detail"]
    assert derived(volume) == []
