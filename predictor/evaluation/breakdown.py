"""Break figures down by size, by visible share and by score."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from predictor.evaluation.dataset import Floats, Labelled
from predictor.evaluation.matching import Found, box_ious, match, wrong_finds

SIZES_PX = (0.0, 16.0, 32.0, 64.0, 128.0, 256.0, np.inf)
"""Borders of the classes of diameters, in px of the picture."""
VISIBLE_SHARES = (0.0, 0.4, 0.6, 0.8, 0.98, np.inf)
"""Borders of the classes of visible shares. The last one is of things that nothing hides."""
SCORES = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, np.inf)
"""Borders of the classes of scores. Candidates below are not stored by the client."""


@dataclass(frozen=True, slots=True)
class Row:
    """
    One class.

    It has the number of its things, and its figures in the order of the breakdown's columns.
    """

    label: str
    number: int
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Breakdown:
    """A table of classes and columns. The error is the expected calibration error of scores."""

    title: str
    classes: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    error: float | None = None


def break_down(
    sure: Sequence[Found], unsure: Sequence[Found], pictures: Sequence[Labelled]
) -> list[Breakdown]:
    """
    Return the breakdowns that the labels allow.

    Args:
        sure: what was found in each picture at the shipped threshold.
        unsure: the same with candidates below it.
    """
    parts = [
        _by_size(sure, pictures),
        _by_visible_share(sure, pictures),
        measure_reliability(unsure, pictures),
    ]
    return [part for part in parts if part.rows]


def _by_size(found: Sequence[Found], pictures: Sequence[Labelled]) -> Breakdown:
    diameters = [2 * picture.circles[:, 2] for picture in pictures]
    rows = _recall_rows(diameters, found, pictures, SIZES_PX, "{:.0f} px")
    return Breakdown("found, by size", "diameter", ("recall", "mean IoU"), rows)


def _by_visible_share(found: Sequence[Found], pictures: Sequence[Labelled]) -> Breakdown:
    shares = [p.visible if len(p.visible) else np.full(len(p.boxes), np.nan) for p in pictures]
    rows = _recall_rows(shares, found, pictures, VISIBLE_SHARES, "{:.0%}")
    return Breakdown("found, by visible share", "visible", ("recall", "mean IoU"), rows)


def _recall_rows(
    values: Sequence[Floats],
    found: Sequence[Found],
    pictures: Sequence[Labelled],
    borders: Sequence[float],
    form: str,
) -> tuple[Row, ...]:
    """
    Return recall and mean IoU of the labelled things by class.

    Classes without any are left out.
    """
    ious = [_met(answer, picture) for answer, picture in zip(found, pictures, strict=True)]
    every, met = np.concatenate([*values, np.zeros(0)]), np.concatenate([*ious, np.zeros(0)])
    rows = []
    for low, high in zip(borders[:-1], borders[1:], strict=True):
        inside = met[(every >= low) & (every < high)]
        if len(inside):
            mean_iou = float(inside[inside > 0].mean()) if inside.any() else float("nan")
            label = f"from {form.format(low)}"
            rows.append(Row(label, len(inside), (float((inside > 0).mean()), mean_iou)))
    return tuple(rows)


def _met(found: Found, picture: Labelled) -> Floats:
    """Return each labelled thing's IoU with its match. It is 0 if the thing was missed."""
    ious = np.zeros(len(picture.boxes))
    rows, columns = match(found, picture)
    ious[columns] = box_ious(found.boxes, picture.boxes)[rows, columns]
    return ious


def measure_reliability(found: Sequence[Found], pictures: Sequence[Labelled]) -> Breakdown:
    """
    Return how often scores are right, and the expected calibration error.

    The error is the mean difference of score and share of right finds over classes of scores,
    weighted by their numbers of finds (M. P. Naeini, G. Cooper, M. Hauskrecht, AAAI 2015).
    Ignored finds do not count.
    """
    outcomes = [_outcomes(answer, picture) for answer, picture in zip(found, pictures, strict=True)]
    scores, right = np.concatenate([np.zeros((0, 2)), *outcomes]).T
    rows, error = [], 0.0
    for low, high in zip(SCORES[:-1], SCORES[1:], strict=True):
        inside = (scores >= low) & (scores < high)
        if inside.any():
            mean, share = float(scores[inside].mean()), float(right[inside].mean())
            rows.append(Row(f"from {low:.1f}", int(inside.sum()), (mean, share)))
            error += inside.sum() * abs(mean - share)
    number = sum(row.number for row in rows)
    columns = ("mean score", "share right")
    return Breakdown(
        "right, by score", "score", columns, tuple(rows), error / number if number else None
    )


def _outcomes(found: Found, picture: Labelled) -> Floats:
    """
    Return score and 1 (right) or 0 (wrong) of each find.

    Finds in ignore regions are left out. The shape is (n, 2).
    """
    right = np.zeros(len(found.scores), np.bool_)
    right[match(found, picture)[0]] = True
    counted = right | wrong_finds(found, picture)
    return np.stack([found.scores, right.astype(np.float64)], 1)[counted]
