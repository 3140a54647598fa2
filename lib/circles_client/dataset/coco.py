"""
Describe reviewed images as a COCO data set.

The documents depend on what the server holds alone: images are in the order of their SHA-256, and
nothing tells when they were written.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from circles_client.transport.http import Json

MAKER = "Circles: reviewed images"
"""Marks our label files, so that nobody else's is overwritten."""

_SUFFIXES = {
    "image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "image/gif": "gif",
    "image/bmp": "bmp", "image/tiff": "tif", "image/heic": "heic", "image/avif": "avif",
}  # fmt: skip
_SHARES = (("train", 0.8), ("validation", 0.9), ("test", 1.0))
"""The sides of the split, each with the share of images up to its end."""

_SAME_CIRCLE = 0.5
"""From this overlap (IoU of bboxes) a drawn circle stands for a deleted one."""


@dataclass(frozen=True, slots=True)
class Reviewed:
    """
    An image that a person reviewed, its objects, and those of the predictor that were deleted.

    image: the record. objects, deleted: whole documents of objects.
    """

    image: Json
    objects: Sequence[Json]
    deleted: Sequence[Json]

    @property
    def file_name(self) -> str:
        """The name of its picture, which is the same for the same bytes."""
        return f"{self.image['sha256']}.{_SUFFIXES.get(self.image['media_type'], 'bin')}"


def choose_side(sha256: str) -> str:
    """Return train, validation or test (80, 10, 10 %), always the same one for the same bytes."""
    share = int(sha256[:8], 16) / 2**32
    return next(side for side, end in _SHARES if share < end)


def find_deleted(objects: Sequence[Json], machine: Sequence[Json]) -> list[Json]:
    """
    Return the objects of the predictor's run that a person deleted.

    Not what was moved (which keeps its origin), nor what a new circle was drawn over.
    """
    origins = {each["origin_id"] for each in objects}
    return [
        each
        for each in machine
        if each["origin_id"] not in origins
        and all(_overlap(each["bbox"], other["bbox"]) < _SAME_CIRCLE for other in objects)
    ]


def describe_dataset(reviewed: Sequence[Reviewed]) -> Json:
    """Return the label file: images and annotations with ids from 1."""
    labels = sorted({each["label"] for entry in reviewed for each in entry.objects} or {"circle"})
    categories = {label: number for number, label in enumerate(labels, 1)}
    annotations: list[Json] = []
    for image_number, entry in enumerate(reviewed, 1):
        for found in sorted(entry.objects, key=_reading_order):
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": image_number,
                    "category_id": categories[found["label"]],
                    "bbox": found["bbox"],
                    "area": found["bbox"][2] * found["bbox"][3],
                    "iscrowd": 0,
                    "centroid": found["centroid"],
                    "radius": found["radius"],
                }
            )
    return {
        "info": {"description": MAKER},
        "images": [_image(number, entry) for number, entry in enumerate(reviewed, 1)],
        "annotations": annotations,
        "categories": [{"id": number, "name": label} for label, number in categories.items()],
    }


def describe_negatives(reviewed: Sequence[Reviewed]) -> list[Json]:
    """Return what the predictor found and a person deleted, as COCO results."""
    return [
        {
            "image_id": number,
            "category_id": 1,
            "bbox": found["bbox"],
            "score": found["score"],
            "centroid": found["centroid"],
            "radius": found["radius"],
        }
        for number, entry in enumerate(reviewed, 1)
        for found in sorted(entry.deleted, key=_reading_order)
    ]


def encode(document: Json | list[Json]) -> bytes:
    """Return a document as JSON that versions of it can be compared by."""
    return (json.dumps(document, indent=1, ensure_ascii=False) + "\n").encode()


def _image(number: int, entry: Reviewed) -> Json:
    image = entry.image
    return {
        "id": number,
        "file_name": entry.file_name,
        "width": image["width"],
        "height": image["height"],
        "source": "circles",
        "domain": image["batch"] or "circles",
        "split": choose_side(image["sha256"]),
        "review": image["review"],
        "sha256": image["sha256"],
        "circles_image_id": image["image_id"],
    }


def _reading_order(found: Json) -> tuple[float, float, float]:
    x, y = found["centroid"]
    return y, x, found["radius"]


def _overlap(a: Sequence[float], b: Sequence[float]) -> float:
    """Return the intersection over the union of two bboxes."""
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    common = max(width, 0) * max(height, 0)
    union = a[2] * a[3] + b[2] * b[3] - common
    return common / union if union else 0.0
