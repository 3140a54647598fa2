"""
Draw the regular grounds of real round things.

They are game boards, tiles, gingham and squared paper.
"""

import numpy as np

from predictor.training.rendering.grounds.nature import wood
from predictor.training.rendering.textures import (
    Floats,
    Random,
    colour,
    coordinates,
    rotated,
    smooth_noise,
)


def board(rng: Random, side: int) -> Floats:
    """Return a checked or ruled game board, plain or of wood, often with a margin."""
    dark, light = colour(rng) * rng.uniform(0.2, 0.8), colour(rng, rng.uniform(0, 0.5)) * 0.4 + 140
    u, v = _cells(rng, side, (14.0, 75.0))
    if rng.random() < 0.75:
        share = (np.floor(u) + np.floor(v)) % 2
    else:
        share = 1 - (_line(u, 0.04) | _line(v, 0.04)).astype(np.float32)
    picture = dark + (light - dark) * np.asarray(share, np.float32)[..., None]
    if rng.random() < 0.4:
        picture = picture * (0.6 + wood(rng, side) / 400)
    return np.asarray(picture, np.float32)


def tiles(rng: Random, side: int) -> Floats:
    """Return tiles with joints, each a little lighter or darker than the next."""
    u, v = _cells(rng, side, (24.0, 150.0))
    if rng.random() < 0.4:
        u = u + 0.5 * (np.floor(v) % 2)
    shade = np.sin(np.floor(u) * 12.9898 + np.floor(v) * 78.233) * rng.uniform(0, 22)
    picture = (
        colour(rng)[None, None]
        + shade[..., None]
        + smooth_noise(rng, side, side, 20)[..., None] * 4
    )
    joint = _line(u, rng.uniform(0.01, 0.07)) | _line(v, rng.uniform(0.01, 0.07))
    picture[joint] = colour(rng, 0.2)
    return np.asarray(picture, np.float32)


def gingham(rng: Random, side: int) -> Floats:
    """Return cloth whose bands of colour cross, with its weave."""
    u, v = _cells(rng, side, (6.0, 50.0))
    band = (np.floor(u) % 2 + np.floor(v) % 2) / 2
    picture = (
        rng.uniform(170, 250) + (colour(rng, 0.7) - 200) * np.asarray(band, np.float32)[..., None]
    )
    weave = np.sin(np.arange(side) * rng.uniform(1, 2.5))
    return np.asarray(
        picture + (weave[:, None] * weave[None])[..., None] * rng.uniform(0, 10), np.float32
    )


def squared(rng: Random, side: int) -> Floats:
    """Return squared or dotted paper with an occasional heavier line."""
    u, v = _cells(rng, side, (8.0, 40.0))
    ink, picture = colour(rng) * 0.7, np.full((side, side, 3), rng.uniform(170, 250), np.float32)
    picture[_line(u, 0.05) | _line(v, 0.05)] = ink
    if rng.random() < 0.4:
        picture[_line(u / 5, 0.02) | _line(v / 5, 0.02)] = ink * 0.6
    return picture


def _cells(rng: Random, side: int, cell_px: tuple[float, float]) -> tuple[Floats, Floats]:
    """
    Return coordinates in cells.

    The plane is seen straight on or from the side, as by a camera.
    """
    xs, ys = coordinates(side, side)
    angle = rng.uniform(0, np.pi) if rng.random() < 0.6 else 0.0
    along, across = rotated(xs - side / 2, ys - side / 2, angle)
    cell = float(np.exp(rng.uniform(*np.log(cell_px))))
    depth = 1 + (ys / side - 0.5) * (rng.uniform(0, 0.5) if rng.random() < 0.3 else 0.0)
    shift = rng.uniform(100, 104, 2)
    u, v = along / cell / depth + shift[0], across / cell / depth * rng.uniform(1, 1.3) + shift[1]
    return np.asarray(u, np.float32), np.asarray(v, np.float32)


def _line(cells: Floats, width: float) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Tell where a coordinate is within a distance of a whole number."""
    return np.asarray(np.abs(cells - np.rint(cells)) < width, np.bool_)
