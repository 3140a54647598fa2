"""Strict reading of what a predictor found: everything checked, clipped to the picture, and capped in number."""

import math
from dataclasses import dataclass
from typing import Any

from circles.adapters.kserve.protocols import WrongAnswer
from circles.domain.detections import Bbox, Circle
from circles.domain.pictures import Picture
from circles.formats.fields import clean_text

Box = tuple[float, float, float, float]
"""Left, top, right, bottom in pixels."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """What one instance's prediction says."""

    model_version: str
    circles: tuple[Circle, ...]


def read_prediction(predictions: list[Any], version: str | None, picture: Picture, max_objects: int) -> Prediction:
    """
    Read both forms of the design: one entry with "objects", or the objects straight in predictions (one instance).

    Boxes are clipped to the picture, those wholly outside are dropped, and the best max_objects are kept.

    Raises:
        WrongAnswer: something is missing, is no finite number, or speaks of a picture of another size.
    """
    instance = _instance(predictions)
    _check_frame(instance, picture)
    objects = instance["objects"]
    if not isinstance(objects, list):
        raise WrongAnswer("objects is not a list")
    found = [circle for item in objects if (circle := _circle(item, picture))]
    found.sort(
        key=lambda circle: 1.0 if circle.score is None else -circle.score
    )  # stable: equal scores keep their order, and who has none comes last
    model_version = _text(instance.get("model_version")) or _text(version) or "unknown"
    return Prediction(model_version, tuple(found[:max_objects]))


def _instance(predictions: list[Any]) -> dict[str, Any]:
    if not all(isinstance(entry, dict) for entry in predictions):
        raise WrongAnswer("a prediction is not an object")
    if len(predictions) == 1 and "objects" in predictions[0]:
        return dict(predictions[0])
    if any("objects" in entry for entry in predictions):
        raise WrongAnswer("one picture was sent and several were answered")
    return {"objects": predictions}  # the flat form


def _check_frame(instance: dict[str, Any], picture: Picture) -> None:
    """A predictor that names another size looked at another frame (not upright, or resized): its boxes would lie."""
    size = (instance.get("width", picture.width), instance.get("height", picture.height))
    if size != (picture.width, picture.height):
        raise WrongAnswer("the answer speaks of a picture of another size")


def _circle(item: Any, picture: Picture) -> Circle | None:
    if not isinstance(item, dict):
        raise WrongAnswer("an object is not a JSON object")
    left, top, right, bottom = box = _box(item)
    clipped = _clip(box, picture)
    if clipped is None:
        return None
    x, y = _centroid(item) or ((left + right) / 2, (top + bottom) / 2)
    return Circle(
        bbox=clipped,
        centroid=(round(min(max(x, 0.0), picture.width), 2), round(min(max(y, 0.0), picture.height), 2)),
        radius_px=_radius(item, box),
        score=_score(item),
        label=_text(item.get("label")) or "circle",
    )


def _box(item: dict[str, Any]) -> Box:
    if "bbox" in item:
        x, y, width, height = _numbers(item["bbox"], 4)
        corners = (x, y, x + width, y + height)
    else:
        flat = item.get("bounding_box")
        if not isinstance(flat, dict):
            raise WrongAnswer("an object has no bbox")
        corners = tuple(_number(flat.get(name)) for name in ("xmin", "ymin", "xmax", "ymax"))  # type: ignore[assignment]
    if corners[2] <= corners[0] or corners[3] <= corners[1]:
        raise WrongAnswer("a bbox has no area")
    return corners


def _clip(box: Box, picture: Picture) -> Bbox | None:
    """Return the whole pixels that enclose the part of box inside the picture; None where there is no such part."""
    left, top = max(math.floor(box[0]), 0), max(math.floor(box[1]), 0)
    right, bottom = min(math.ceil(box[2]), picture.width), min(math.ceil(box[3]), picture.height)
    return (left, top, right - left, bottom - top) if left < right and top < bottom else None


def _centroid(item: dict[str, Any]) -> tuple[float, float] | None:
    centroid = item.get("centroid")
    if isinstance(centroid, dict):
        return _number(centroid.get("x")), _number(centroid.get("y"))
    if centroid is None:
        return None
    x, y = _numbers(centroid, 2)
    return x, y


def _radius(item: dict[str, Any], box: Box) -> float:
    """The predictor's own radius, or half the mean of the box's width and height where it gives none."""
    radius = item.get("radius")
    if isinstance(radius, dict):  # the flat form nests it
        radius = radius.get("radius")
    radius_px = (box[2] - box[0] + box[3] - box[1]) / 4 if radius is None else _number(radius)
    if radius_px <= 0:
        raise WrongAnswer("a radius is not above 0")
    return round(radius_px, 2)


def _score(item: dict[str, Any]) -> float | None:
    if item.get("score") is None:
        return None
    score = _number(item["score"])
    if not 0 <= score <= 1:
        raise WrongAnswer("a score is not within 0..1")
    return round(score, 4)


def _text(value: Any) -> str:
    """Return a label or version as a short printable text, "" for another type."""
    return clean_text(str(value) if isinstance(value, int | float) else value, 100)


def _numbers(value: Any, count: int) -> list[float]:
    if not isinstance(value, list) or len(value) != count:
        raise WrongAnswer(f"a list of {count} numbers is missing")
    return [_number(entry) for entry in value]


def _number(value: Any) -> float:
    # bool is an int to Python; beyond 1e9 there is no pixel, only an error (1e400 parses as infinity)
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e9:
        raise WrongAnswer("a number is missing or out of range")
    return float(value)
