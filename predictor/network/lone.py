"""
Look again, enlarged, at few small things that the other looks are not sure of.

A ball of 5 px in a look is hardly a shape. Shown at 64 px it is round, or it is not.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from predictor.detector import Pixels
from predictor.network.decoding import (
    Boxes,
    Floats,
    between,
    chance,
    decode,
    log_odds,
    overlaps,
    suppress,
)
from predictor.network.views import GREY, View, resized

SIDE_PX = 256
"""Side of the view around each thing."""
_SHOWN_PX = 64.0
"""Diameter of the thing in its view."""
_MOST_ENLARGED = 6.0
_SMALL_PX = 40.0
"""Things that are larger in the first look are not looked at again."""
_DOUBTFUL_SCORES = (0.1, 0.97)
_MOST = 4
"""Number of things looked at again. Each view takes a third of the first look's time."""
_CROWD = 12
"""Among more small doubtful things than this none is alone, and none is looked at again."""
_SURE_SCORE = 0.85
_MOST_SURE = 3
"""Nothing is looked at again where more things are sure: the picture shows what it is about."""
_SAME_IOU = 0.3
"""Overlap from which on the enlarged view shows the same thing."""
_UNSEEN_SCORE = 0.01
"""Score of a thing of which the enlarged view shows nothing."""
_MOST_PEAKS = 100

Ask = Callable[[Pixels], Floats]
"""Give the network's output, (n, 5, rows, columns), of n views, (n, height, width, 3)."""


def look_again(ask: Ask, pixels: Pixels, found: Boxes, scale: float) -> Boxes:
    """
    Return the finds, best first. Small doubtful ones are judged on enlarged views of them.

    The mean of both looks' log odds counts, and the place and size of the enlarged one.

    Args:
        scale: px of the first look per px of the picture.
    """
    chosen = _doubtful(found, scale)
    if not len(chosen):
        return found
    views = [_around(box, pixels, scale) for box in found.values[chosen]]
    outputs = ask(np.stack([_square(pixels, view) for view in views]))
    values, scores = found.values.copy(), found.scores.copy()
    for index, view, output in zip(chosen, views, outputs, strict=True):
        seen = _same(found.values[index], view, output)
        values[index] = seen.values[0]
        odds = log_odds(np.array([scores[index], seen.scores[0]], np.float32))
        scores[index] = chance(np.asarray(odds.mean(), np.float32))
    return suppress(Boxes(values, scores))


def _doubtful(found: Boxes, scale: float) -> NDArray[np.intp]:
    """Return the indices of what is looked at again."""
    small = found.values[:, 2:].mean(1) * scale < _SMALL_PX
    chosen = np.flatnonzero(small & between(found.scores, _DOUBTFUL_SCORES))
    is_alone = len(chosen) <= _CROWD and (found.scores >= _SURE_SCORE).sum() <= _MOST_SURE
    return chosen[: _MOST if is_alone else 0]


def _around(box: Floats, pixels: Pixels, scale: float) -> View:
    """Return a square view around a box, moved into the picture where it would reach out."""
    height, width, _ = pixels.shape
    enlarged = min(_MOST_ENLARGED, max(scale, _SHOWN_PX / float(box[2:].mean())))
    side = int(SIDE_PX / enlarged)
    left, top = (
        int(np.clip(middle - side / 2, 0, max(0, length - side)))
        for middle, length in zip(box[:2], (width, height), strict=True)
    )
    return View(left, top, min(side, width - left), min(side, height - top), enlarged)


def _square(pixels: Pixels, view: View) -> Pixels:
    """Show a view on a square of SIDE_PX, filled up with grey."""
    small = resized(pixels, view)
    canvas = np.full((SIDE_PX, SIDE_PX, 3), GREY, np.uint8)
    canvas[: small.shape[0], : small.shape[1]] = small
    return canvas


def _same(box: Floats, view: View, output: Floats) -> Boxes:
    """Return the best find of an enlarged view that overlaps the box, or the box as unseen."""
    boxes = decode(output, _UNSEEN_SCORE, _MOST_PEAKS)
    values = boxes.values / np.float32(view.scale)
    values[:, :2] += (view.left, view.top)
    same = np.flatnonzero(overlaps(box, values) > _SAME_IOU)[:1]
    if not len(same):
        return Boxes(box[None], np.array([_UNSEEN_SCORE], np.float32))
    return Boxes(values, boxes.scores).take(same)
