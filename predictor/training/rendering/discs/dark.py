"""
Draw dark round things with a soft edge.

They are pupils, irises half under a lid and sockets.
"""

import numpy as np

from predictor.training.rendering.discs.grid import Disc, Grid, flat
from predictor.training.rendering.textures import Floats, Random, colour, smooth_noise


def pupil(rng: Random, g: Grid) -> Disc:
    """Return a dark disc with a soft edge and often a glint."""
    texture = flat(rng, g, colour(rng, rng.uniform(0, 0.5)) * rng.uniform(0.02, 0.25))
    texture += smooth_noise(rng, g.side, g.side, g.side / 4)[..., None] * rng.uniform(0, 5)
    return Disc(_glinted(rng, g, texture), _soft(rng, g))


def iris(rng: Random, g: Grid) -> Disc:
    """Return an iris of radial fibres with its pupil inside. A lid may cover its upper part."""
    texture = flat(rng, g, colour(rng, rng.beta(2, 2)) * rng.uniform(0.25, 0.9))
    fibres = np.sin(
        g.theta * rng.integers(20, 90) + smooth_noise(rng, g.side, g.side, g.side / 6) * 2
    )
    texture += (fibres * g.rho * rng.uniform(2, 22))[..., None]
    texture *= 1 - (g.ring(0.97, rng.uniform(0.04, 0.15)) * rng.uniform(0.2, 0.8))[..., None]
    dark = np.clip((rng.uniform(0.25, 0.6) - g.rho) * g.side / rng.uniform(2, 10) + 0.5, 0, 1)
    texture *= 1 - (dark * rng.uniform(0.7, 1))[..., None]
    mask = _soft(rng, g)
    if rng.random() < 0.5:
        mask = mask * _below_lid(rng, g)
    return Disc(_glinted(rng, g, texture), mask)


def socket(rng: Random, g: Grid) -> Disc:
    """Return a hole or cup whose shade grows towards its middle or towards one side."""
    x, y = rng.uniform(-0.35, 0.35, 2)
    depth = np.clip(1 - np.hypot(g.x - x, g.y - y) * rng.uniform(0.5, 1), 0, 1) ** rng.uniform(
        0.4, 2
    )
    texture = flat(rng, g) * (1 - depth * rng.uniform(0.5, 1))[..., None]
    return Disc(np.asarray(texture, np.float32), _soft(rng, g))


def _soft(rng: Random, g: Grid) -> Floats:
    """
    Return a mask with a soft edge.

    The edge is at most 0.12 of the radius wide and ends at the rim.
    """
    width = rng.uniform(0.02, 0.12)
    return np.asarray(np.clip((1 - g.rho) / width, 0, 1), np.float32)


def _below_lid(rng: Random, g: Grid) -> Floats:
    """Return a mask without what an arched lid hides, at most the upper third."""
    edge = -rng.uniform(0.35, 0.85) + g.x**2 * rng.uniform(0.1, 0.5)
    return np.asarray(np.clip((g.y - edge) * g.side / 4 + 0.5, 0, 1), np.float32)


def _glinted(rng: Random, g: Grid, texture: Floats) -> Floats:
    for _ in range(int(rng.integers(0, 3))):
        x, y = rng.uniform(-0.5, 0.5, 2)
        spot = np.exp(-((g.x - x) ** 2 + (g.y - y) ** 2) / rng.uniform(0.002, 0.03))
        texture = texture + spot[..., None] * rng.uniform(60, 230)
    return np.asarray(texture, np.float32)
