"""
Provide what every kind of disc is made with.

This is the coordinates of its square, its ground colour and its light.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from predictor.training.rendering.textures import Floats, Random, colour, rotated


@dataclass(frozen=True, slots=True)
class Disc:
    """
    One round thing, seen straight on.

    texture: (side, side, 3) RGB. It is light to add (a bubble's rim, a cell's stain) where adds
    is true, else paint to lay over what is below.
    mask: (side, side), 0..1.
    """

    texture: Floats
    mask: Floats
    adds: bool = False


@dataclass(frozen=True, slots=True)
class Grid:
    """
    The coordinates of a square. x and y are in -1..1, rho is the distance from the middle and
    theta the angle.
    """

    side: int
    x: Floats
    y: Floats
    rho: Floats
    theta: Floats

    def inside(self, radius: float | Floats = 1.0) -> Floats:
        """Return a mask with a soft edge one pixel wide."""
        return np.asarray(np.clip((radius - self.rho) * self.side / 2 + 0.5, 0, 1), np.float32)

    def ring(self, radius: float, width: float) -> Floats:
        """Return a soft ring, 1 on the radius."""
        return np.asarray(np.exp(-(((self.rho - radius) / width) ** 2)), np.float32)


def grid(side: int) -> Grid:
    """Return the coordinates of a square with this side in px."""
    line = (np.arange(side, dtype=np.float32) - (side - 1) / 2) / (side / 2)
    x, y = np.meshgrid(line, line)
    return Grid(side, x, y, np.sqrt(x * x + y * y), np.arctan2(y, x))


def flat(rng: Random, g: Grid, base: Floats | None = None) -> Floats:
    """Return a square of one colour, by default a random one."""
    texture = np.empty((g.side, g.side, 3), np.float32)
    texture[:] = colour(rng) if base is None else base
    return texture


def lit(rng: Random, height: Floats, strength: float) -> Floats:
    """Return light on a relief from one side, (side, side)."""
    angle = rng.uniform(0, 2 * np.pi)
    slope = cv2.Sobel(height, cv2.CV_32F, 1, 0) * np.cos(angle) + cv2.Sobel(
        height, cv2.CV_32F, 0, 1
    ) * np.sin(angle)
    return np.asarray(np.clip(slope, -3, 3) * strength, np.float32)


def sheen(rng: Random, g: Grid, texture: Floats) -> Floats:
    """Return a gradient of light across. Some have a glare spot that burns out."""
    along, _ = rotated(g.x, g.y, rng.uniform(0, 2 * np.pi))
    texture += along[..., None] * rng.uniform(0, 45)
    if rng.random() < 0.3:
        x, y = rng.uniform(-0.7, 0.7, 2)
        spot = np.exp(-((g.x - x) ** 2 + (g.y - y) ** 2) / rng.uniform(0.005, 0.3))
        texture += spot[..., None] * rng.uniform(30, 220)
    return texture


def shaded(rng: Random, g: Grid, texture: Floats, z: Floats) -> Floats:
    """Shade the texture on a body of height z under one lamp. It gets a glint."""
    turn, height = rng.uniform(0, 2 * np.pi), rng.uniform(0.3, 1.3)
    light = np.clip(
        g.x * np.cos(turn) * np.cos(height)
        + g.y * np.sin(turn) * np.cos(height)
        + z * np.sin(height),
        0,
        1,
    )
    texture = texture * (rng.uniform(0.1, 0.6) + rng.uniform(0.4, 0.95) * light)[..., None]
    gloss = light ** rng.uniform(8, 90) * rng.uniform(0, 230)
    if rng.random() < 0.25:
        # light reflected by the table
        gloss = gloss + np.clip(g.y * rng.uniform(0.3, 1), 0, 1) * rng.uniform(0, 60)
    return np.asarray(texture + gloss[..., None], np.float32)
