"""Draw nearly empty grounds. They are one colour in even light, or a microscope's empty field."""

import numpy as np

from predictor.training.rendering.textures import (
    Floats,
    Random,
    colour,
    coordinates,
    rotated,
    smooth_noise,
)


def plain(rng: Random, side: int) -> Floats:
    """Draw one colour, mostly lighter towards one side."""
    picture = np.empty((side, side, 3), np.float32)
    picture[:] = colour(rng)
    if rng.random() < 0.8:
        xs, ys = coordinates(side, side)
        along, _ = rotated(xs / side - 0.5, ys / side - 0.5, rng.uniform(0, 2 * np.pi))
        picture += along[..., None] * rng.uniform(0, 120)
    return picture


def slide(rng: Random, side: int) -> Floats:
    """
    Draw a microscope's empty field, bright or dark.

    It is nearly even, brighter towards some place, with a little dust.
    """
    level = rng.uniform(170, 245) if rng.random() < 0.65 else rng.uniform(3, 110)
    picture = np.empty((side, side, 3), np.float32)
    picture[:] = level + rng.normal(size=3) * level * 0.06
    xs, ys = coordinates(side, side)
    x, y = rng.uniform(0, side, 2)
    fall = ((xs - x) ** 2 + (ys - y) ** 2) / side**2
    picture *= (1 - fall * rng.uniform(0, 0.35))[..., None]
    picture += smooth_noise(rng, side, side, rng.uniform(20, 120))[..., None] * rng.uniform(0, 5)
    for _ in range(rng.integers(0, 6)):
        x, y = rng.uniform(0, side, 2)
        speck = np.exp(-((xs - x) ** 2 + (ys - y) ** 2 * rng.uniform(1, 4)) / rng.uniform(2, 40))
        picture += speck[..., None] * rng.uniform(-60, 20)
    return picture
