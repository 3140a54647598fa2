"""Circles, detections and recorded objects, and the detector's port."""

from dataclasses import dataclass, replace
from typing import Protocol

from circles.domain.pictures import Picture

Bbox = tuple[int, int, int, int]
"""COCO's [x, y, width, height] in whole pixels, enclosing the object."""


Point = tuple[float, float]
"""[x, y] in pixels of the upright image: origin top left, x right, y down."""


@dataclass(frozen=True, slots=True)
class Circle:
    """One round object, in pixels of the upright image. score is 0..1, or None without one."""

    bbox: Bbox
    centroid: Point
    radius_px: float
    score: float | None
    label: str


@dataclass(frozen=True, slots=True)
class Detection:
    """
    One detector run on one image: the model, protocol, duration and circles found.

    threshold is the score from which circles count, None if the predictor states none. candidates
    are what scored below it, down to floor, the score that was asked for. sure_count and
    doubtful_count are those of count_doubt.
    """

    model: str
    model_version: str
    protocol: str
    duration_ms: float
    circles: tuple[Circle, ...]
    threshold: float | None = None
    floor: float | None = None
    candidates: tuple[Circle, ...] = ()
    sure_count: int | None = None
    doubtful_count: int | None = None


def count_doubt(detection: Detection, sure_score: float) -> Detection:
    """
    Return a detection with its counts of sure and of doubtful circles.

    Sure are the circles from sure_score on, doubtful all others and the candidates. The counts stay
    None where the predictor states no threshold or a circle has no score: that score, if any, means
    something else.
    """
    scores = [circle.score for circle in detection.circles]
    if detection.threshold is None or None in scores:
        return detection
    sure = sum(score is not None and score >= sure_score for score in scores)
    doubtful = len(scores) - sure + len(detection.candidates)
    return replace(detection, sure_count=sure, doubtful_count=doubtful)


@dataclass(frozen=True, slots=True)
class FoundObject:
    """
    A recorded circle: an object's row and the run that found it.

    origin_id is the object's first ancestor, which corrections keep; it may be the object itself.
    """

    object_id: str
    image_id: str
    circle: Circle
    model: str
    model_version: str
    origin_id: str


def touches_edge(bbox: Bbox, width: int, height: int) -> bool:
    """Return whether a bbox touches the edge of a picture of this size."""
    x, y, box_width, box_height = bbox
    return x <= 0 or y <= 0 or x + box_width >= width or y + box_height >= height


@dataclass(frozen=True, slots=True)
class ObjectFilter:
    """
    Selects objects by score (0..1), radius (pixels) and run.

    None is no limit, and the served run. A min_score below the run's threshold selects candidates
    too. Objects without a score are dropped when min_score is set, unless a person made the run.
    on_edge selects objects that touch the picture's edge, or those that do not.
    """

    min_score: float | None = None
    min_radius_px: float | None = None
    max_radius_px: float | None = None
    detection_id: str | None = None
    on_edge: bool | None = None


HUMAN = "human"
"""The protocol of a run that a person made. Such runs are never pruned."""


class Detector(Protocol):
    """Finds circles in one picture."""

    def detect(self, picture: Picture) -> Detection:
        """
        Return the circles found in an upright picture, possibly none.

        Returns:
            At most Settings.max_objects circles and as many candidates, best first. Each bbox is
            inside the picture and has whole pixels.

        Raises:
            DetectorFailed: no usable response within Settings.predictor_timeout_s seconds.
        """
