"""
Provide the detectors to judge.

They are one in this process, a predictor behind a URL, or Hough with one of two sets of
parameters.
"""

import json
import time
import urllib.request
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from predictor.detector import Circle, Detector
from predictor.evaluation.matching import Found
from predictor.inference.pictures import read_file

LOW_SCORE = 0.01
"""The threshold for average precision, which needs the unsure finds too."""
MOST_OBJECTS = 1000
_TIMEOUT_S = 120


class Subject(Protocol):
    """One row of the table."""

    name: str

    def find(self, data: bytes, *, unsure: bool) -> Found:
        """
        Decode the picture and search it.

        The threshold is the shipped one, or LOW_SCORE where unsure.
        """


def read_pixels(data: bytes) -> NDArray[np.uint8]:
    """
    Return upright RGB pixels, (height, width, 3).

    What Pillow does not know, such as a phone's HEIC, is read as the predictor reads it.
    Raises OSError or SyntaxError.
    """
    try:
        with Image.open(BytesIO(data)) as image:
            return np.asarray(ImageOps.exif_transpose(image).convert("RGB"))
    except UnidentifiedImageError:
        return read_file(data)


class InProcess:
    """A Detector of this process. The time includes decoding."""

    def __init__(self, name: str, detector: Detector) -> None:
        self.name, self._detector = name, detector

    def find(self, data: bytes, *, unsure: bool) -> Found:
        """See Subject.find."""
        started = time.perf_counter()
        score = LOW_SCORE if unsure else self._detector.default_min_score
        circles = self._detector.detect(
            read_pixels(data), min_score=score, max_objects=MOST_OBJECTS
        )
        return found_circles(circles, 1000 * (time.perf_counter() - started))


class Remote:
    """
    A running predictor, called over the V1 protocol with a raw picture.

    The time includes the network.
    """

    def __init__(self, url: str, model: str = "circles") -> None:
        self.name = url
        self._address = f"{url.rstrip('/')}/v1/models/{model}:predict"

    def find(self, data: bytes, *, unsure: bool) -> Found:
        """See Subject.find. Raises OSError where the predictor does not answer."""
        query = f"?min_score={LOW_SCORE}&max_objects={MOST_OBJECTS}" if unsure else ""
        request = urllib.request.Request(
            self._address + query, data, {"Content-Type": "application/octet-stream"}
        )
        started = time.perf_counter()
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as response:
            answer = json.load(response)
        milliseconds = 1000 * (time.perf_counter() - started)
        return found_circles(
            [_circle(each) for each in answer["predictions"][0]["objects"]], milliseconds
        )


def _circle(thing: dict[str, Any]) -> Circle:
    left, top, width, height = thing["bbox"]
    x, y = thing["centroid"]
    return Circle((left, top, width, height), (x, y), thing["radius"], thing["score"])


class HoughTutorial:
    """cv2.HoughCircles as in OpenCV's Hough Circle Transform tutorial. Its radius is bounded."""

    name = "hough-tutorial"

    def find(self, data: bytes, *, unsure: bool) -> Found:
        """See Subject.find. It has no scores, so the order it returns is the ranking."""
        started = time.perf_counter()
        grey = cv2.medianBlur(cv2.cvtColor(read_pixels(data), cv2.COLOR_RGB2GRAY), 5)
        rows = grey.shape[0]
        largest = max(1, min(grey.shape) // 2)
        found = cv2.HoughCircles(
            grey,
            cv2.HOUGH_GRADIENT,
            1,
            rows / 16,
            param1=100,
            param2=30,
            minRadius=1,
            maxRadius=largest,
        )
        circles = (
            np.zeros((0, 3))
            if found is None
            else np.asarray(found, np.float64).reshape(-1, found.shape[-1])[:, :3]
        )
        boxes = np.hstack(
            [circles[:, :2] - circles[:, 2:], np.repeat(2 * circles[:, 2:], 2, axis=1)]
        )
        return Found(
            boxes,
            circles,
            1 / (1 + np.arange(len(circles))),
            1000 * (time.perf_counter() - started),
        )


def found_circles(circles: Sequence[Circle], milliseconds: float) -> Found:
    """Return circles as arrays."""
    boxes = np.array([c.bbox for c in circles], np.float64).reshape(-1, 4)
    rounds = np.array([(*c.centroid, c.radius_px) for c in circles], np.float64).reshape(-1, 3)
    return Found(boxes, rounds, np.array([c.score for c in circles], np.float64), milliseconds)


def subject(name: str, weights: Path | None = None) -> Subject:
    """
    Return the subject of a name.

    A name is network, hough-tuned, hough-tutorial or the http address of a predictor.
    """
    if name.startswith(("http://", "https://")):
        return Remote(name)
    if name == "hough-tutorial":
        return HoughTutorial()
    if name == "hough-tuned":
        from predictor.evaluation.hough import HoughDetector

        return InProcess(name, HoughDetector())
    if name == "network":
        from predictor.network.detector import NetworkDetector

        return InProcess(name, NetworkDetector(weights) if weights else NetworkDetector())
    raise ValueError(f"No detector is called {name!r}.")
