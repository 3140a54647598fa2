"""Which labelled photographs are on which side of the split, and how often a source is drawn."""

import json

import cv2
import numpy as np
import pytest

from predictor.training.data.photographs import draw_weights, read_split
from predictor.training.heldout import write_split

SOURCES = (
    "kaa/coins-dataset:src/a.jpg",
    "Shenggan/BCCD_Dataset:b.jpg",
    "FajarOC/fruit-detection-yolov8:c.jpg",
)


@pytest.fixture
def data(tmp_path):
    (tmp_path / "some" / "images").mkdir(parents=True)
    images = [
        {"id": n, "file_name": f"{n}.png", "domain": "d", "source": source}
        for n, source in enumerate(SOURCES, 1)
    ]
    boxes = [{"id": 1, "image_id": 1, "bbox": [10, 20, 30, 40], "iscrowd": 0}]
    boxes.append({"id": 2, "image_id": 1, "bbox": [0, 0, 5, 5], "iscrowd": 1})
    for image in images:
        cv2.imwrite(
            str(tmp_path / "some" / "images" / image["file_name"]), np.zeros((50, 60, 3), np.uint8)
        )
    (tmp_path / "some" / "annotations.json").write_text(
        json.dumps({"images": images, "annotations": boxes})
    )
    return tmp_path


def sources(photographs):
    return [photo.source for photo in photographs]


def test_source_is_in_one_split_only(data):
    assert sources(read_split(data, "train")) == [*SOURCES[:2]]
    assert sources(read_split(data, "validation")) == [SOURCES[2]]
    assert read_split(data, "test") == []


def test_boxes_are_centred_and_crowds_are_ignored(data):
    photo = read_split(data, "train")[0]
    assert photo.boxes.tolist() == [[25, 40, 30, 40]]
    assert photo.ignored.tolist() == [[2.5, 2.5, 5, 5]]
    assert photo.pixels.shape == (50, 60, 3)


def test_sources_are_drawn_by_weight_not_by_size(data):
    train = read_split(data, "train")
    weights = draw_weights([*[train[0]] * 9, train[1], *read_split(data, "validation")])
    assert weights.sum() == pytest.approx(1)
    assert weights[:9].sum() == pytest.approx(5.0 / (5.0 + 2.0 + 0.5))


def test_held_out_folder_has_only_held_out_sources(data, tmp_path):
    assert write_split(data, tmp_path / "held", "validation") == 1
    assert "FajarOC" in (tmp_path / "held" / "annotations.json").read_text()
