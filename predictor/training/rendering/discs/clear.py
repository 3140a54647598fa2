"""
Draw bubbles, cells, droplets and beads.

They are transparent, so they only add or take light.
"""

import numpy as np

from predictor.training.rendering.discs.grid import Disc, Grid
from predictor.training.rendering.textures import Random, smooth_noise


def bubble(rng: Random, g: Grid) -> Disc:
    """Draw a thin bright or dark rim, nearly clear inside. It has a few glints."""
    width = rng.uniform(0.03, 0.25)
    light = g.ring(1 - width, width * 0.6) * rng.uniform(12, 130) * rng.choice(
        [-1, 1]
    ) + rng.uniform(-35, 30)
    if rng.random() < 0.4:
        light = light + g.ring(1 - 2.4 * width, width) * rng.uniform(-60, 60)
    for _ in range(rng.integers(0, 5)):
        x, y = rng.uniform(-0.7, 0.7, 2)
        light = light + np.exp(
            -((g.x - x) ** 2 + (g.y - y) ** 2) / rng.uniform(0.001, 0.03)
        ) * rng.uniform(30, 200)
    return Disc(
        np.asarray(light[..., None] * rng.uniform(0.7, 1.1, 3), np.float32), g.inside(), adds=True
    )


def cell(rng: Random, g: Grid) -> Disc:
    """
    Draw a stained or pale cell: coloured shadow, middle, membrane.

    The middle is paler or darker; some have a nucleus.
    """
    middle = np.exp(-((g.rho / rng.uniform(0.25, 0.65)) ** 2))
    stain = (1 - middle * rng.uniform(0, 1)) * rng.uniform(15, 85) * rng.choice([-1, -1, -1, 1])
    light = (
        stain[..., None] * rng.uniform(0.3, 1.2, 3)
        + (g.ring(0.93, 0.07) * rng.uniform(-50, 30))[..., None]
    )
    if rng.random() < 0.3:
        x, y = rng.uniform(-0.3, 0.3, 2)
        core = np.hypot(g.x - x, g.y - y) < rng.uniform(0.15, 0.5)
        light = light - core[..., None] * rng.uniform(20, 90) * rng.uniform(0.3, 1, 3)
    light = light + smooth_noise(rng, g.side, g.side, rng.uniform(2, 10))[..., None] * rng.uniform(
        0, 8
    )
    return Disc(np.asarray(light, np.float32), g.inside(), adds=True)


def glow(rng: Random, g: Grid) -> Disc:
    """
    Draw a fluorescent blob or droplet with a soft edge.

    It is light only, brightest in the middle or even.
    """
    soft = rng.uniform(0.05, 0.5)
    light = np.clip((1 - g.rho) / soft, 0, 1) * rng.uniform(25, 200)
    light = light * (
        1 + smooth_noise(rng, g.side, g.side, g.side / rng.uniform(3, 12)) * rng.uniform(0, 0.25)
    )
    tint = np.ones(3) if rng.random() < 0.5 else rng.uniform(0, 1, 3)
    return Disc(np.asarray(light[..., None] * tint, np.float32), g.inside(), adds=True)


def blood_cell(rng: Random, g: Grid) -> Disc:
    """
    Draw a stained red cell with a paler middle.

    Its even tint lets the next cell through; its darker edge is soft.
    """
    tint = np.asarray((40, 85, 70), np.float32) * rng.uniform(0.3, 1.4) + rng.normal(size=3) * 12
    pale = np.clip(1 - (g.rho / rng.uniform(0.3, 0.75)) ** 2, 0, 1) * rng.uniform(0, 1.2)
    depth = (1 - pale) * (1 + g.ring(0.94, 0.08) * rng.uniform(-0.3, 0.5))
    depth = depth * (1 + smooth_noise(rng, g.side, g.side, g.side / 4) * rng.uniform(0, 0.1))
    return Disc(np.asarray(-depth[..., None] * tint, np.float32), g.inside(), adds=True)


def red_cell(rng: Random, g: Grid) -> Disc:
    """
    Draw a blood cell whose outline is not quite round.

    Some have a speck of stain or a glint.
    """
    light = blood_cell(rng, g).texture
    if rng.random() < 0.15:
        x, y = rng.uniform(-0.5, 0.5, 2)
        light = light + (np.hypot(g.x - x, g.y - y) < rng.uniform(0.04, 0.14))[
            ..., None
        ] * rng.uniform(-50, 70)
    wobble = sum(rng.normal() * 0.015 * np.cos(k * g.theta + rng.uniform(0, 6)) for k in (2, 3, 4))
    edge = 0.98 + np.clip(wobble, -0.06, 0.02)
    return Disc(np.asarray(light, np.float32), g.inside(np.asarray(edge, np.float32)), adds=True)


def bead(rng: Random, g: Grid) -> Disc:
    """
    Draw a particle under the microscope, in or out of focus.

    Its core is bright or dark, with rings of the other sign.
    """
    sign = rng.choice([-1, 1])
    light = np.cos(np.clip(g.rho, 0, 1) * np.pi * rng.uniform(0.5, 2.2)) * np.clip(
        1.15 - g.rho, 0, 1
    )
    texture = np.asarray(light[..., None] * sign * rng.uniform(15, 120) * np.ones(3), np.float32)
    return Disc(texture, g.inside(), adds=True)
