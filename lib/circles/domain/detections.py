"""Circles, detections and recorded objects, and the port that finds circles."""

from dataclasses import dataclass
from typing import Protocol

from circles.domain.pictures import Picture

Bbox = tuple[int, int, int, int]
"""COCO's [x, y, width, height] in whole pixels that enclose the object."""


Point = tuple[float, float]
"""[x, y] in pixels of the upright image: origin top left, x right, y down."""


@dataclass(frozen=True, slots=True)
class Circle:
    """One round thing in pixels of the upright image; score is 0..1, None where the predictor gives none."""

    bbox: Bbox
    centroid: Point
    radius_px: float
    score: float | None
    label: str


@dataclass(frozen=True, slots=True)
class Detection:
    """One run of a detector over one image: who found what, over which protocol, in which time."""

    model: str
    model_version: str
    protocol: str
    duration_ms: float
    circles: tuple[Circle, ...]


@dataclass(frozen=True, slots=True)
class FoundObject:
    """A circle that was recorded: the row of an object together with the run that found it."""

    object_id: str
    image_id: str
    circle: Circle
    model: str
    model_version: str


@dataclass(frozen=True, slots=True)
class ObjectFilter:
    """Which objects a reader wants: score 0..1, radii in pixels; None is no bound. No score passes no min_score."""

    min_score: float | None = None
    min_radius_px: float | None = None
    max_radius_px: float | None = None


class Detector(Protocol):
    """Finds circles in one picture."""

    def detect(self, picture: Picture) -> Detection:
        """
        Return what was found in an upright picture; nothing found is an empty tuple of circles.

        Returns:
            Circles whose bbox lies within the picture and has whole pixels, at most Settings.max_objects, best first.

        Raises:
            DetectorFailed: no answer, or none that can be used, within Settings.predictor_timeout_s seconds.
        """
