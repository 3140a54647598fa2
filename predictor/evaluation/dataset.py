"""A folder of labelled pictures in COCO form, read without trusting more of it than is used."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
DOCUMENT_NAMES = ("_annotations.coco.json", "annotations.json")


class DatasetError(Exception):
    """The folder cannot be judged on; the message says why."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """
    One picture and what is in it, in pixels of the stored picture, origin top left.

    boxes: (n, 4), left, top, width, height of what must be found. ignored: (m, 4), the same, of what is neither
    right nor wrong to find (iscrowd 1). circles: (n, 3), x, y, radius of the boxes' circles.
    """

    file: Path
    domain: str
    boxes: Floats
    ignored: Floats
    circles: Floats


def read_dataset(folder: Path) -> list[Labelled]:
    """
    Read the labels of a folder that holds _annotations.coco.json or annotations.json, pictures beside it or in images/.

    All categories count as circles. A label's centroid and radius, where it has them, are used as they are, else
    the middle and a quarter of width plus height of its box. Raises DatasetError.
    """
    document = _document(folder)
    by_image: dict[Any, list[dict[str, Any]]] = {image["id"]: [] for image in document["images"]}
    for annotation in document.get("annotations", []):
        by_image[annotation["image_id"]].append(annotation)
    return [_labelled(folder, image, by_image[image["id"]]) for image in document["images"]]


def _document(folder: Path) -> dict[str, Any]:
    for name in DOCUMENT_NAMES:
        if (folder / name).is_file():
            document: dict[str, Any] = json.loads((folder / name).read_text())
            return document
    raise DatasetError(f"{folder} holds neither {' nor '.join(DOCUMENT_NAMES)}.")


def _labelled(folder: Path, image: dict[str, Any], annotations: list[dict[str, Any]]) -> Labelled:
    wanted = [a for a in annotations if not a.get("iscrowd", 0)]
    ignored = [a for a in annotations if a.get("iscrowd", 0)]
    circles = np.array([_circle(a) for a in wanted], np.float64).reshape(-1, 3)
    domain = str(image.get("domain", "all"))
    return Labelled(_file(folder, image["file_name"]), domain, _boxes(wanted), _boxes(ignored), circles)


def _boxes(annotations: list[dict[str, Any]]) -> Floats:
    return np.array([a["bbox"] for a in annotations], np.float64).reshape(-1, 4)


def _circle(annotation: dict[str, Any]) -> tuple[float, float, float]:
    left, top, width, height = annotation["bbox"]
    x, y = annotation.get("centroid") or (left + width / 2, top + height / 2)
    return x, y, annotation.get("radius") or (width + height) / 4


def _file(folder: Path, name: str) -> Path:
    for candidate in (folder / name, folder / "images" / name):
        if candidate.is_file():
            return candidate
    raise DatasetError(f"{folder} lacks the picture {name}.")
