"""Join the network's finds and the edges' circles of one picture. Each thing gets one score."""

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

_SAME_IOU = 0.6
"""From this overlap on an edge confirms what the network found."""
_CONFIRMED_SHIFT = 0.6
"""
Added to the log odds of both where edges confirm the network. A network score of .35 cancels
it.
"""
_ALONE_SHIFT = -1.5
"""Added to the log odds of a circle that the network does not see."""
_KNOWN_SHIFT = -1.0
"""Also added where the network found anything: it knows what kind of thing this picture shows."""
_INSIDE_SHIFT = -1.0
"""Also added inside a thing that the network found. The circle may be its decoration."""
_SURE_SCORE = 0.5
_CONCENTRIC = 0.12
"""Centres nearer to each other than this share of the outer radius are one centre."""
_LEAST_INNER = 0.2
"""A circle smaller than this share of the outer one is a thing in the middle of it."""
_COMPANY = 6
"""Number of sure things of about its size that support a find fully."""
_COMPANY_SCORE = 0.9
_COMPANY_SHIFT = 2.0
"""Added to the log odds of a fully supported find."""
_COMPANY_FACTOR = 2.0
"""Sizes that differ by less are about the same."""


def weigh(found: Boxes, edges: Boxes) -> Boxes:
    """
    Return the network's finds with confirmed scores, and the circles that only edges show.

    Args:
        found: what the network found, best first, in px of the picture.
        edges: circles by edges, with their scores.
    """
    scores, alone = found.scores.copy(), []
    for index, (circle, score) in enumerate(zip(edges.values, edges.scores, strict=True)):
        shares = overlaps(circle, found.values)
        same = np.flatnonzero(shares > _SAME_IOU)
        scores[same] = np.maximum(scores[same], _confirmed(found.scores[same], score))
        if not (shares > SAME_THING_IOU).any():
            alone.append(index)
    kept = Boxes(found.values, scores)
    return suppress(concatenate([kept, _discounted(kept, edges.take(np.array(alone, np.intp)))]))


def _confirmed(network: Floats, edge: np.float32) -> Floats:
    return chance(log_odds(edge) + log_odds(network) + _CONFIRMED_SHIFT)


def _discounted(found: Boxes, circles: Boxes) -> Boxes:
    """Lower the scores of circles inside a thing that the network is sure of."""
    sure = found.values[found.scores >= _SURE_SCORE]
    shift = _ALONE_SHIFT + (_KNOWN_SHIFT if len(sure) else 0)
    reach = np.hypot(*(circles.values[:, None, :2] - sure[None, :, :2]).transpose(2, 0, 1)) * 2
    inside = (reach + circles.values[:, None, 2] < 1.1 * sure[None, :, 2:].mean(2)).any(1)
    return Boxes(circles.values, chance(log_odds(circles.scores) + shift + _INSIDE_SHIFT * inside))


def keep_outermost(found: Boxes, least_score: float) -> Boxes:
    """
    Return the finds without those that share their centre with a larger one.

    The larger one takes the better score of both. Its own score must be at least least_score.
    """
    found = found.take(np.argsort(found.values[:, 0], kind="stable"))  # neighbours are together
    across, sizes = found.values[:, 0], found.values[:, 2:].mean(1)
    scores, keep = found.scores.copy(), np.ones(len(sizes), np.bool_)
    for index in np.argsort(-sizes, kind="stable"):
        if not keep[index] or found.scores[index] < least_score:
            continue
        reach = _CONCENTRIC * sizes[index] / 2
        low, high = np.searchsorted(across, [across[index] - reach, across[index] + reach])
        beside = slice(low, high)
        near = np.hypot(*(found.values[beside, :2] - found.values[index, :2]).T) < reach
        near &= (sizes[beside] < sizes[index]) & (sizes[beside] > _LEAST_INNER * sizes[index])
        inner = low + np.flatnonzero(keep[beside] & near)
        scores[index] = max(scores[index], found.scores[inner].max(initial=0))
        keep[inner] = False
    kept = Boxes(found.values, scores).take(keep)
    return kept.take(np.argsort(-kept.scores, kind="stable"))


def support(found: Boxes) -> Boxes:
    """
    Return the finds, best first, with better scores for those among many of about their size.

    Coins, droplets and cells come in numbers. The dim and the hidden ones among them score less
    than the others, and are as often right.
    """
    sizes = found.values[:, 2:].mean(1)
    is_sure = found.scores >= _COMPANY_SCORE
    sure = np.sort(sizes[is_sure])  # not a table of all pairs, which are billions in a full picture
    smaller, larger = sizes / _COMPANY_FACTOR, sizes * _COMPANY_FACTOR
    near = np.searchsorted(sure, larger, "left") - np.searchsorted(sure, smaller, "right")
    company = near - is_sure
    shift = _COMPANY_SHIFT * np.minimum(1, company / _COMPANY)
    scores = chance(np.asarray(log_odds(found.scores) + shift, np.float32))
    return Boxes(found.values, scores).take(np.argsort(-scores, kind="stable"))
