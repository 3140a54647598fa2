"""
Draw what round things lie on.

It is plain light, wood, cloth, stone, paper, grass, skin, clutter of polygons or a photograph.
"""

from collections.abc import Callable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from predictor.training.rendering.grounds.boards import board, gingham, squared, tiles
from predictor.training.rendering.grounds.cloth import bumps, cloth, padding, pillow
from predictor.training.rendering.grounds.drawn import checks, clutter, keyboard, page, paper, table
from predictor.training.rendering.grounds.nature import grass, skin, stone, wood
from predictor.training.rendering.grounds.plain import plain, slide
from predictor.training.rendering.textures import Floats, Random, smooth_noise, white_noise

_MAKERS: dict[str, Callable[[Random, int], Floats]] = {
    "plain": plain,
    "wood": wood,
    "cloth": cloth,
    "stone": stone,
    "grass": grass,
    "clutter": clutter,
    "skin": skin,
    "paper": paper,
    "page": page,
    "keyboard": keyboard,
    "bumps": bumps,
    "pillow": pillow,
    "padding": padding,
    "slide": slide,
    "checks": checks,
    "table": table,
    "board": board,
    "tiles": tiles,
    "gingham": gingham,
    "squared": squared,
}


def make_background(
    rng: Random,
    side: int,
    photographs: Sequence[NDArray[np.uint8]],
    photograph_share: float,
    shares: dict[str, float],
) -> Floats:
    """
    Draw a background (side, side, 3) with nothing to find in it.

    The list of photographs may be empty. The shares are as in recipe.GROUNDS.
    """
    if photographs and rng.random() < photograph_share:
        return _photograph(rng, side, photographs)
    weights = np.array(list(shares.values()))
    picture = _MAKERS[list(shares)[rng.choice(len(shares), p=weights / weights.sum())]](rng, side)
    for _ in range(rng.integers(1, 4)):
        picture += smooth_noise(rng, side, side, 10 ** rng.uniform(0.1, 2))[
            ..., None
        ] * rng.uniform(0, 12)
    return picture + white_noise(rng, side, side)[..., None] * rng.uniform(0, 4)


def _photograph(rng: Random, side: int, photographs: Sequence[NDArray[np.uint8]]) -> Floats:
    """
    Scale a random part of a photograph to fill the square.

    The photograph has no labelled round things.
    """
    photo = photographs[rng.integers(len(photographs))]
    part = int(min(photo.shape[:2]) * rng.uniform(0.4, 1.0))
    top, left = (
        rng.integers(0, photo.shape[0] - part + 1),
        rng.integers(0, photo.shape[1] - part + 1),
    )
    cut = cv2.resize(
        photo[top : top + part, left : left + part], (side, side), interpolation=cv2.INTER_AREA
    )
    if rng.random() < 0.5:
        cut = cut[:, ::-1]
    return np.ascontiguousarray(np.rot90(cut, rng.integers(4)), dtype=np.float32)
