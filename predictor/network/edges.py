"""
Find circles by their edges alone, with OpenCV's gradient Hough transform.

It does not distinguish kinds of things.
"""

import cv2
import numpy as np

from predictor.detector import Pixels
from predictor.network.decoding import Boxes, Floats, chance
from predictor.network.rim import Rim, measure
from predictor.network.views import resized, whole

cv2.setNumThreads(1)  # the server already runs one detection per core

SIDE_PX = 384
"""
The longer side of the picture that the transform sees. At 512 it takes twice the time and finds
no more.
"""
_MOST_ENLARGED = 2.0
_LEAST_RADIUS_PX = 8
"""Least radius in px of that view. Smaller circles are letters as often as objects."""
_LARGEST_SHARE = 0.75
"""The largest radius, as a share of the longer side."""
_PERFECTNESS = 0.85
"""How round an edge must be, 0..1 (param2 of HOUGH_GRADIENT_ALT)."""
_MEDIAN_PX = 5
_ACCUMULATOR_RATIO = 1.5
_LEAST_DISTANCE_PX = 8
_CANNY_THRESHOLD = 300
"""
On a Scharr gradient. OpenCV's documentation of HoughCircles suggests 300 for
HOUGH_GRADIENT_ALT.
"""
_MOST = 300

_WEIGHTS = np.array([-3.87, 1.90, 1.46, 3.23, 0.65, 0.51], np.float32)
"""
Logistic regression of "is a labelled thing" on the features below. Each picture weighs the
same. Fitted on 153 labelled photographs of fifteen sources (1,143 right, 19 wrong) and 217
pictures with nothing round (74 wrong).
"""


def find_circles(pixels: Pixels) -> Boxes:
    """
    Return the circles that edges show, as boxes in px of the picture.

    Each score is the share of similar circles that is right.
    """
    height, width, _ = pixels.shape
    scale = min(_MOST_ENLARGED, SIDE_PX / max(height, width))
    small = resized(pixels, whole(width, height, scale))
    scales = (small.shape[1] / width, small.shape[0] / height)
    circles, votes = _transform(small)
    if not len(circles):
        return Boxes(np.zeros((0, 4), np.float32), np.zeros(0, np.float32))
    scores = _scores(np.asarray(circles[:, 2] / 2, np.float32), votes, measure(small, circles))
    return Boxes(np.asarray(circles / np.array([*scales, *scales]), np.float32), scores)


def _transform(small: Pixels) -> tuple[Floats, Floats]:
    """
    Return circles as boxes, (n, 4), and their shares of voted circumference, (n,).

    The votes are those of edge points.
    """
    grey = cv2.medianBlur(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), _MEDIAN_PX)
    found = cv2.HoughCirclesWithAccumulator(
        grey,
        cv2.HOUGH_GRADIENT_ALT,
        dp=_ACCUMULATOR_RATIO,
        minDist=_LEAST_DISTANCE_PX,
        param1=_CANNY_THRESHOLD,
        param2=_PERFECTNESS,
        minRadius=_LEAST_RADIUS_PX,
        maxRadius=max(_LEAST_RADIUS_PX + 1, int(_LARGEST_SHARE * max(grey.shape))),
    )
    rows = (
        np.zeros((0, 4), np.float32)
        if found is None
        else np.asarray(found, np.float32).reshape(-1, 4)[:_MOST]
    )
    # OpenCV counts from the middle of the first pixel
    middles, diameters = rows[:, :2] + 0.5, 2 * rows[:, 2:3]
    votes = rows[:, 3] / np.maximum(np.pi * diameters[:, 0], 1e-6)
    return np.hstack([middles, diameters, diameters]), np.asarray(votes, np.float32)


def _scores(radii_px: Floats, votes: Floats, rim: Rim) -> Floats:
    features = [
        np.ones_like(votes),
        np.log(radii_px / 16),
        votes,
        rim.agreement,
        -np.log(1.02 - np.clip(rim.polarity, 0, 1)),
        np.log(np.maximum(rim.contrast, 2) / 40),
    ]
    return chance(_WEIGHTS @ np.stack(features))
