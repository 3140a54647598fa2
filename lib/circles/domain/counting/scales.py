"""Scales: how many millimetres a pixel is, of one image or of a batch."""

import math
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from circles.domain.detections import Bbox, Point

MAX_DIAMETER_MM = 1e6
MAX_MM_PER_PX = 1e4
MIN_SIZE = 1e-9
"""Of either, in millimetres. Nothing that light can show is smaller."""
MIN_WIDTH_PX = 80
"""Below this width, a pixel more or less exceeds 1 % of a reference's diameter."""

_SHARE_ERROR, _PIXEL_ERROR = 0.012, 0.5
"""
Error of a radius as a share of it, and in pixels.

Two thirds of the circles of labelled photographs are within both together (docs/decisions.md).
"""


class ScaleWarning(StrEnum):
    """Why sizes in millimetres may be less exact than their error says."""

    EDGE = "reference-touches-edge"
    SMALL = "reference-under-80-px"


@dataclass(frozen=True, slots=True)
class Reference:
    """
    An object of known diameter, as it was when it was marked.

    image_id is its image, which may be any of a batch. origin_id is the object's first ancestor,
    which later corrections keep.
    """

    image_id: str
    object_id: str
    origin_id: str
    diameter_mm: float
    radius_px: float
    centroid: Point
    warnings: tuple[ScaleWarning, ...] = ()


@dataclass(frozen=True, slots=True)
class Scale:
    """
    Millimetres per pixel, by whom and when it was set, and from what.

    batch is None for the scale of one image. reference is None if a client gave mm_per_px. stale
    means that the reference has changed since, or is gone: sizes in millimetres may be wrong.
    """

    scale_id: str
    mm_per_px: float
    created_at: datetime
    created_by: str | None = None
    batch: str | None = None
    reference: Reference | None = None
    stale: bool = False

    @property
    def error(self) -> float:
        """Return the relative error that the reference's radius causes; 0 for a given mm_per_px."""
        return estimate_error(self.reference.radius_px) if self.reference else 0.0

    def measure(self, radius_px: float) -> tuple[float, float] | None:
        """Return a circle's diameter in millimetres and its relative error; None while stale."""
        if self.stale:
            return None
        error = math.hypot(self.error, estimate_error(radius_px))
        return 2 * radius_px * self.mm_per_px, error


@dataclass(frozen=True, slots=True)
class NewScale:
    """What a client sets: either the diameter of an object, or the size of a pixel."""

    object_id: str | None = None
    diameter_mm: float | None = None
    mm_per_px: float | None = None
    created_by: str | None = None


def estimate_error(radius_px: float) -> float:
    """Return the relative error of a radius: a share of it, and a part of a pixel."""
    return math.hypot(_SHARE_ERROR, _PIXEL_ERROR / radius_px)


def find_warnings(bbox: Bbox, *, edge: bool) -> tuple[ScaleWarning, ...]:
    """Return what makes an object a bad reference."""
    warnings = [ScaleWarning.EDGE] if edge else []
    return (*warnings, ScaleWarning.SMALL) if bbox[2] < MIN_WIDTH_PX else tuple(warnings)
