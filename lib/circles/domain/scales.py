"""Scales: how many millimetres a pixel is, of one image or of a batch."""

from dataclasses import dataclass
from datetime import datetime

from circles.domain.detections import Point


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


@dataclass(frozen=True, slots=True)
class Scale:
    """
    Millimetres per pixel, by whom and when it was set, and from what.

    reference is None if a client gave mm_per_px. stale means that the reference has changed since,
    or is gone: sizes in millimetres may be wrong.
    """

    scale_id: str
    mm_per_px: float
    created_at: datetime
    created_by: str | None = None
    reference: Reference | None = None
    stale: bool = False
