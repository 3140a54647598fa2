"""
Draw coins, caps, washers and screw heads.

They are reliefs under light that comes from one side.
"""

import cv2
import numpy as np

from predictor.training.rendering.discs.grid import Disc, Grid, flat, lit, sheen
from predictor.training.rendering.textures import (
    Floats,
    Random,
    colour,
    letters,
    rotated,
    smooth_noise,
    write,
)

METALS = (
    (184, 115, 70),
    (200, 165, 95),
    (180, 180, 178),
    (150, 135, 110),
    (120, 80, 55),
    (215, 200, 160),
)


def coin(rng: Random, g: Grid) -> Disc:
    """
    Draw a worn relief of letters, dots and a head.

    It has a raised rim and sometimes two metals or a hole.
    """
    base = (
        np.asarray(METALS[rng.integers(len(METALS))], np.float32) * rng.uniform(0.45, 1.25)
        + rng.normal(size=3) * 8
    )
    texture, relief = flat(rng, g, base), np.zeros((g.side, g.side), np.float32)
    _strike(rng, g, relief)
    rim = rng.uniform(0.82, 0.97)
    relief = cv2.GaussianBlur(relief, (0, 0), max(0.6, g.side / rng.uniform(60, 160)))
    relief += (
        smooth_noise(rng, g.side, g.side, rng.uniform(1.5, 8)) * rng.uniform(0.02, 0.1)
        + (g.rho > rim) * 0.6
    )
    if rng.random() < 0.25:
        core = np.asarray(METALS[rng.integers(len(METALS))], np.float32) * rng.uniform(0.6, 1.2)
        texture += (core - texture) * g.inside(rng.uniform(0.6, 0.78))[..., None]
    texture += lit(rng, relief, rng.uniform(8, 60))[..., None]
    texture += smooth_noise(rng, g.side, g.side, g.side / rng.uniform(2, 8))[
        ..., None
    ] * rng.uniform(0, 18)
    mask = g.inside()
    if rng.random() < 0.05:
        mask = mask * (1 - g.inside(rng.uniform(0.12, 0.25)))
    return Disc(sheen(rng, g, texture), mask)


def _strike(rng: Random, g: Grid, relief: Floats) -> None:
    side = g.side
    for _ in range(rng.integers(1, 6)):
        at = tuple(int(v) for v in rng.uniform(0.25, 0.7, 2) * side)
        if rng.random() < 0.5:
            write(
                relief,
                letters(rng, rng.integers(1, 5)),
                (at[0] // 2, at[1]),
                rng,
                side / 90 * rng.uniform(0.4, 2),
                np.ones(1, np.float32),
                max(1, side // 50),
            )
        else:
            axes = tuple(int(v) for v in rng.uniform(0.05, 0.35, 2) * side)
            cv2.ellipse(
                relief,
                at,
                axes,
                rng.uniform(0, 180),
                0,
                rng.uniform(90, 360),
                1.0,
                max(1, side // 50) if rng.random() < 0.5 else -1,
                cv2.LINE_AA,
            )
    if rng.random() < 0.5:  # a legend or beads around
        count = rng.integers(10, 60)
        relief += (np.cos(g.theta * count) > rng.uniform(-0.3, 0.6)) * (
            np.abs(g.rho - rng.uniform(0.72, 0.88)) < rng.uniform(0.02, 0.07)
        )


def cap(rng: Random, g: Grid) -> Disc:
    """Draw a crown cap's teeth or a screw cap's ridges, printed on top."""
    teeth = rng.integers(18, 40)
    edge = 1 - rng.uniform(0.0, 0.08) * (1 + np.cos(g.theta * teeth)) / 2
    texture = flat(rng, g)
    for _ in range(rng.integers(0, 4)):
        texture += (colour(rng) - texture) * g.inside(rng.uniform(0.3, 0.95))[..., None]
    if rng.random() < 0.6:
        write(
            texture,
            letters(rng, rng.integers(1, 6)),
            (int(g.side * 0.15), int(g.side * 0.6)),
            rng,
            g.side / 60 * rng.uniform(0.3, 0.9),
            colour(rng),
            max(1, g.side // 30),
        )
    relief = np.asarray(
        g.ring(rng.uniform(0.75, 0.9), 0.06) + 0.4 * np.cos(g.theta * teeth) * (g.rho > 0.85),
        np.float32,
    )
    texture += lit(rng, relief, rng.uniform(20, 90))[..., None]
    return Disc(sheen(rng, g, texture), g.inside(np.asarray(edge, np.float32)))


def washer(rng: Random, g: Grid) -> Disc:
    """Draw a ring with a hole that shows what is below."""
    texture = flat(rng, g) + smooth_noise(rng, g.side, g.side, rng.uniform(2, 9))[
        ..., None
    ] * rng.uniform(0, 15)
    hole = rng.uniform(0.25, 0.88)
    relief = np.asarray(g.inside() - g.inside(hole), np.float32)
    texture += lit(
        rng, cv2.GaussianBlur(relief, (0, 0), max(0.6, g.side / 60)), rng.uniform(0, 90)
    )[..., None]
    return Disc(sheen(rng, g, texture), g.inside() * (1 - g.inside(hole)))


def screw(rng: Random, g: Grid) -> Disc:
    """Draw a screw head or nut face. It is metal with a slot, a cross or a socket."""
    texture = flat(rng, g, np.full(3, rng.uniform(60, 220), np.float32) + rng.normal(size=3) * 8)
    along, across = rotated(g.x, g.y, rng.uniform(0, np.pi))
    slot = (np.abs(along) < rng.uniform(0.06, 0.15)) & (np.abs(across) < rng.uniform(0.5, 1))
    if rng.random() < 0.6:
        slot |= (np.abs(across) < 0.12) & (np.abs(along) < 0.6)
    texture[slot] *= rng.uniform(0.15, 0.6)
    texture += (g.ring(0.95, 0.08) * rng.uniform(-70, 40))[..., None]
    return Disc(sheen(rng, g, texture), g.inside())
