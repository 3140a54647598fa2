"""
Decide which finer looks at a picture are worth their time.

Join what they show with what was found before.
"""

import numpy as np

from predictor.network.decoding import (
    SAME_THING_IOU,
    Boxes,
    Floats,
    chance,
    concatenate,
    log_odds,
    overlaps,
    suppress,
)
from predictor.network.views import affordable_scale

_SMALL_PX = 22.0
_SMALL_SHARE = 0.3
"""
The next finer scale is looked at if more than this share of things is smaller than _SMALL_PX in
a view.
"""
_SURE_SCORE = 0.3
"""Only things with at least this score count for that."""
_FINE_LIMIT_PX = 96.0
"""Larger finds are left to the coarser look. The limit is less than OVERLAP_PX of the views."""
_COARSE_LIMIT_PX = 28.0
"""Smaller finds are left to the finer look. The limit is less than half of _FINE_LIMIT_PX."""
_WORTHWHILE_STEP = 1.3
FINEST = 1.6
"""
The largest scale of a finer look, in px of the view per px of the picture. Small things gain
from being enlarged.
"""
_CROWD = 8
_CROWD_SCORE = 0.5
"""
Enlarging beyond the picture's own pixels needs _CROWD things of this score. Letters look
rounder enlarged.
"""
_SAME_IOU = 0.3
"""
Two looks' finds are the same thing from this overlap on. Small boxes of the coarser look are
not exact.
"""
_UNSEEN_SHIFT = np.float32(-2)
"""Added to the log odds of a find without any sign in the coarser look."""


def finer_scale(width: int, height: int, scale: float, found: Boxes) -> float | None:
    """
    Return the next scale to look at.

    The result is None where the picture has no finer detail or the look would take too long.
    """
    crowd = int((found.scores >= _CROWD_SCORE).sum()) >= _CROWD
    finer = affordable_scale(width, height, min(FINEST if crowd else 1.0, 2 * scale))
    return finer if finer > _WORTHWHILE_STEP * scale else None


def mostly_small(found: Boxes, scale: float) -> bool:
    """Tell whether a fair share of the finds was small in the view."""
    sizes = found.values[found.scores >= _SURE_SCORE, 2:].mean(1) * scale
    return bool(len(sizes)) and float((sizes < _SMALL_PX).mean()) > _SMALL_SHARE


def joined(coarse: Boxes, parts: list[Boxes], scale: float, finer: float) -> Boxes:
    """
    Merge two scales. Each answers for the sizes it sees best.

    Where the coarser look was surer of the same thing, the mean of both looks' odds counts: a
    small thing alone in a wide frame is one of few in a tile.

    Args:
        coarse: what was found before, in px of the picture.
        parts: what each tile of the finer look shows, in px of the picture.
        scale, finer: px of the view per px of the picture, of the coarser and the finer look.
    """
    every = concatenate(parts)
    fine = every.take(every.values[:, 2:].mean(1) * finer < _FINE_LIMIT_PX)
    fine = Boxes(fine.values, _believed(Boxes(fine.values, _weighed(fine, coarse)), coarse))
    large = coarse.take(coarse.values[:, 2:].mean(1) * scale >= _COARSE_LIMIT_PX)
    return suppress(concatenate([large, fine]))


def _believed(fine: Boxes, coarse: Boxes) -> Floats:
    """Return the finer look's scores, raised where the coarser look was surer of the thing."""
    scores = fine.scores.copy()
    for index, box in enumerate(fine.values):
        same = coarse.scores[overlaps(box, coarse.values) > SAME_THING_IOU]
        surer = same.max(initial=0)
        if surer > scores[index]:
            both = log_odds(np.array([scores[index], surer], np.float32))
            scores[index] = chance(np.asarray(both.mean(), np.float32))
    return scores


COARSE_SHARE = 0.5
"""The scale of the coarser look by that of the first one."""
_LARGE_PX = 220.0
"""
From this diameter in the first look on the coarser one answers. Training never showed anything
larger.
"""
_BORDER = 1.2
"""Within this factor of _LARGE_PX both answer, because neither knows the size exactly."""
FIRST_SIZES_PX = (0.0, _LARGE_PX * _BORDER)
COARSE_SIZES_PX = (_LARGE_PX / _BORDER * COARSE_SHARE, np.inf)
"""Diameters that the first and the coarser look answer for, each in px of its own view."""


def join_large(coarse: Boxes, first: Boxes, scale: float) -> Boxes:
    """
    Merge the coarser look, which answers for large things, with the first one.

    Args:
        coarse, first: what each look found, in px of the picture.
        scale: px of the first view per px of the picture.
    """
    coarse_px, first_px = (boxes.values[:, 2:].mean(1) * scale for boxes in (coarse, first))
    owned = concatenate([coarse.take(coarse_px >= _LARGE_PX), first.take(first_px < _LARGE_PX)])
    near = [
        coarse.take((coarse_px < _LARGE_PX) & (coarse_px >= _LARGE_PX / _BORDER)),
        first.take((first_px >= _LARGE_PX) & (first_px < _LARGE_PX * _BORDER)),
    ]
    return suppress(_supported(owned, concatenate(near)))


def _supported(owned: Boxes, others: Boxes) -> Boxes:
    """
    Return the owned boxes with the better score of both looks.

    What only the other look found is added.
    """
    scores, alone = owned.scores.copy(), []
    for index, box in enumerate(others.values):
        same = np.flatnonzero(overlaps(box, owned.values) > SAME_THING_IOU)
        scores[same] = np.maximum(scores[same], others.scores[index])
        if not len(same):
            alone.append(index)
    return concatenate([Boxes(owned.values, scores), others.take(np.array(alone, np.intp))])


def _weighed(fine: Boxes, coarse: Boxes) -> Floats:
    """
    Weigh the scores of a finer look.

    A find without any sign in the coarser look is believed less, unless both looks see a crowd.
    Gaps in foliage look round enlarged, one by one; small things come in numbers.
    """
    seen = np.array(
        [bool((overlaps(box, coarse.values) > _SAME_IOU).any()) for box in fine.values], np.bool_
    )
    if int((seen & (fine.scores >= _CROWD_SCORE)).sum()) >= _CROWD:
        return fine.scores
    return chance(log_odds(fine.scores) + _UNSEEN_SHIFT * (~seen).astype(np.float32))
