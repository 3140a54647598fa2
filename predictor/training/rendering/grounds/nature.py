"""Draw natural grounds: wood, stone, grass, skin."""

import cv2
import numpy as np

from predictor.training.rendering.grounds.plain import plain
from predictor.training.rendering.textures import (
    Floats,
    Random,
    as_bytes,
    coordinates,
    rotated,
    smooth_noise,
)


def wood(rng: Random, side: int) -> Floats:
    """Draw grain along one direction, bent around knots. Knots are rings that are not objects."""
    picture = plain(rng, side) * 0.3 + np.asarray((150, 105, 65), np.float32) * rng.uniform(
        0.3, 1.4
    )
    along, across = rotated(*coordinates(side, side), rng.uniform(0, np.pi))
    across = across + smooth_noise(rng, side, side, rng.uniform(40, 150)) * rng.uniform(2, 18)
    for _ in range(rng.integers(0, 3)):
        x, y = rng.uniform(along.min(), along.max()), rng.uniform(across.min(), across.max())
        reach = rng.uniform(8, 40)
        near = np.exp(-(((along - x) / (reach * 2.2)) ** 2) - ((across - y) / reach) ** 2)
        across = across + near * (across - y) * rng.uniform(0.5, 1.5)
        picture *= (1 - near**2 * rng.uniform(0, 0.6))[..., None]
    wave = np.sin(across / rng.uniform(2, 14) + along / rng.uniform(80, 400)) * rng.uniform(3, 25)
    picture += wave[..., None] * rng.uniform(0.6, 1.2, 3)
    if rng.random() < 0.4:
        picture[np.abs(across % rng.uniform(60, 300)) < rng.uniform(1, 4)] *= rng.uniform(0.3, 0.8)
    return picture


def stone(rng: Random, side: int) -> Floats:
    """
    Draw granite, sand, gravel, carpet or grass.

    It is noise of several grains, sharpened or not.
    """
    picture = plain(rng, side)
    for _ in range(rng.integers(2, 5)):
        field = smooth_noise(rng, side, side, 10 ** rng.uniform(0.1, 1.5))
        if rng.random() < 0.3:
            field = np.sign(field - rng.uniform(-1, 1))
        picture += field[..., None] * rng.uniform(3, 28) * rng.uniform(0.6, 1.1, 3)
    return picture


def grass(rng: Random, side: int) -> Floats:
    """Draw blades, most of them upright."""
    picture = plain(rng, side) * 0.4 + np.asarray((50, 80, 30), np.float32) * rng.uniform(0.3, 1.5)
    canvas = as_bytes(picture)
    for _ in range(rng.integers(100, 350)):
        x, y = rng.integers(0, side, 2)
        dx, dy = rng.normal(size=2) * (5, 18)
        ink = (
            np.asarray((60, 110, 40), np.float32) * rng.uniform(0.4, 1.7) + rng.normal(size=3) * 15
        )
        cv2.line(
            canvas,
            (int(x), int(y)),
            (int(x + dx), int(y + dy)),
            ink.tolist(),
            int(rng.integers(1, 3)),
            cv2.LINE_AA,
        )
    return canvas.astype(np.float32)


def skin(rng: Random, side: int) -> Floats:
    """Draw a palm. It has skin tones, soft shade, creases and a few fingers as thick strokes."""
    tone = np.asarray((205, 155, 130), np.float32) * rng.uniform(0.3, 1.15)
    picture = plain(rng, side)
    for _ in range(rng.integers(2, 7)):
        ends = rng.uniform(-0.1, 1.1, (2, 2)) * side
        cv2.line(
            picture,
            ends[0].astype(int).tolist(),
            ends[1].astype(int).tolist(),
            (tone * rng.uniform(0.85, 1.1)).tolist(),
            int(side * rng.uniform(0.1, 0.35)),
            cv2.LINE_AA,
        )
    for _ in range(rng.integers(2, 9)):
        x, y = rng.uniform(0, side, 2)
        axes = rng.uniform(20, side, 2)
        cv2.ellipse(
            picture,
            (int(x), int(y)),
            (int(axes[0]), int(axes[1])),
            rng.uniform(0, 180),
            0,
            rng.uniform(20, 90),
            (tone * 0.75).tolist(),
            int(rng.integers(1, 4)),
            cv2.LINE_AA,
        )
    picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(1, 3))
    picture += (
        smooth_noise(rng, side, side, rng.uniform(20, 90))[..., None]
        * rng.uniform(4, 18)
        * np.asarray((1, 0.9, 0.85), np.float32)
    )
    return np.asarray(
        picture + smooth_noise(rng, side, side, 2.5)[..., None] * rng.uniform(1, 7), np.float32
    )
