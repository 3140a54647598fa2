"""What is said of one picture, the same in every wire form."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from predictor.detector import Circle

PIXEL_DECIMALS = 2
SCORE_DECIMALS = 4

PictureAnswer = dict[str, Any]
"""{"model_version", "width", "height", "objects": [{"bbox", "centroid", "radius", "score", "label"}]}, in pixels."""


def answer(version: str, width: int, height: int, circles: Sequence[Circle]) -> PictureAnswer:
    """
    Build the answer for one picture of width x height (upright).

    Raises ValueError where a number is not finite: JSON cannot say it, and orjson would turn it into null.
    """
    return {"model_version": version, "width": width, "height": height, "objects": [_object(each) for each in circles]}


def _object(circle: Circle) -> dict[str, Any]:
    return {
        "bbox": _rounded(circle.bbox, PIXEL_DECIMALS),
        "centroid": _rounded(circle.centroid, PIXEL_DECIMALS),
        "radius": _rounded((circle.radius_px,), PIXEL_DECIMALS)[0],
        "score": _rounded((circle.score,), SCORE_DECIMALS)[0],
        "label": circle.label,
    }


def _rounded(numbers: Sequence[float], decimals: int) -> list[float]:
    if not np.isfinite(numbers).all():
        raise ValueError(f"the detector returned a number that is not finite: {numbers}")
    return [round(float(number), decimals) for number in numbers]
