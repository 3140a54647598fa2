"""Test circles dataset: what people corrected, for training and evaluation."""

import contextlib
import hashlib
import io
import json
import os
import subprocess
import sys

import pytest
from PIL import Image, ImageDraw
from pycocotools.coco import COCO

from circles_client import Client
from circles_client.dataset.coco import choose_side, find_deleted
from circles_client.dataset.gathering import write_dataset
from predictor.evaluation.dataset import read_dataset
from predictor.training.data.photographs import read_split
from tests.functions.conftest import ROOT
from tests.functions.pictures import encode
from tests.functions.predictors import answer_objects

COIN = {"bbox": [10, 20, 30, 30], "centroid": [25, 35], "radius": 15.0, "score": 0.95}
BUTTON = {**COIN, "bbox": [60, 20, 20, 20], "centroid": [70, 30], "radius": 10.0, "score": 0.9}
FAINT = {**COIN, "bbox": [90, 50, 10, 10], "centroid": [95, 55], "radius": 5.0, "score": 0.4}
COUNT = 20


def photograph(number):
    """Return a PNG with a dark disc at (25, 35); HEIC and a turned JPEG are among them."""
    picture = Image.new("RGB", (120, 80), (220, 210, 200 - number))
    ImageDraw.Draw(picture).ellipse((10, 20, 40, 50), fill=(40, 40, 40))
    if number == 0:
        import pillow_heif

        pillow_heif.register_heif_opener()
        return encode(picture, "HEIF", quality=95)
    if number == 1:
        exif = Image.Exif()
        exif[274] = 6  # shown turned by a quarter
        return encode(picture.rotate(90, expand=True), "JPEG", quality=95, exif=exif)
    return encode(picture, "PNG")


@pytest.fixture
def reviewed(run, client, predictor, tmp_path):
    """Correct 20 pictures: two are emptied, two confirmed, one is drawn upon. One is left alone."""
    predictor.answer = answer_objects(COIN, BUTTON, FAINT, threshold=0.87)
    (tmp_path / "pictures").mkdir()
    for number in range(COUNT + 1):
        (tmp_path / f"pictures/{number:02}.png").write_bytes(photograph(number))
    assert run("upload", tmp_path / "pictures", "--jobs", "1").exit_code == 0
    _, *images = client.images()
    for number, image in enumerate(images):
        coin, button = client.objects(image["image_id"])
        kept = [{"object_id": coin["object_id"]}]
        if number < 2:
            kept = []
        elif number < 4:
            kept.append({"object_id": button["object_id"]})
        elif number == 4:
            kept.append({"centroid": [71, 30], "radius": 10})
        client.correct(image["image_id"], kept, based_on=image["served"])
    return images


def contents(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_dataset_is_read_by_every_reader_and_repeats(run, reviewed, tmp_path):
    """Check 3 of a user."""
    folder = tmp_path / "sets" / "mine"
    first = run("dataset", folder)
    before = contents(folder)
    again = run("dataset", folder)

    assert (first.exit_code, again.exit_code) == (0, 0)
    assert first.stderr == "20 images, 21 circles, 19 deleted circles.\n"
    assert contents(folder) == before
    assert len(before) == COUNT + 2
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO(folder / "annotations.json")
        deleted = truth.loadRes(str(folder / "negatives.json"))
    assert len(truth.getImgIds()) == COUNT
    assert len(truth.getAnnIds()) == 21
    assert {tuple(each["bbox"]) for each in deleted.anns.values()} == {
        tuple(COIN["bbox"]),
        tuple(BUTTON["bbox"]),
    }
    labelled = read_dataset(folder)
    assert sorted(len(picture.boxes) for picture in labelled) == [0] * 2 + [1] * 15 + [2] * 3
    sides = [read_split(folder.parent, side) for side in ("train", "validation", "test")]
    assert sum(map(len, sides)) == COUNT
    for photo in (each for side in sides for each in side if len(each.boxes)):
        assert photo.pixels.shape == (80, 120, 3)
        assert photo.pixels[35, 25].max() < 80  # the disc is where its label is, however turned


def test_evaluation_runs_on_a_side_of_the_dataset(run, reviewed, tmp_path):
    """Check 3 of a user: make evaluate."""
    run("dataset", tmp_path / "set")
    done = subprocess.run(
        [sys.executable, "-m", "predictor.evaluation", tmp_path / "set", "--split", "train",
         "--detector", "hough-tutorial", "--json", tmp_path / "figures.json"],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": "lib"}, capture_output=True, text=True,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    train = [image for image in labels(tmp_path / "set")["images"] if image["split"] == "train"]
    assert f'"pictures": {len(train)}' in (tmp_path / "figures.json").read_text()


def labels(folder):
    return json.loads((folder / "annotations.json").read_text())


def test_dataset_follows_what_changes(run, client, reviewed, tmp_path):
    folder = tmp_path / "set"
    assert run("dataset", folder, "--review", "confirmed").stderr.startswith("2 images, 4 circles")
    run("dataset", folder)
    client.delete(reviewed[5]["image_id"])
    (folder / "images" / "note.txt").write_text("mine")
    broken = next(folder.glob("images/*.png"))
    broken.write_bytes(b"half")
    run("dataset", folder)

    names = {path.name for path in (folder / "images").iterdir()}
    assert names == {image["file_name"] for image in labels(folder)["images"]} | {"note.txt"}
    assert len(names) == COUNT
    assert hashlib.sha256(broken.read_bytes()).hexdigest() == broken.stem


def test_equal_pictures_are_one_and_the_corrected_wins(run, client, reviewed, tmp_path):
    path = tmp_path / "pictures" / "05.png"
    copy = client.upload(path, batch="other")
    kept = [{"object_id": each["object_id"]} for each in client.objects(copy["image_id"])]
    client.correct(copy["image_id"], kept, based_on=copy["served"])
    done = run("dataset", tmp_path / "set")

    assert done.stderr.endswith("19 deleted circles. 1 image with equal bytes left out.\n")
    [image] = [each for each in labels(tmp_path / "set")["images"]
               if each["sha256"] == copy["sha256"]]  # fmt: skip
    assert image["review"] == "corrected"


@pytest.mark.parametrize("known", ['{"images": []}', "no JSON", "[]"])
def test_labels_of_another_program_are_kept(run, reviewed, tmp_path, known):
    (tmp_path / "annotations.json").write_text(known)
    done = run("dataset", tmp_path)

    assert done.exit_code == 1
    assert "is of another program" in done.stderr
    assert (tmp_path / "annotations.json").read_text() == known
    assert not (tmp_path / "images").exists()


def test_nothing_reviewed_is_told(run, tmp_path):
    done = run("dataset", tmp_path / "set")

    assert done.exit_code == 1
    assert "No image was reviewed so" in done.stderr
    assert not (tmp_path / "set").exists()
    assert run("dataset", tmp_path / "set", "--review", "all").exit_code == 2


def test_sides_have_their_shares():
    sides = [choose_side(hashlib.sha256(bytes([a, b])).hexdigest())
             for a in range(20) for b in range(100)]  # fmt: skip

    assert [round(sides.count(side) / 2000, 1) for side in ("train", "validation", "test")] == [
        0.8,
        0.1,
        0.1,
    ]


def test_moved_and_drawn_over_circles_are_not_deleted():
    def at(x, origin):
        return {"origin_id": origin, "bbox": [x, 0, 20, 20]}

    machine = [at(0, "kept"), at(100, "moved"), at(200, "drawn over"), at(300, "deleted")]
    objects = [at(0, "kept"), at(150, "moved"), at(203, "new")]

    assert find_deleted(objects, machine) == [at(300, "deleted")]


def test_image_that_is_deleted_meanwhile_is_left_out(site, reviewed, tmp_path):
    gone = reviewed[7]["image_id"]

    class Deleting(Client):
        def objects(self, image_id, **filters):
            if image_id == gone:
                self.delete(gone)
            return super().objects(image_id, **filters)

    with Deleting(site.url) as client:
        written = write_dataset(client, tmp_path / "set", ["corrected", "confirmed"])

    assert written.images == len(labels(tmp_path / "set")["images"]) == COUNT - 1
