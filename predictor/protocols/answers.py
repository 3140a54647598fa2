"""Build the answer for one picture, identical in V1 and V2."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from predictor.detector import Circle, Detector

PIXEL_DECIMALS = 2
SCORE_DECIMALS = 4

PictureAnswer = dict[str, Any]
"""
{"model_version", "threshold", "width", "height",
"objects": [{"bbox", "centroid", "radius", "score", "label"}]}.

Lengths are in pixels. threshold is the score from which the detector counts an object, whatever
min_score the client asked for.
"""


def build_answer(
    detector: Detector, width: int, height: int, circles: Sequence[Circle]
) -> PictureAnswer:
    """
    Build the answer for one upright picture of width x height pixels.

    Raises ValueError for a number that is not finite. orjson would write it as null.
    """
    return {
        "model_version": detector.version,
        "threshold": round(detector.default_min_score, SCORE_DECIMALS),
        "width": width,
        "height": height,
        "objects": [_write_object(each) for each in circles],
    }


def _write_object(circle: Circle) -> dict[str, Any]:
    return {
        "bbox": _round(circle.bbox, PIXEL_DECIMALS),
        "centroid": _round(circle.centroid, PIXEL_DECIMALS),
        "radius": _round((circle.radius_px,), PIXEL_DECIMALS)[0],
        "score": _round((circle.score,), SCORE_DECIMALS)[0],
        "label": circle.label,
    }


def _round(numbers: Sequence[float], decimals: int) -> list[float]:
    if not np.isfinite(numbers).all():
        raise ValueError(f"the detector returned a number that is not finite: {numbers}")
    return [round(float(number), decimals) for number in numbers]
