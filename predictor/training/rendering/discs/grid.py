"""What every kind of disc is made with: the coordinates of its square, its ground colour and the light on it."""

from dataclasses import dataclass

import cv2
import numpy as np

from predictor.training.rendering.textures import Floats, Random, colour, rotated


@dataclass(frozen=True, slots=True)
class Disc:
    """
    One round thing, seen straight on.

    texture: (side, side, 3) RGB; mask: (side, side), 0..1. Where adds is true the texture is light to add
    (a bubble's rim, a cell's stain), else it is paint to lay over what is below.
    """

    texture: Floats
    mask: Floats
    adds: bool = False


@dataclass(frozen=True, slots=True)
class Grid:
    """Coordinates of a square: x and y in -1..1, distance rho from the middle, angle theta."""

    side: int
    x: Floats
    y: Floats
    rho: Floats
    theta: Floats

    def inside(self, radius: float | Floats = 1.0) -> Floats:
        """A mask with a soft edge one pixel wide."""
        return np.asarray(np.clip((radius - self.rho) * self.side / 2 + 0.5, 0, 1), np.float32)

    def ring(self, radius: float, width: float) -> Floats:
        """A soft ring, 1 on the radius."""
        return np.asarray(np.exp(-(((self.rho - radius) / width) ** 2)), np.float32)


def grid(side: int) -> Grid:
    """The coordinates of a square of so many pixels."""
    line = (np.arange(side, dtype=np.float32) - (side - 1) / 2) / (side / 2)
    x, y = np.meshgrid(line, line)
    return Grid(side, x, y, np.sqrt(x * x + y * y), np.arctan2(y, x))


def flat(rng: Random, g: Grid, base: Floats | None = None) -> Floats:
    """A square of one colour, a random one where none is given."""
    texture = np.empty((g.side, g.side, 3), np.float32)
    texture[:] = colour(rng) if base is None else base
    return texture


def lit(rng: Random, height: Floats, strength: float) -> Floats:
    """Light falling on a relief from one side, (side, side)."""
    angle = rng.uniform(0, 2 * np.pi)
    slope = cv2.Sobel(height, cv2.CV_32F, 1, 0) * np.cos(angle) + cv2.Sobel(height, cv2.CV_32F, 0, 1) * np.sin(angle)
    return np.asarray(np.clip(slope, -3, 3) * strength, np.float32)


def sheen(rng: Random, g: Grid, texture: Floats) -> Floats:
    """A gradient of light across, and now and then a glare spot that burns out."""
    along, _ = rotated(g.x, g.y, rng.uniform(0, 2 * np.pi))
    texture += along[..., None] * rng.uniform(0, 45)
    if rng.random() < 0.3:
        x, y = rng.uniform(-0.7, 0.7, 2)
        spot = np.exp(-((g.x - x) ** 2 + (g.y - y) ** 2) / rng.uniform(0.005, 0.3))
        texture += spot[..., None] * rng.uniform(30, 220)
    return texture


def shaded(rng: Random, g: Grid, texture: Floats, z: Floats) -> Floats:
    """The texture on a body of height z under one lamp, with a glint."""
    turn, height = rng.uniform(0, 2 * np.pi), rng.uniform(0.3, 1.3)
    light = np.clip(
        g.x * np.cos(turn) * np.cos(height) + g.y * np.sin(turn) * np.cos(height) + z * np.sin(height), 0, 1
    )
    texture = texture * (rng.uniform(0.1, 0.6) + rng.uniform(0.4, 0.95) * light)[..., None]
    gloss = light ** rng.uniform(8, 90) * rng.uniform(0, 230)
    if rng.random() < 0.25:
        gloss = gloss + np.clip(g.y * rng.uniform(0.3, 1), 0, 1) * rng.uniform(0, 60)  # light thrown back by the table
    return np.asarray(texture + gloss[..., None], np.float32)
