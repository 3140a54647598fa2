"""Draw flat circles: log ends, holes, print, counters."""

import numpy as np

from predictor.training.rendering.discs.grid import Disc, Grid, flat
from predictor.training.rendering.textures import (
    Random,
    colour,
    letters,
    rotated,
    smooth_noise,
    white_noise,
    write,
)


def log_end(rng: Random, g: Grid) -> Disc:
    """Draw a sawn log, nearly round: year rings, cracks, bark."""
    wobble = sum(
        rng.normal() * 0.025 * np.cos(k * g.theta + rng.uniform(0, 6)) for k in (2, 3, 4, 5)
    )
    rho = g.rho * (1 + np.clip(wobble, -0.06, 0.06)) + 0.02
    texture = flat(
        rng,
        g,
        np.asarray((195, 150, 100), np.float32) * rng.uniform(0.4, 1.25) + rng.normal(size=3) * 12,
    )
    waves = np.sin(
        rho * rng.uniform(15, 80) + smooth_noise(rng, g.side, g.side, g.side / 3) * 0.8
    ) * rng.uniform(2, 18)
    texture += waves[..., None] + white_noise(rng, g.side, g.side)[..., None] * rng.uniform(2, 9)
    for _ in range(rng.integers(0, 4)):
        along, across = rotated(g.x, g.y, rng.uniform(0, 2 * np.pi))
        texture[
            (np.abs(across) < rng.uniform(0.01, 0.04))
            & (along > 0)
            & (along < rng.uniform(0.2, 0.9))
        ] *= 0.4
    texture[rho > rng.uniform(0.84, 0.97)] *= rng.uniform(0.25, 0.8)
    texture += (g.inside(rng.uniform(0.2, 0.6)) * rng.uniform(-35, 15))[..., None]
    return Disc(texture, np.asarray(np.clip((1 - rho) * g.side / 2 + 0.5, 0, 1), np.float32))


def hole(rng: Random, g: Grid) -> Disc:
    """Draw a drilled hole or a pipe's mouth. It is dark, its far wall lit."""
    texture = flat(rng, g, colour(rng) * rng.uniform(0.02, 0.35))
    along, _ = rotated(g.x, g.y, rng.uniform(0, 2 * np.pi))
    texture += (np.clip(along, 0, 1) * g.rho**2)[..., None] * rng.uniform(10, 130)
    texture += (g.ring(0.97, 0.05) * rng.uniform(-30, 90))[..., None]
    return Disc(texture, g.inside())


def drawn(rng: Random, g: Grid) -> Disc:
    """Draw only the line of a circle, as with a pen."""
    line = max(rng.uniform(0.015, 0.12), 2.2 / g.side)
    wobble = sum(rng.normal() * 0.008 * np.cos(k * g.theta + rng.uniform(0, 6)) for k in (2, 3))
    mask = np.clip(
        (line - np.abs(g.rho - (1 - line) + np.clip(wobble, -0.02, 0.02))) * g.side / 2 + 0.5, 0, 1
    )
    return Disc(flat(rng, g, colour(rng) * rng.uniform(0.2, 1)), np.asarray(mask, np.float32))


def printed(rng: Random, g: Grid) -> Disc:
    """Draw a printed or painted dot, sign or target. Its colours change in sharp steps."""
    texture = flat(rng, g)
    for _ in range(rng.integers(0, 4)):
        texture += (colour(rng) - texture) * g.inside(rng.uniform(0.2, 0.97))[..., None]
    if rng.random() < 0.3:
        write(
            texture,
            letters(rng, rng.integers(1, 4)),
            (int(g.side * 0.2), int(g.side * 0.65)),
            rng,
            g.side / 50 * rng.uniform(0.4, 1),
            colour(rng),
            max(1, g.side // 25),
        )
    return Disc(texture, g.inside())


def counter(rng: Random, g: Grid) -> Disc:
    """Draw a disc of one colour, as a counter, a sticker or a dot; half of them have a rim."""
    texture = flat(rng, g)
    along, _ = rotated(g.x, g.y, rng.uniform(0, 2 * np.pi))
    texture += along[..., None] * rng.uniform(0, 25)
    if rng.random() < 0.5:
        rim = g.ring(rng.uniform(0.85, 0.97), rng.uniform(0.02, 0.08))
        texture += (rim * rng.uniform(-40, 40))[..., None]
    return Disc(texture, g.inside())
