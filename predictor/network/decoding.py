"""
Turn the network's output, cell by cell, into scored boxes.

They are its peaks, without duplicates.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

STRIDE_PX = 4
SIZE_UNIT_PX = 32.0
"""SIZE_UNIT_PX and STRIDE_PX are as in predictor.training.circle_net, which made the weights."""
SAME_THING_IOU = 0.5
"""
Two boxes that overlap more are one thing. Coins that overlap by half their width stay two
(their boxes: 0.33).
"""


@dataclass(frozen=True, slots=True)
class Boxes:
    """
    n boxes, middle x, middle y, width, height in px, shape (n, 4).

    Their scores are 0..1, shape (n,).
    """

    values: Floats
    scores: Floats

    def take(self, index: NDArray[np.intp] | NDArray[np.bool_]) -> "Boxes":
        """Return the boxes of an index, in its order."""
        return Boxes(self.values[index], self.scores[index])


def concatenate(parts: Sequence[Boxes]) -> Boxes:
    """Return the boxes of all parts, one part after the other."""
    return Boxes(
        np.concatenate([part.values for part in parts]),
        np.concatenate([part.scores for part in parts]),
    )


def log_odds(scores: Floats | np.float32) -> Floats:
    """Return the logarithms of the odds of scores, which are 0..1."""
    clipped = np.clip(scores, 1e-6, 1 - 1e-6)
    return np.asarray(np.log(clipped / (1 - clipped)), np.float32)


def chance(odds: Floats) -> Floats:
    """Return the scores of logarithms of odds."""
    return np.asarray(1 / (1 + np.exp(-odds)), np.float32)


def between(values: Floats, limits: tuple[float, float]) -> NDArray[np.bool_]:
    """Tell which values lie between two limits."""
    low, high = limits
    return np.asarray((values > low) & (values < high))


def decode(output: Floats, min_score: float, most: int) -> Boxes:
    """
    Read boxes off the network's output of one picture, best first. Their number is limited.

    Args:
        output: shape (5, rows, columns), as predictor.training.circle_net.CircleNet gives it.
        min_score: peaks below are dropped, 0..1.
    """
    logit = output[0]
    floor = np.float32(np.log(max(min_score, 1e-6) / max(1 - min_score, 1e-6)))
    rows, columns = np.nonzero((logit >= floor) & (logit == _local_maximum(logit)))
    order = np.argsort(-logit[rows, columns], kind="stable")[:most]
    rows, columns = rows[order], columns[order]
    found = output[:, rows, columns]
    x, y = (columns + 0.5 + found[3]) * STRIDE_PX, (rows + 0.5 + found[4]) * STRIDE_PX
    sizes = np.exp(np.clip(found[1:3], -6, 6)) * SIZE_UNIT_PX
    return Boxes(np.stack([x, y, sizes[0], sizes[1]], 1).astype(np.float32), chance(found[0]))


def mirrored(output: Floats) -> Floats:
    """
    Mirror the output of a mirrored picture back.

    The result is as for the original picture. The shapes are as decode takes them.
    """
    turned = output[..., ::-1].copy()
    turned[3] *= -1
    return turned


def _local_maximum(logit: Floats) -> Floats:
    """Return the largest value among each cell and the eight cells around it."""
    padded = np.pad(logit, 1, constant_values=-np.inf)
    wide = np.maximum(np.maximum(padded[:, :-2], padded[:, 1:-1]), padded[:, 2:])
    return np.maximum(np.maximum(wide[:-2], wide[1:-1]), wide[2:])


def overlaps(box: Floats, others: Floats) -> Floats:
    """
    Return the intersection over union of one box with others.

    The shapes are (4,) and (n, 4).
    """
    reach = np.minimum(box[:2] + box[2:] / 2, others[:, :2] + others[:, 2:] / 2)
    reach = reach - np.maximum(box[:2] - box[2:] / 2, others[:, :2] - others[:, 2:] / 2)
    inter = np.clip(reach, 0, None).prod(1)
    return np.asarray(
        inter / np.maximum(box[2:].prod() + others[:, 2:].prod(1) - inter, 1e-9), np.float32
    )


def suppress(boxes: Boxes, iou: float = SAME_THING_IOU) -> Boxes:
    """Keep the better one of boxes that show the same thing. The best comes first."""
    boxes = boxes.take(np.argsort(-boxes.scores, kind="stable"))
    keep: list[int] = []
    for index in range(len(boxes.scores)):
        if not keep or (overlaps(boxes.values[index], boxes.values[keep]) <= iou).all():
            keep.append(index)
    return boxes.take(np.array(keep, np.intp))
