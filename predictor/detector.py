"""Define the interface between the HTTP server and what finds circles (network/)."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
"""An upright RGB picture, shape (height, width, 3), 0..255."""


@dataclass(frozen=True, slots=True)
class Circle:
    """
    One round thing, in pixels of the upright picture: origin top left, x right, y down.

    bbox: x, y, width, height of the box that encloses it (COCO).
    centroid: x, y.
    radius_px: half the mean of the box's width and height. If the border cuts the disc, the radius
        of the disc itself.
    score: 0..1.
    """

    bbox: tuple[float, float, float, float]
    centroid: tuple[float, float]
    radius_px: float
    score: float
    label: str = "circle"


class Detector(Protocol):
    """Finds circles in one picture. Safe to call from many threads."""

    @property
    def version(self) -> str:
        """Name the model, e.g. "net-2026-11-ab12cd". It is stored with every detection."""

    @property
    def default_min_score(self) -> float:
        """Return the shipped threshold, 0..1, for requests that do not name one."""

    def finest_scale(self, width: int, height: int) -> float:
        """Return the most px that it looks at per px of a picture. More need not be decoded."""

    def detect(self, pixels: Pixels, *, min_score: float, max_objects: int) -> list[Circle]:
        """
        Return the circles in pixels, best score first. The list may be empty.

        Args:
            pixels: shape (height, width, 3), uint8, RGB, upright; any size from 1 x 1.
            min_score: drop circles with a lower score, 0..1.
            max_objects: return at most this number, the best ones.
        """
