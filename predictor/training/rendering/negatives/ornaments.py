"""
Draw ornaments as signs, gates, carpets and old books have them.

Scrolls, lobes, leaves and borders are bent like parts of circles, but none is one.
"""

from collections.abc import Callable

import cv2
import numpy as np

from predictor.training.rendering.textures import Floats, Random


def draw_ornament(rng: Random, shape: tuple[int, int]) -> Floats:
    """Return where an ornament of a shape (height, width) is, 0..1."""
    mask = np.zeros(shape, np.uint8)
    maker = MAKERS[rng.integers(len(MAKERS))]
    size = float(np.exp(rng.uniform(np.log(12), np.log(max(24.0, min(shape) * 0.45)))))
    if rng.random() < 0.5:
        _along_a_row(rng, mask, maker, size)
    else:
        for _ in range(int(rng.integers(1, 9))):
            at = rng.uniform(0, 1, 2) * shape[::-1]
            maker(rng, mask, at, size * rng.uniform(0.7, 1.3), rng.uniform(0, 2 * np.pi))
    return mask.astype(np.float32) / 255


Maker = Callable[[Random, Floats, Floats, float, float], None]


def _along_a_row(rng: Random, mask: Floats, maker: Maker, size: float) -> None:
    """Repeat one ornament along a row, every second one mirrored or turned."""
    seed, y = int(rng.integers(1 << 31)), rng.uniform(0.1, 0.9) * mask.shape[0]
    turn, other = rng.uniform(0, 2 * np.pi), float(rng.choice([0.0, np.pi]))
    for number, x in enumerate(np.arange(0, mask.shape[1] + size, size * rng.uniform(1.6, 3))):
        here = np.array([x, y])
        maker(np.random.default_rng(seed), mask, here, size, turn + other * (number % 2))


def _stroke(mask: Floats, points: Floats, width_px: float) -> None:
    cv2.polylines(
        mask,
        [np.round(points * 16).astype(np.int32)],
        False,
        255,
        max(1, round(width_px)),
        cv2.LINE_AA,
        4,
    )


def _fill(mask: Floats, points: Floats) -> None:
    cv2.fillPoly(mask, [np.round(points * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)


def _polar(radii: Floats, angles: Floats, at: Floats, turn: float) -> Floats:
    return np.stack([np.cos(angles + turn), np.sin(angles + turn)], 1) * radii[:, None] + at


def scroll(rng: Random, mask: Floats, at: Floats, size: float, turn: float) -> None:
    """Draw a spiral that runs out into a stem, or two of them as an S."""
    angles = np.linspace(0, rng.uniform(3.5, 6) * np.pi, 90)
    radii = size * np.exp((angles - angles[-1]) * rng.uniform(0.12, 0.25))
    width = size * rng.uniform(0.04, 0.12)
    _stroke(mask, _polar(radii, angles, at, turn), width)
    if rng.random() < 0.5:
        end = _polar(radii, angles, at, turn)[-1]
        _stroke(mask, 2 * end - _polar(radii, angles, at, turn), width)


def lobes(rng: Random, mask: Floats, at: Floats, size: float, turn: float) -> None:
    """Draw a clover, a rosette or a tracery of three to six lobes, filled or as a line."""
    angles, count = np.linspace(0, 2 * np.pi, 160), int(rng.integers(3, 7))
    wave = np.abs(np.cos(count * angles / 2)) ** rng.uniform(0.4, 1.5)
    outline = _polar(size * (1 - rng.uniform(0.45, 0.75) * (1 - wave)), angles, at, turn)
    if rng.random() < 0.5:
        _fill(mask, outline)
    else:
        _stroke(mask, outline, size * rng.uniform(0.04, 0.2))


def leaf(rng: Random, mask: Floats, at: Floats, size: float, turn: float) -> None:
    """Draw a fan of pointed leaves on a common stem."""
    slim = rng.uniform(0.2, 0.5)
    for angle in np.linspace(-1, 1, int(rng.integers(1, 6))) * rng.uniform(0.4, 1.4):
        along = np.linspace(0, np.pi, 24)
        x, y = (1 - np.cos(along)) / 2 * size, np.sin(along) * size * slim / 2
        blade = np.concatenate([np.stack([x, y], 1), np.stack([x, -y], 1)[::-1]])
        c, s = np.cos(turn + angle), np.sin(turn + angle)
        _fill(mask, blade @ np.array([[c, s], [-s, c]]) + at)


def arcs(rng: Random, mask: Floats, at: Floats, size: float, turn: float) -> None:
    """Draw scallops, waves or horseshoes: arcs that never close."""
    opening = rng.uniform(0.5, 1.5) * np.pi
    angles = np.linspace(0, 2 * np.pi - opening, 60)
    for share in np.linspace(1, 0.5, int(rng.integers(1, 4))):
        _stroke(
            mask, _polar(np.full(60, size * share), angles, at, turn), size * rng.uniform(0.04, 0.2)
        )


MAKERS: tuple[Maker, ...] = (scroll, scroll, lobes, leaf, arcs)
