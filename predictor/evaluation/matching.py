"""
Match found boxes with labelled ones.

The result is the best assignment of pairs that overlap enough.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment  # type: ignore[import-untyped]

from predictor.evaluation.dataset import Floats, Labelled

Indexes = NDArray[np.intp]

MATCH_IOU = 0.5
IGNORED_SHARE = 0.5
"""
Share of a found box's area inside one ignore region that makes it neither right nor wrong. COCO
treats crowds so.
"""


@dataclass(frozen=True, slots=True)
class Found:
    """
    The finds of one picture.

    They are boxes (n, 4) left, top, width, height; circles (n, 3) x, y, radius; scores (n,).
    """

    boxes: Floats
    circles: Floats
    scores: Floats
    milliseconds: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """
    The verdict on one picture.

    It has counts of right, wrong and missed; of each match IoU, radius error and centre error
    as shares of the labelled radius; the time it took.
    """

    right: int
    wrong: int
    missed: int
    ious: Floats
    radius_errors: Floats
    centre_errors: Floats
    milliseconds: float

    @property
    def count_error(self) -> int:
        """
        Return the difference of the numbers of finds and of labels.

        Ignored ones do not count on either side.
        """
        return abs(self.wrong - self.missed)


def judge(found: Found, labelled: Labelled) -> Verdict:
    """Match finds with labels and count."""
    ious = box_ious(found.boxes, labelled.boxes)
    rows, columns = match(found, labelled)
    wrong = int(wrong_finds(found, labelled).sum())
    true, guess = labelled.circles[columns], found.circles[rows]
    return Verdict(
        right=len(rows),
        wrong=wrong,
        missed=len(labelled.boxes) - len(rows),
        ious=ious[rows, columns],
        radius_errors=np.abs(guess[:, 2] - true[:, 2]) / true[:, 2],
        centre_errors=np.hypot(*(guess[:, :2] - true[:, :2]).T) / true[:, 2],
        milliseconds=found.milliseconds,
    )


def match(found: Found, labelled: Labelled) -> tuple[Indexes, Indexes]:
    """
    Return the indices of matching finds and labels, both of the same length.

    The Hungarian method at IoU 0.5: most matches first, then the best overlap.
    """
    ious = box_ious(found.boxes, labelled.boxes)
    rows, columns = linear_sum_assignment(-np.where(ious >= MATCH_IOU, 10 + ious, 0))
    matched = ious[rows, columns] >= MATCH_IOU
    return rows[matched], columns[matched]


def wrong_finds(found: Found, labelled: Labelled) -> NDArray[np.bool_]:
    """Tell which finds are wrong. They are neither a labelled thing nor in an ignore region."""
    spare = np.ones(len(found.boxes), np.bool_)
    spare[match(found, labelled)[0]] = False
    return spare & ~_ignored(found.boxes, labelled.ignored)


def box_ious(first: Floats, second: Floats) -> Floats:
    """
    Return the intersection over union of n boxes with m others, (n, m).

    Boxes are left, top, width, height.
    """
    inter = _intersections(first, second)
    areas = first[:, 2:].prod(1)[:, None] + second[:, 2:].prod(1)[None]
    return np.asarray(inter / np.maximum(areas - inter, 1e-9))


def _intersections(first: Floats, second: Floats) -> Floats:
    low = np.maximum(first[:, None, :2], second[None, :, :2])
    high = np.minimum((first[:, :2] + first[:, 2:])[:, None], (second[:, :2] + second[:, 2:])[None])
    return np.asarray(np.clip(high - low, 0, None).prod(2))


def _ignored(boxes: Floats, regions: Floats) -> NDArray[np.bool_]:
    share = _intersections(boxes, regions) / np.maximum(boxes[:, 2:].prod(1)[:, None], 1e-9)
    return np.asarray((share >= IGNORED_SHARE).any(1))
