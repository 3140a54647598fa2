"""
Draw tablets, balls, plates and stones.

They are bevelled or domed bodies of one or few colours.
"""

import cv2
import numpy as np

from predictor.training.rendering.discs.grid import Disc, Grid, flat, lit, shaded, sheen
from predictor.training.rendering.textures import (
    Random,
    colour,
    letters,
    rotated,
    smooth_noise,
    white_noise,
    write,
)


def pill(rng: Random, g: Grid) -> Disc:
    """
    Draw a tablet of one dull colour.

    It has a bevelled edge, a score line or imprint, and speckles.
    """
    base = colour(rng, rng.uniform(0, 0.6)) * 0.3 + 0.7 * rng.uniform(120, 250)
    texture = flat(rng, g, base)
    relief = np.clip((1 - g.rho) / rng.uniform(0.08, 0.5), 0, 1)
    if rng.random() < 0.5:
        along, _ = rotated(g.x, g.y, rng.uniform(0, np.pi))
        relief = relief - (np.abs(along) < rng.uniform(0.03, 0.08)) * 0.7
    if rng.random() < 0.4:
        write(
            relief := np.ascontiguousarray(relief),
            letters(rng, rng.integers(1, 4)),
            (int(g.side * 0.25), int(g.side * 0.6)),
            rng,
            g.side / 60 * rng.uniform(0.4, 1),
            np.zeros(1, np.float32),
            max(1, g.side // 30),
        )
    texture += lit(
        rng,
        cv2.GaussianBlur(np.asarray(relief, np.float32), (0, 0), max(0.5, g.side / 80)),
        rng.uniform(15, 120),
    )[..., None]
    if rng.random() < 0.3:
        texture += (white_noise(rng, g.side, g.side) > 1.8)[..., None] * rng.uniform(-60, 40)
    return Disc(sheen(rng, g, texture), g.inside())


def ball(rng: Random, g: Grid) -> Disc:
    """Draw a sphere under one lamp, matt to glossy. It is plain, bumpy, striped or has a seam."""
    z = np.sqrt(np.clip(1 - g.rho**2, 0, 1))
    texture = flat(rng, g, colour(rng, rng.beta(2, 1.5)) if rng.random() < 0.7 else None)
    kind = rng.random()
    along, across = rotated(g.x, g.y, rng.uniform(0, np.pi))
    if kind < 0.3:
        texture += smooth_noise(rng, g.side, g.side, rng.uniform(1, 6))[..., None] * rng.uniform(
            3, 25
        )
    elif kind < 0.45:
        line = np.abs(
            along
            - rng.uniform(0.3, 0.9) * np.sin(across * rng.uniform(1, 2.6) + rng.uniform(0, 6)) * 0.7
        )
        texture[line < rng.uniform(0.03, 0.1)] = colour(rng)
    elif kind < 0.55:
        texture[np.sin(np.arctan2(along, z + 0.2) * rng.integers(2, 7)) > 0] = colour(rng)
    return Disc(shaded(rng, g, texture, np.asarray(z, np.float32)), g.inside())


def plate(rng: Random, g: Grid) -> Disc:
    """Draw a pale plate or lid with concentric steps."""
    texture = flat(rng, g, colour(rng, rng.uniform(0, 0.3)) * 0.4 + 0.6 * rng.uniform(90, 250))
    relief = np.zeros_like(g.rho)
    for _ in range(rng.integers(1, 4)):
        relief = relief + g.inside(rng.uniform(0.35, 0.97)) * rng.choice([-1, 1])
    texture += lit(
        rng,
        cv2.GaussianBlur(
            np.asarray(relief, np.float32), (0, 0), max(0.8, g.side / rng.uniform(15, 80))
        ),
        rng.uniform(20, 110),
    )[..., None]
    return Disc(sheen(rng, g, texture), g.inside())


def stone(rng: Random, g: Grid) -> Disc:
    """
    Draw a domed go stone, draughtsman or button.

    It is nearly black, white or one colour; some have thread holes.
    """
    grey = rng.choice([rng.uniform(10, 60), rng.uniform(190, 250)])
    texture = flat(rng, g, np.full(3, grey, np.float32) if rng.random() < 0.6 else colour(rng))
    z = np.sqrt(np.clip(1 - 0.6 * g.rho**2, 0, 1))
    texture = shaded(rng, g, texture, np.asarray(z, np.float32))
    if rng.random() < 0.3:
        holes = rng.choice([2, 4])
        for k in range(holes):
            a = 2 * np.pi * k / holes
            texture[np.hypot(g.x - 0.25 * np.cos(a), g.y - 0.25 * np.sin(a)) < 0.1] *= 0.2
    return Disc(texture, g.inside())
