"""Draw circles inside circles: dials, targets, wheels. The outermost one is the object."""

import cv2
import numpy as np

from predictor.training.rendering.discs.grid import Disc, Grid, flat, lit, sheen
from predictor.training.rendering.textures import Floats, Random, colour, letters, rotated, write


def dial(rng: Random, g: Grid) -> Disc:
    """Return a gauge or a clock: a bezel, ticks, figures, hands."""
    face, ink = colour(rng, rng.uniform(0, 0.3)), colour(rng, 0.3) * rng.uniform(0, 0.6)
    texture = flat(rng, g)
    bezel = rng.uniform(0.7, 0.97)
    texture += (face * 0.3 + rng.uniform(10, 175) - texture) * g.inside(bezel)[..., None]
    count, length = int(rng.choice([12, 20, 24, 40, 50, 60])), rng.uniform(0.06, 0.2)
    ticks = (np.cos(g.theta * count) > 1 - rng.uniform(0.05, 0.4)) & (
        np.abs(g.rho - bezel + length) < length / 2
    )
    texture[ticks] = ink
    _figures(rng, g, texture, bezel * 0.68, ink)
    for _ in range(int(rng.integers(1, 4))):
        along, across = rotated(g.x, g.y, rng.uniform(0, 2 * np.pi))
        hand = (
            (np.abs(across) < rng.uniform(0.015, 0.06))
            & (along > -0.1)
            & (along < rng.uniform(0.35, 0.8))
        )
        texture[hand] = colour(rng) * rng.uniform(0, 1)
    return Disc(sheen(rng, g, _raised(rng, g, texture, bezel)), g.inside())


def target(rng: Random, g: Grid) -> Disc:
    """Return rings of two or three colours around a middle, evenly or unevenly wide."""
    colours = [colour(rng) for _ in range(int(rng.integers(2, 4)))]
    texture, radius = flat(rng, g, colours[0]), 1.0
    for index in range(1, int(rng.integers(2, 9))):
        radius -= rng.uniform(0.05, 0.3)
        if radius > 0.08:
            texture += (colours[index % len(colours)] - texture) * g.inside(radius)[..., None]
    return Disc(texture, g.inside())


def wheel(rng: Random, g: Grid) -> Disc:
    """Return a tyre, a rim and spokes or holes around a hub."""
    texture = flat(rng, g, np.full(3, rng.uniform(10, 70), np.float32))
    rim, metal = (
        rng.uniform(0.5, 0.85),
        np.full(3, rng.uniform(90, 220), np.float32) + rng.normal(size=3) * 8,
    )
    count = int(rng.integers(3, 13))
    spokes = np.cos(g.theta * count + rng.uniform(0, 6)) > rng.uniform(-0.4, 0.7)
    solid = (g.rho < rim) & (
        spokes | (g.rho < rng.uniform(0.15, 0.4)) | (g.rho > rim - rng.uniform(0.03, 0.12))
    )
    texture[solid] = metal
    texture[(g.rho < rim) & ~solid] *= rng.uniform(0.2, 2)
    return Disc(sheen(rng, g, _raised(rng, g, texture, rim)), g.inside())


def _figures(rng: Random, g: Grid, texture: Floats, radius: float, ink: Floats) -> None:
    count = int(rng.choice([0, 4, 8, 12]))
    for k in range(count):
        turn = 2 * np.pi * k / count
        x, y = (0.5 + radius * f(turn) / 2 for f in (np.cos, np.sin))
        at = (int((x - 0.06) * g.side), int((y + 0.04) * g.side))
        write(
            texture,
            letters(rng, 1, "0123456789"),
            at,
            rng,
            g.side / 260,
            ink,
            max(1, g.side // 110),
        )


def _raised(rng: Random, g: Grid, texture: Floats, radius: float) -> Floats:
    """
    Return the texture with light on the step at a radius.

    The radius is relative to the disc's own.
    """
    step = cv2.GaussianBlur(np.asarray(g.inside(radius), np.float32), (0, 0), max(0.6, g.side / 70))
    return np.asarray(
        texture + lit(rng, np.asarray(step, np.float32), rng.uniform(0, 110))[..., None], np.float32
    )
