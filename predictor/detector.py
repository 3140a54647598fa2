"""What a detector is: the one interface between the wire (server) and what finds circles (network/)."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
"""An upright RGB picture, shape (height, width, 3), 0..255."""


@dataclass(frozen=True, slots=True)
class Circle:
    """
    One round thing in pixels of the upright picture: origin top left, x right, y down.

    bbox is [x, y, width, height] of the box that encloses it (COCO); centroid is [x, y]; radius_px is
    half the mean of the box's width and height, but for a disc cut by the border the disc's own; score is in 0..1.
    """

    bbox: tuple[float, float, float, float]
    centroid: tuple[float, float]
    radius_px: float
    score: float
    label: str = "circle"


class Detector(Protocol):
    """Finds circles in one picture; called from several threads at once."""

    @property
    def version(self) -> str:
        """Name what produced a result, e.g. "net-2026-11-ab12cd"; stored with every detection."""

    @property
    def default_min_score(self) -> float:
        """The shipped threshold, 0..1, used where a request names none."""

    def detect(self, pixels: Pixels, *, min_score: float, max_objects: int) -> list[Circle]:
        """
        Return the circles in pixels, best score first; none found is an empty list.

        Args:
            pixels: shape (height, width, 3), uint8, RGB, upright; any size from 1 x 1.
            min_score: drop what scores lower, 0..1.
            max_objects: return at most so many, the best ones.
        """
