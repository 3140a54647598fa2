"""
Measure centre and size of round things on the picture.

The true edge is searched near a box's ellipse.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from predictor.detector import Pixels
from predictor.network.decoding import Boxes

Floats = NDArray[np.float32]

_RAYS = 48
_STEPS = 25
_REACH = 0.15
"""Rays run from 1 - _REACH to 1 + _REACH of the ellipse's radius."""
_LEAST_DIAMETER_PX = 16.0
"""Smaller things have too few pixels across the rim to measure better than the network."""
_MOST = 200
"""Limit of the boxes of one picture that are refined, which bounds the time."""
_SIDE = slice(3, 9)
"""The steps of a ray that count as inside. As many from the other end count as outside."""
_ANGLES = np.arange(_RAYS, dtype=np.float32) * np.float32(2 * np.pi / _RAYS)
_RADII = np.linspace(1 - _REACH, 1 + _REACH, _STEPS, dtype=np.float32)
_DIRECTIONS = np.stack([np.cos(_ANGLES), np.sin(_ANGLES)])
_SHAPES = np.stack([*_DIRECTIONS, np.cos(_ANGLES) ** 2, np.sin(_ANGLES) ** 2], 1)
"""
How the rim moves along each ray, in first order, per unit of x, y, half width and half height.
"""


@dataclass(frozen=True, slots=True)
class Rim:
    """
    How much the edges around n boxes look like the rim of one thing. Each has shape (n,).

    agreement: share of the rays whose edge is within 3 % of the radius of one ellipse.
    polarity: 1 where the inside is darker than the outside on every ray, or lighter on every
    ray; down to 0.
    contrast: median difference of inside and outside, in grey levels.
    """

    agreement: Floats
    polarity: Floats
    contrast: Floats


def measure(pixels: Pixels, values: Floats) -> Rim:
    """Measure the rims of boxes, (n, 4), in px of the picture."""
    profiles = _profiles(pixels, values)
    edges = _edges(profiles)
    shifts, _ = _fit(edges)
    levels = profiles.mean(3)
    step = levels[:, :, -_SIDE.stop : -_SIDE.start].mean(2) - levels[:, :, _SIDE].mean(2)
    polarity = np.abs(step.mean(1)) / (np.abs(step).mean(1) + 1e-6)
    return Rim(
        _agreement(edges[0], shifts), np.asarray(polarity, np.float32), np.median(np.abs(step), 1)
    )


def refine(pixels: Pixels, boxes: Boxes) -> Boxes:
    """
    Move each box to the edge that most rays of its ellipse agree on. A box whose rays disagree
    stays as it is.

    Args:
        pixels: the picture that boxes are in px of.
    """
    values = boxes.values.copy()
    large = np.flatnonzero(values[:, 2:].min(1) >= _LEAST_DIAMETER_PX)[:_MOST]
    if len(large):
        shifts, trust = _fit(_edges(_profiles(pixels, values[large])))
        half = values[large, 2:] / 2
        moved = np.hstack(
            [values[large, :2] + shifts[:, :2] * half, 2 * half * (1 + shifts[:, 2:])]
        )
        values[large[trust]] = moved[trust]
    return Boxes(values, boxes.scores)


def _profiles(pixels: Pixels, values: Floats) -> Floats:
    """
    Return the picture's colours along each ray of each ellipse.

    The shape is (n, rays, steps, 3), averaged across about a step.
    """
    half = values[:, 2:] / 2
    points = [
        values[:, axis, None, None]
        + half[:, axis, None, None] * _DIRECTIONS[axis][None, :, None] * _RADII
        for axis in (0, 1)
    ]
    x, y = (
        np.clip(p - 0.5, 0, limit - 1.001)
        for p, limit in zip(points, (pixels.shape[1], pixels.shape[0]), strict=True)
    )
    return _bilinear(pixels, np.maximum(x, 0), np.maximum(y, 0))


def _bilinear(pixels: Pixels, x: Floats, y: Floats) -> Floats:
    left, top = x.astype(np.intp), y.astype(np.intp)
    right, below = (
        np.minimum(left + 1, pixels.shape[1] - 1),
        np.minimum(top + 1, pixels.shape[0] - 1),
    )
    fx, fy = ((x - left)[..., None].astype(np.float32), (y - top)[..., None].astype(np.float32))
    upper = pixels[top, left] * (1 - fx) + pixels[top, right] * fx
    lower = pixels[below, left] * (1 - fx) + pixels[below, right] * fx
    return np.asarray(upper * (1 - fy) + lower * fy, np.float32)


def _edges(profiles: Floats) -> tuple[Floats, Floats]:
    """
    Return where each ray crosses the rim, and how strongly, both (n, rays).

    The place is a share of the radius from the ellipse.
    """
    step = np.abs(profiles[:, :, 2:] - profiles[:, :, :-2]).sum(3)
    middle = _RADII[1:-1] - 1
    weighted = step * np.exp(-((middle / (0.6 * _REACH)) ** 2))  # prefers the nearer of two edges
    peak = weighted.argmax(2)
    strength = np.take_along_axis(step, peak[..., None], 2)[..., 0]
    return middle[peak], np.asarray(strength, np.float32)


def _fit(edges: tuple[Floats, Floats]) -> tuple[Floats, NDArray[np.bool_]]:
    """
    Fit shifts of middle and half sizes, (n, 4), to the rays' edges.

    The method is reweighted least squares (Tukey's idea: rays far off count little). Also
    return whether enough rays agree.
    """
    offsets, strength = edges
    weights = strength / (strength.mean(1, keepdims=True) + 1e-6)
    weights = np.minimum(weights, 2.0)
    shift = np.zeros((len(offsets), 4), np.float32)
    shift[:, 2:] = np.median(offsets, 1)[:, None]
    for _ in range(4):
        residual = offsets - shift @ _SHAPES.T
        near = weights / (1 + (residual / 0.02) ** 2) ** 2
        normal = np.einsum("nr,ri,rj->nij", near, _SHAPES, _SHAPES) + 1e-3 * np.eye(4)
        shift = np.linalg.solve(normal, np.einsum("nr,ri->ni", near * offsets, _SHAPES)[..., None])[
            ..., 0
        ].astype(np.float32)
    return shift, np.asarray((_agreement(offsets, shift) > 0.6) & (np.abs(shift).max(1) < _REACH))


def _agreement(offsets: Floats, shift: Floats) -> Floats:
    return np.asarray((np.abs(offsets - shift @ _SHAPES.T) < 0.03).mean(1), np.float32)
