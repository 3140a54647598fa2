"""
Read a folder of labelled pictures as arrays.

Which label files and folders are read is in coco.py.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from predictor.evaluation.coco import DatasetError, LabelFile, find_picture, read_label_files

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Labelled:
    """
    One picture and its labels, in pixels of the stored picture, origin top left.

    boxes: (n, 4), left, top, width, height of what must be found.
    ignored: (m, 4), the same, of what is neither right nor wrong to find (iscrowd 1).
    circles: (n, 3), x, y, radius of the boxes' circles.
    visible: (n,), the share of each thing that nothing hides, 0..1 (a label's visible_share),
    nan where the label does not give it.
    side: train, validation or test where the label file says so, else "".
    """

    file: Path
    domain: str
    boxes: Floats
    ignored: Floats
    circles: Floats
    visible: Floats = field(default_factory=lambda: np.zeros(0))
    side: str = ""


def read_dataset(folder: Path) -> list[Labelled]:
    """
    Read the labelled pictures of a folder in COCO form.

    All categories count as circles. A label's centroid and radius, where it has them, are used
    as they are, else the middle and a quarter of width plus height of its box. Raises
    DatasetError.
    """
    pictures = [
        picture for labels in read_label_files(folder) for picture in _pictures(folder, labels)
    ]
    if not pictures:
        raise DatasetError(f"The label file of {folder} does not list any picture.")
    files: set[Path] = set()
    for picture in pictures:
        if picture.file in files:
            raise DatasetError(f"Two pictures of the labels are the file {picture.file}.")
        files.add(picture.file)
    return pictures


def _pictures(folder: Path, labels: LabelFile) -> Iterator[Labelled]:
    for image in labels.images:
        file = find_picture(folder, image["file_name"], labels.subset)
        if file is None:
            raise DatasetError(f"{folder} does not hold the picture {image['file_name']}.")
        yield _labelled(file, image, labels.labels[image["id"]])


def _labelled(file: Path, image: dict[str, Any], labels: list[dict[str, Any]]) -> Labelled:
    wanted = [label for label in labels if not label.get("iscrowd")]
    ignored = [label for label in labels if label.get("iscrowd")]
    circles = np.array([_circle(label) for label in wanted], np.float64).reshape(-1, 3)
    visible = np.array([label.get("visible_share", np.nan) for label in wanted], np.float64)
    domain, side = str(image.get("domain", "all")), str(image.get("split", ""))
    return Labelled(file, domain, _boxes(wanted), _boxes(ignored), circles, visible, side)


def _boxes(annotations: list[dict[str, Any]]) -> Floats:
    return np.array([a["bbox"] for a in annotations], np.float64).reshape(-1, 4)


def _circle(annotation: dict[str, Any]) -> tuple[float, float, float]:
    left, top, width, height = annotation["bbox"]
    x, y = annotation.get("centroid") or (left + width / 2, top + height / 2)
    return x, y, annotation.get("radius") or (width + height) / 4
