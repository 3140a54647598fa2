"""
Find circles by OpenCV's gradient Hough transform.

It needs no training, is good on coins, and is the baseline for a trained network.
"""

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from predictor.detector import Circle, Pixels

cv2.setNumThreads(1)  # the server already runs one detection per core

WORKING_PX = 384
"""
The longer side of the picture that the transform sees, which bounds its time. The figures below
fit this size.
"""
RADIUS_SHARE = (0.03, 0.5)
"""Radii looked for, as shares of the shorter side."""
SAME_CENTRE_SHARE = 0.9
"""
Least distance of a circle's centre to a better one's, as a share of its own radius. A nearer
one is the same circle.
"""

Row = tuple[float, float, float, float]
"""x, y, radius in pixels, and a number, votes or a score."""


class HoughDetector:
    """
    HOUGH_GRADIENT_ALT with parameters tuned on photographs of coins. Its source is OpenCV,
    imgproc, HoughCircles.

    A score is the number of edge points that voted for a circle by the length of its
    circumference, at most 1.
    """

    version = "hough-alt-1"
    default_min_score = 0.5

    def finest_scale(self, width: int, height: int) -> float:
        return 1.0

    def detect(self, pixels: Pixels, *, min_score: float, max_objects: int) -> list[Circle]:
        """See Detector.detect."""
        height, width, _ = pixels.shape
        scale = WORKING_PX / max(height, width)
        rows = _distinct(_transform(pixels, scale))
        scored = [(x, y, r, min(1.0, votes / (2 * np.pi * r))) for x, y, r, votes in rows]
        best = sorted((row for row in scored if row[3] >= min_score), key=lambda row: -row[3])
        return [_circle(row, scale, width, height) for row in best[:max_objects]]


def _transform(pixels: Pixels, scale: float) -> list[Row]:
    """Return circles in pixels of the scaled picture. They have their votes, most votes first."""
    grey = cv2.GaussianBlur(_small_grey(pixels, scale), (5, 5), 0)
    smallest, largest = (share * min(grey.shape) for share in RADIUS_SHARE)
    found = cv2.HoughCirclesWithAccumulator(
        grey,
        cv2.HOUGH_GRADIENT_ALT,
        dp=1.5,
        minDist=max(1.0, 1.5 * smallest),
        param1=150,  # the upper Canny threshold on a Scharr gradient
        param2=0.9,  # how perfect a circle has to be
        minRadius=max(2, int(smallest)),
        maxRadius=max(3, int(largest)),  # never 0, which would mean without limit
    )
    if found is None:
        return []
    rows = np.asarray(found, np.float64).reshape(-1, 4)
    return [(x, y, r, votes) for x, y, r, votes in rows[np.argsort(-rows[:, 3])].tolist()]


def _small_grey(pixels: Pixels, scale: float) -> NDArray[np.uint8]:
    """
    Return the grey picture at WORKING_PX.

    It is shrunk before it is made grey, which is less work.
    """
    height, width, _ = pixels.shape
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(
        pixels, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    )
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.uint8)


def _distinct(rows: list[Row]) -> Iterator[Row]:
    kept: list[Row] = []
    for row in rows:
        x, y, radius, _ = row
        if all(
            np.hypot(x - other[0], y - other[1]) >= SAME_CENTRE_SHARE * radius for other in kept
        ):
            kept.append(row)
            yield row


def _circle(row: Row, scale: float, width: int, height: int) -> Circle:
    """
    Return row in pixels of the full picture.

    OpenCV counts from pixel centres, which are half a pixel in.
    """
    x, y = (row[0] + 0.5) / scale, (row[1] + 0.5) / scale
    radius = row[2] / scale
    left, right = (float(np.clip(edge, 0, width)) for edge in (x - radius, x + radius))
    top, bottom = (float(np.clip(edge, 0, height)) for edge in (y - radius, y + radius))
    return Circle((left, top, right - left, bottom - top), (x, y), radius, row[3])
