"""
Render regular patterns at every scale: checks, cloth, walls, grids.

They repeat as a sheet of coins does, but none is round.
"""

import cv2
import numpy as np

from predictor.training.rendering.camera import Bytes, photograph
from predictor.training.rendering.textures import (
    Floats,
    Random,
    colour,
    coordinates,
    rotated,
    smooth_noise,
)

SIDE_PX = 640
_CELL_PX = (1.0, 90.0)
_OVERSAMPLED = 2


def render_pattern(rng: Random) -> Bytes:
    """
    Render one pattern, (640, 640, 3), deterministic from rng.

    A third are exact: axis-aligned, cells of whole px, two plain colours, as a program draws
    them. The rest are turned or stretched; half of these are photographed.
    """
    exact = rng.random() < 0.35
    share = _exact(rng) if exact else _turned(rng)
    if rng.random() < 0.25:
        share = _framed(rng, share)
    dark, light = _two_colours(rng)
    picture = np.asarray(dark + (light - dark) * share[..., None], np.float32)
    if exact or rng.random() < 0.5:
        return np.clip(picture, 0, 255).astype(np.uint8)
    grain = smooth_noise(rng, SIDE_PX, SIDE_PX, rng.uniform(30, 200))[..., None]
    return photograph(rng, np.asarray(picture + grain * rng.uniform(0, 14), np.float32))


def _exact(rng: Random) -> Floats:
    cell = round(_cell_px(rng))
    xs, ys = coordinates(SIDE_PX, SIDE_PX)
    x, y = rng.integers(0, 4 * cell, 2)
    if rng.random() < 0.5:
        return checks(rng, (xs + x) // cell, (ys + y) // cell)
    return _any(rng, (xs + x) / cell, (ys + y) / cell)


def _turned(rng: Random) -> Floats:
    """Draw at twice the size and shrink. Edges then are smooth at any angle."""
    side = SIDE_PX * _OVERSAMPLED
    xs, ys = coordinates(side, side)
    angle = rng.uniform(0, np.pi) if rng.random() < 0.7 else 0.0
    cell = _cell_px(rng) * _OVERSAMPLED
    stretch = rng.uniform(0.6, 1.6) if rng.random() < 0.4 else 1.0
    u, v = rotated(xs / np.float32(cell), ys / np.float32(cell * stretch), angle)
    share = _any(rng, u + np.float32(rng.uniform(200, 204)), v + np.float32(rng.uniform(200, 204)))
    return np.asarray(
        cv2.resize(share, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA), np.float32
    )


def _cell_px(rng: Random) -> float:
    return float(np.exp(rng.uniform(*np.log(_CELL_PX))))


def _framed(rng: Random, share: Floats) -> Floats:
    """Put a board on something plain."""
    left, top = rng.integers(20, SIDE_PX // 2 - 40, 2)
    right, bottom = rng.integers(SIDE_PX // 2 + 40, SIDE_PX - 20, 2)
    framed = np.full_like(share, rng.uniform(0, 1))
    framed[top:bottom, left:right] = share[top:bottom, left:right]
    return framed


def _two_colours(rng: Random) -> tuple[Floats, Floats]:
    """Return black and white, two greys, or two colours."""
    dice = rng.random()
    if dice < 0.3:
        return np.zeros(3, np.float32), np.full(3, 255, np.float32)
    if dice < 0.55:
        grey = rng.uniform(0, 255, 2).astype(np.float32)
        return np.full(3, grey[0], np.float32), np.full(3, grey[1], np.float32)
    return colour(rng), colour(rng)


def _any(rng: Random, u: Floats, v: Floats) -> Floats:
    kinds = (
        checks,
        checks,
        gingham,
        plaid,
        grid,
        bricks,
        stripes,
        zigzag,
        houndstooth,
        quilt,
        weave,
        keys,
        halftone,
    )
    return np.asarray(kinds[rng.integers(len(kinds))](rng, u, v), np.float32)


# Each function below maps a pixel's place, counted in cells, to its share of the second colour,
# 0..1.


def checks(rng: Random, u: Floats, v: Floats) -> Floats:
    """Draw a checkerboard."""
    return np.asarray((np.floor(u) + np.floor(v)) % 2, np.float32)


def gingham(rng: Random, u: Floats, v: Floats) -> Floats:
    """Draw bands of dyed thread both ways, in three shades."""
    return np.asarray((np.floor(u) % 2 + np.floor(v) % 2) / 2, np.float32)


def plaid(rng: Random, u: Floats, v: Floats) -> Floats:
    """Draw bands of random shades, the same both ways. They repeat every eight."""
    bands = rng.uniform(0, 1, 8).astype(np.float32)
    return np.asarray(
        (bands[np.floor(u).astype(int) % 8] + bands[np.floor(v).astype(int) % 8]) / 2, np.float32
    )


def grid(rng: Random, u: Floats, v: Floats) -> Floats:
    """Draw lines both ways. Thin ones are squared paper, thick ones a mesh with square holes."""
    line = rng.uniform(0.05, 0.6)
    return np.asarray((u % 1 < line) | (v % 1 < line), np.float32)


def bricks(rng: Random, u: Floats, v: Floats) -> Floats:
    """Draw courses of stones of random shades, each shifted by half a stone."""
    joint, long = rng.uniform(0.05, 0.25), rng.uniform(1, 3)
    u = np.asarray(u / long + 0.5 * (np.floor(v) % 2), np.float32)
    shades = rng.uniform(0.3, 1, 997) if rng.random() < 0.5 else np.ones(997)
    stone = shades[(np.floor(u) * 31 + np.floor(v) * 57).astype(int) % 997]
    return np.asarray(np.where((v % 1 < joint) | (u % 1 < joint / long), 0, stone), np.float32)


def stripes(rng: Random, u: Floats, v: Floats) -> Floats:
    """Draw bands one way."""
    return np.asarray(u % 2 < rng.uniform(0.3, 1.7), np.float32)


def zigzag(rng: Random, u: Floats, v: Floats) -> Floats:
    """Draw herringbone, or diamonds where mirrored."""
    fold = np.abs(v % 2 - 1)
    if rng.random() < 0.5:
        return np.asarray((u + fold) % 2 < 1, np.float32)
    return np.asarray(np.abs(u % 2 - 1) + fold < rng.uniform(0.5, 1), np.float32)


def houndstooth(rng: Random, u: Floats, v: Floats) -> Floats:
    """Draw a two-up two-down twill. Four dark and four light threads run both ways."""
    x, y = np.floor(u * 2), np.floor(v * 2)
    return np.asarray(np.where((x + y) % 4 < 2, x % 8 < 4, y % 8 < 4), np.float32)


def quilt(rng: Random, u: Floats, v: Floats) -> Floats:
    """
    Draw diamonds stitched into plain cloth.

    Seams are dashed or not, with a slope down to each.
    """
    along, across = (u + v) / 2, (u - v) / 2
    to_seam = np.minimum(np.abs(along % 1 - 0.5), np.abs(across % 1 - 0.5))
    lit = np.sign(along % 1 - 0.5) * rng.uniform(-0.3, 0.3) + np.sign(
        across % 1 - 0.5
    ) * rng.uniform(-0.3, 0.3)
    stitch = (to_seam < rng.uniform(0.015, 0.06)) & (
        (u * rng.uniform(2, 8)) % 1 < rng.uniform(0.5, 1.2)
    )
    slope = np.exp(-to_seam / rng.uniform(0.03, 0.3))
    return np.asarray(np.clip(0.6 + lit * slope - 0.5 * stitch, 0, 1), np.float32)


def weave(rng: Random, u: Floats, v: Floats) -> Floats:
    """Draw threads over and under each other. Each is lighter along its middle."""
    gap, over = rng.uniform(0, 0.3), (np.floor(u) + np.floor(v)) % 2 < 1
    inside = np.where(over, u % 1, v % 1)
    profile = np.sin(np.pi * np.clip((inside - gap) / (1 - gap), 0, 1))
    return np.asarray(profile * np.where(over, 1, rng.uniform(0.3, 1)), np.float32)


def keys(rng: Random, u: Floats, v: Floats) -> Floats:
    """Draw tiles with gaps between and a lit upper edge. Each row is shifted further."""
    gap, edge = rng.uniform(0.08, 0.35), rng.uniform(0.03, 0.2)
    x, y = (u + np.floor(v) * rng.uniform(0, 0.5)) % 1, v % 1
    lit = np.where(y < gap + edge, 1.0, rng.uniform(0.5, 0.9))
    return np.asarray(np.where((x < gap) | (y < gap), 0, lit), np.float32)


def halftone(rng: Random, u: Floats, v: Floats) -> Floats:
    """Draw squares whose size follows a soft picture."""
    soft = smooth_noise(rng, *u.shape, rng.uniform(60, 400))
    half = np.clip(0.27 + 0.1 * soft, 0.06, 0.48)
    return np.asarray(np.maximum(np.abs(u % 1 - 0.5), np.abs(v % 1 - 0.5)) < half, np.float32)
