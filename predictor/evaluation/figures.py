"""Turn verdicts on many pictures into figures with confidence intervals."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from predictor.evaluation.dataset import Floats
from predictor.evaluation.matching import Verdict

RESAMPLES = 1000


@dataclass(frozen=True, slots=True)
class Figure:
    """A value and its 95 % interval over redrawn pictures. nan means undefined."""

    value: float
    low: float
    high: float


def _sum(values: Sequence[int]) -> int:
    return sum(values)


def precision(verdicts: Sequence[Verdict]) -> float:
    """Return the share of right finds among all found."""
    return _share(_sum([v.right for v in verdicts]), _sum([v.wrong for v in verdicts]))


def recall(verdicts: Sequence[Verdict]) -> float:
    """Return the share of found things among all labelled."""
    return _share(_sum([v.right for v in verdicts]), _sum([v.missed for v in verdicts]))


def f1(verdicts: Sequence[Verdict]) -> float:
    """Return the harmonic mean of precision and recall."""
    right = _sum([v.right for v in verdicts])
    return _share(2 * right, _sum([v.wrong + v.missed for v in verdicts]))


def _share(part: int, rest: int) -> float:
    return part / (part + rest) if part + rest else float("nan")


def _all(verdicts: Sequence[Verdict], name: str) -> Floats:
    return np.concatenate([getattr(v, name) for v in verdicts]) if verdicts else np.zeros(0)


def _mean(values: Floats) -> float:
    return float(values.mean()) if len(values) else float("nan")


def _median(values: Floats) -> float:
    return float(np.median(values)) if len(values) else float("nan")


MEASURES: dict[str, Callable[[Sequence[Verdict]], float]] = {
    "precision": precision,
    "recall": recall,
    "f1": f1,
    "mean_iou": lambda verdicts: _mean(_all(verdicts, "ious")),
    "median_radius_error": lambda verdicts: _median(_all(verdicts, "radius_errors")),
    "median_centre_error": lambda verdicts: _median(_all(verdicts, "centre_errors")),
    "count_error_per_image": lambda verdicts: _mean(
        np.array([v.count_error for v in verdicts], np.float64)
    ),
    "wrong_per_image": lambda verdicts: _mean(np.array([v.wrong for v in verdicts], np.float64)),
    "milliseconds_per_image": lambda verdicts: _median(
        np.array([v.milliseconds for v in verdicts], np.float64)
    ),
}
"""Errors are shares of the labelled radius, times are medians. The rest is per set of pictures."""


def measure(verdicts: Sequence[Verdict], seed: int = 0) -> dict[str, Figure]:
    """
    Return every measure with its bootstrap interval.

    Pictures are drawn instead of objects, because those of one picture go together.
    """
    rng = np.random.default_rng(seed)
    draws = [
        [verdicts[i] for i in rng.integers(0, len(verdicts), len(verdicts))]
        for _ in range(RESAMPLES)
    ]
    return {name: _figure(function, verdicts, draws) for name, function in MEASURES.items()}


def _figure(
    function: Callable[[Sequence[Verdict]], float],
    verdicts: Sequence[Verdict],
    draws: list[list[Verdict]],
) -> Figure:
    values = np.array([function(draw) for draw in draws])
    values = values[np.isfinite(values)]
    low, high = np.percentile(values, [2.5, 97.5]) if len(values) else (float("nan"),) * 2
    return Figure(function(verdicts), float(low), float(high))
