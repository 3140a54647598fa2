"""Read the circles of a predictor: checked, clipped to the picture, limited in number."""

import math
from dataclasses import dataclass
from typing import Any

from circles.adapters.kserve.protocols import WrongAnswer
from circles.domain.detections import Bbox, Circle
from circles.domain.pictures import Picture
from circles.formats.fields import clean_text

Box = tuple[float, float, float, float]
"""Left, top, right, bottom, in pixels."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """The prediction for one picture. threshold is None if the predictor states none."""

    model_version: str
    circles: tuple[Circle, ...]
    candidates: tuple[Circle, ...]
    threshold: float | None


def read_prediction(
    predictions: list[Any],
    version: str | None,
    picture: Picture,
    max_objects: int,
    min_score: float | None = None,
) -> Prediction:
    """
    Read the predictions for one picture.

    There are two forms: one entry with "objects", or the objects themselves as predictions. Boxes
    are clipped to the picture, boxes outside it are dropped. What scores below the threshold is a
    candidate; the best max_objects of both kinds are kept. Without a threshold nothing is one.

    Args:
        min_score: the threshold, whatever the predictor states.

    Raises:
        WrongAnswer: a value is missing or not a finite number, or the picture has another size.
    """
    instance = _read_instance(predictions)
    _check_frame(instance, picture)
    objects = instance["objects"]
    if not isinstance(objects, list):
        raise WrongAnswer("objects is not a list")
    found = [circle for item in objects if (circle := _read_circle(item, picture))]
    # Stable: equal scores keep their order. Circles without a score come last.
    found.sort(key=lambda circle: 1.0 if circle.score is None else -circle.score)
    model_version = _read_text(instance.get("model_version")) or _read_text(version) or "unknown"
    threshold = _read_score(instance, "threshold") if min_score is None else min_score
    candidates = [circle for circle in found if _is_below(circle, threshold)]
    circles = [circle for circle in found if not _is_below(circle, threshold)]
    return Prediction(
        model_version, tuple(circles[:max_objects]), tuple(candidates[:max_objects]), threshold
    )


def _is_below(circle: Circle, threshold: float | None) -> bool:
    return threshold is not None and circle.score is not None and circle.score < threshold


def _read_instance(predictions: list[Any]) -> dict[str, Any]:
    if not all(isinstance(entry, dict) for entry in predictions):
        raise WrongAnswer("a prediction is not an object")
    if len(predictions) == 1 and "objects" in predictions[0]:
        return dict(predictions[0])
    if any("objects" in entry for entry in predictions):
        raise WrongAnswer("one picture was sent, and there are several answers")
    return {"objects": predictions}  # the flat form


def _check_frame(instance: dict[str, Any], picture: Picture) -> None:
    """Raise WrongAnswer for another size: the boxes belong to a rotated or resized picture."""
    size = (instance.get("width", picture.width), instance.get("height", picture.height))
    if size != (picture.width, picture.height):
        raise WrongAnswer("the answer is about a picture of another size")


def _read_circle(item: Any, picture: Picture) -> Circle | None:
    if not isinstance(item, dict):
        raise WrongAnswer("an object is not a JSON object")
    left, top, right, bottom = box = _read_box(item)
    clipped = _clip(box, picture)
    if clipped is None:
        return None
    x, y = _read_centroid(item) or ((left + right) / 2, (top + bottom) / 2)
    x, y = min(max(x, 0.0), picture.width), min(max(y, 0.0), picture.height)
    return Circle(
        bbox=clipped,
        centroid=(round(x, 2), round(y, 2)),
        radius_px=_read_radius(item, box),
        score=_read_score(item),
        label=_read_text(item.get("label")) or "circle",
    )


def _read_box(item: dict[str, Any]) -> Box:
    if "bbox" in item:
        x, y, width, height = _read_numbers(item["bbox"], 4)
        corners = (x, y, x + width, y + height)
    else:
        flat = item.get("bounding_box")
        if not isinstance(flat, dict):
            raise WrongAnswer("an object does not have a bbox")
        names = ("xmin", "ymin", "xmax", "ymax")
        corners = tuple(_read_number(flat.get(name)) for name in names)  # type: ignore[assignment]
    if corners[2] <= corners[0] or corners[3] <= corners[1]:
        raise WrongAnswer("the area of a bbox is not above 0")
    return corners


def _clip(box: Box, picture: Picture) -> Bbox | None:
    """Return the pixels that enclose the part of box inside the picture, or None."""
    left, top = max(math.floor(box[0]), 0), max(math.floor(box[1]), 0)
    right, bottom = min(math.ceil(box[2]), picture.width), min(math.ceil(box[3]), picture.height)
    return (left, top, right - left, bottom - top) if left < right and top < bottom else None


def _read_centroid(item: dict[str, Any]) -> tuple[float, float] | None:
    centroid = item.get("centroid")
    if isinstance(centroid, dict):
        return _read_number(centroid.get("x")), _read_number(centroid.get("y"))
    if centroid is None:
        return None
    x, y = _read_numbers(centroid, 2)
    return x, y


def _read_radius(item: dict[str, Any], box: Box) -> float:
    """Return the predictor's radius, or else half the mean of the box's width and height."""
    radius = item.get("radius")
    if isinstance(radius, dict):  # the flat form nests it
        radius = radius.get("radius")
    radius_px = (box[2] - box[0] + box[3] - box[1]) / 4 if radius is None else _read_number(radius)
    if radius_px <= 0:
        raise WrongAnswer("a radius is not above 0")
    return round(radius_px, 2)


def _read_score(item: dict[str, Any], name: str = "score") -> float | None:
    if item.get(name) is None:
        return None
    score = _read_number(item[name])
    if not 0 <= score <= 1:
        raise WrongAnswer(f"a {name} is not within 0..1")
    return round(score, 4)


def _read_text(value: Any) -> str:
    """Return a label or version as a short printable text, "" for another type."""
    return clean_text(str(value) if isinstance(value, int | float) else value, 100)


def _read_numbers(value: Any, count: int) -> list[float]:
    if not isinstance(value, list) or len(value) != count:
        raise WrongAnswer(f"a list of {count} numbers is missing")
    return [_read_number(entry) for entry in value]


def _read_number(value: Any) -> float:
    # bool is an int in Python. A number over 1e9 cannot be a pixel (1e400 is parsed as infinity).
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e9:
        raise WrongAnswer("a number is missing or out of range")
    return float(value)
