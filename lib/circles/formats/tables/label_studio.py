"""Write tasks for Label Studio (labelstud.io, "Label Studio JSON format of annotated tasks")."""

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from circles.domain.detections import Circle, FoundObject
from circles.domain.exports.selections import Entry
from circles.domain.images import Image, Review

Locate = Callable[[Image], str]
"""Returns the URL from which Label Studio reads an image's picture."""

_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


def write_label_studio(
    entries: Iterable[Entry], locate: Locate, *, rectangles: bool = False
) -> Iterator[str]:
    """
    Yield a list of tasks. meta.complete of the last one is the number of tasks.

    What the predictor found is a prediction, what a person corrected or confirmed an annotation.

    Args:
        rectangles: Label Studio exports ellipses as JSON only (HumanSignal/label-studio#5901).
    """
    tasks, last = 0, None
    yield "["
    for entry in entries:
        if last:
            yield _encode(last) + ",\n"
        tasks += 1
        last = _task(entry, locate, rectangles)
    if last:
        yield _encode({**last, "meta": {"complete": tasks}})
    yield "]\n"


def _task(entry: Entry, locate: Locate, rectangles: bool) -> dict[str, Any]:
    image = entry.image
    data = {
        "image": locate(image),
        "image_id": image.image_id,
        "file_name": image.file_name,
        "batch": image.batch,
        "sha256": image.sha256,
    }
    if image.detection_id is None:
        return {"data": data}
    result = [_region(found, image, rectangles) for found in entry.objects]
    if image.review is Review.NONE:
        version = f"{image.model} {image.model_version}"
        return {"data": data, "predictions": [{"model_version": version, "result": result}]}
    return {"data": data, "annotations": [{"result": result, "ground_truth": True}]}


def _region(found: FoundObject, image: Image, rectangles: bool) -> dict[str, Any]:
    circle, shape = found.circle, "rectanglelabels" if rectangles else "ellipselabels"
    value = _rectangle(circle, image) if rectangles else _ellipse(circle, image)
    region = {
        "id": found.object_id,
        "type": shape,
        "from_name": "label",
        "to_name": "image",
        "original_width": image.width,
        "original_height": image.height,
        "image_rotation": 0,
        "value": {**value, "rotation": 0, shape: [circle.label]},
    }
    return region if circle.score is None else {**region, "score": circle.score}


def _ellipse(circle: Circle, image: Image) -> dict[str, float]:
    """Return centre and radii in percent of the image's width and height."""
    x, y = circle.centroid
    return {
        "x": x / image.width * 100,
        "y": y / image.height * 100,
        "radiusX": circle.radius_px / image.width * 100,
        "radiusY": circle.radius_px / image.height * 100,
    }


def _rectangle(circle: Circle, image: Image) -> dict[str, float]:
    """Return corner and size of the box in percent of the image's width and height."""
    x, y, width, height = circle.bbox
    return {
        "x": x / image.width * 100,
        "y": y / image.height * 100,
        "width": width / image.width * 100,
        "height": height / image.height * 100,
    }
