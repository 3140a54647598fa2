"""Draw bubbles and drops hardly brighter than what is behind them. Bright glints are inside."""

import numpy as np

from predictor.training.rendering.discs.grid import Disc, Grid
from predictor.training.rendering.textures import Floats, Random, rotated


def faint_bubble(rng: Random, g: Grid) -> Disc:
    """
    Return a thin rim of a few grey levels, and glints.

    The rim is brighter on one side; the glints are not objects.
    """
    along, _ = rotated(g.x, g.y, rng.uniform(0, 2 * np.pi))
    uneven = 1 + along * rng.uniform(0, 0.9)
    width = rng.uniform(0.02, 0.09)
    light = g.ring(1 - 1.5 * width, width) * uneven * rng.uniform(22, 70) * rng.choice([-1, 1])
    light = light + g.rho**2 * rng.uniform(-14, 14)
    return Disc(_with_glints(rng, g, np.asarray(light, np.float32)), g.inside(), adds=True)


def drop(rng: Random, g: Grid) -> Disc:
    """Return a drop with glints. It is dark towards one side, with light gathered on the other."""
    along, _ = rotated(g.x, g.y, rng.uniform(0, 2 * np.pi))
    light = along * g.rho * rng.uniform(15, 80) + g.ring(0.95, 0.06) * rng.uniform(-60, 10)
    return Disc(_with_glints(rng, g, np.asarray(light, np.float32)), g.inside(), adds=True)


def _with_glints(rng: Random, g: Grid, light: Floats) -> Floats:
    """
    Add small bright spots, round or bent, to the light.

    Some come in mirrored pairs, as lamps make them.
    """
    for _ in range(int(rng.integers(1, 4))):
        x, y = rng.uniform(-0.6, 0.6, 2)
        size, strength = rng.uniform(0.002, 0.015), rng.uniform(60, 220)
        for sign in (1, -1)[: int(rng.integers(1, 3))]:
            spot = np.exp(-((g.x - sign * x) ** 2 + (g.y - sign * y) ** 2) / size)
            light = light + spot * strength * (1 if sign == 1 else 0.5)
    return np.asarray(light[..., None] * rng.uniform(0.85, 1.1, 3), np.float32)
