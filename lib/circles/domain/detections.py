"""Circles, detections and recorded objects, and the detector's port."""

from dataclasses import dataclass
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
    """One detector run on one image: the model, protocol, duration and circles found."""

    model: str
    model_version: str
    protocol: str
    duration_ms: float
    circles: tuple[Circle, ...]


@dataclass(frozen=True, slots=True)
class FoundObject:
    """A recorded circle: an object's row and the run that found it."""

    object_id: str
    image_id: str
    circle: Circle
    model: str
    model_version: str


@dataclass(frozen=True, slots=True)
class ObjectFilter:
    """
    Selects objects by score (0..1) and radius (pixels).

    None is no limit. Objects without a score are dropped when min_score is set.
    """

    min_score: float | None = None
    min_radius_px: float | None = None
    max_radius_px: float | None = None


HUMAN = "human"
"""The protocol of a run that a person made. Such runs are never pruned."""


class Detector(Protocol):
    """Finds circles in one picture."""

    def detect(self, picture: Picture) -> Detection:
        """
        Return the circles found in an upright picture, possibly none.

        Returns:
            At most Settings.max_objects circles, best first. Each bbox is inside the picture and
            has whole pixels.

        Raises:
            DetectorFailed: no usable response within Settings.predictor_timeout_s seconds.
        """
