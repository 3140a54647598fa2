"""Test circles thumbnail, crop and delete."""

import io

import pytest
from PIL import Image

from tests.client.conftest import documents
from tests.client.pictures import fill

UNKNOWN = "01890a5d-ac96-774b-bcce-b302099a8057"


@pytest.fixture
def image(run, site, tmp_path):
    site.add("export")
    [document] = documents(run("upload", *fill(tmp_path / "pictures", 1), "--json"))
    return document["image"]


def test_thumbnails_are_saved(run, image, tmp_path):
    done = run("thumbnail", image["image_id"], "--width", "1024", "--folder", tmp_path / "small")

    assert done.stdout == f"{tmp_path}/small/{image['image_id']}.jpg\n"
    with Image.open(done.stdout.strip()) as saved:
        assert (saved.format, saved.size) == ("JPEG", (image["width"], image["height"]))


def test_crops_of_all_circles_or_of_one_are_saved(run, client, image, tmp_path):
    [found] = client.objects(image["image_id"])
    every = run("crop", image["image_id"], "--folder", tmp_path / "all")
    one = run("crop", image["image_id"], found["object_id"], "--folder", tmp_path / "one")

    assert (every.exit_code, one.exit_code) == (0, 0)
    assert every.stdout == f"{tmp_path}/all/{found['object_id']}.jpg\n"
    with Image.open(one.stdout.strip()) as saved:
        assert saved.size == tuple(found["bbox"][2:])


@pytest.mark.parametrize("command", ["thumbnail", "crop"])
def test_unknown_image_leaves_no_file(run, image, tmp_path, command):
    folder = tmp_path / "out"
    done = run(command, UNKNOWN, "--folder", folder)

    assert done.exit_code == 1
    assert not folder.exists() or list(folder.iterdir()) == []


def test_deletion_is_repeated_without_harm(run, client, image):
    assert run("delete", image["image_id"], UNKNOWN).exit_code == 0
    assert run("delete", image["image_id"]).exit_code == 0
    assert list(client.images()) == []


def test_pictures_are_read_by_the_class(client, image):
    with client.content(image["image_id"]) as download:
        stored = b"".join(download)
    with client.thumbnail(image["image_id"]) as download:
        small = Image.open(io.BytesIO(b"".join(download)))

    assert len(stored) == image["size_bytes"]
    assert small.size == (image["width"], image["height"])
