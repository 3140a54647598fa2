"""Lay a disc into a picture, turned, tilted and with its shadow."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from predictor.training.rendering import recipe
from predictor.training.rendering.discs.grid import Disc
from predictor.training.rendering.layout import UNEVEN, Layout
from predictor.training.rendering.textures import Floats, Random


@dataclass(frozen=True, slots=True)
class Printed:
    """
    The place where a disc was laid into a picture.

    box: centre x, y, width, height in px.
    mask: (height, width), 0..1. Its upper left pixel is at (left, top) of the picture, which
    may be outside.
    adds: whether the disc is transparent.
    """

    box: tuple[float, float, float, float]
    mask: Floats
    left: int
    top: int
    adds: bool

    def cut(self, shape: tuple[int, ...]) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
        """
        Return the rows and columns that a picture of this shape shows.

        They are given in the picture and in the mask.
        """
        return _overlap(self.mask.shape, (self.left, self.top), shape)


def draw_disc(
    rng: Random, canvas: Floats, disc: Disc, layout: Layout, place: tuple[float, float, float]
) -> Printed:
    """Print the disc, turned and tilted, with its shadow, into canvas."""
    x, y, radius = place
    if layout.kind in UNEVEN and not layout.mixed:  # each disc has its own ellipse
        layout.tilt = float(np.clip(1 - abs(rng.normal()) * recipe.WOBBLE, 0.65, 1))
        layout.tilt_turn = float(rng.uniform(0, np.pi))
    c, s = np.cos(layout.tilt_turn), np.sin(layout.tilt_turn)
    half_w, half_h = radius * np.hypot(c, layout.tilt * s), radius * np.hypot(s, layout.tilt * c)
    left, top = int(np.floor(x - half_w)) - 1, int(np.floor(y - half_h)) - 1
    width, height = int(2 * half_w) + 4, int(2 * half_h) + 4
    turn = layout.tilt_turn
    shape = (
        _turn(turn) @ np.diag([1.0, layout.tilt]) @ _turn(-turn) @ _turn(rng.uniform(0, 2 * np.pi))
    )
    disc = _shrunk(disc, 2 * radius)
    side = disc.mask.shape[0]
    linear = shape * (2 * radius / side)
    middle = np.array([x - left - 0.5, y - top - 0.5])
    matrix = np.hstack([linear, (middle - linear @ np.full(2, (side - 1) / 2))[:, None]])
    texture = cv2.warpAffine(
        disc.texture,
        matrix,
        (width, height),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    mask = (
        cv2.warpAffine(disc.mask, matrix, (width, height), flags=cv2.INTER_LINEAR) * layout.opacity
    )
    if layout.shadow[2] and not disc.adds:
        _shade(canvas, layout, place, max(1.0, radius * 0.12))
    _print(canvas, texture, mask, disc.adds, left, top)
    return Printed(
        (x, y, 2 * half_w, 2 * half_h), np.asarray(mask, np.float32), left, top, disc.adds
    )


def _turn(angle: float) -> NDArray[np.float64]:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, -s], [s, c]])


def _shrunk(disc: Disc, side: float) -> Disc:
    """Shrink the disc to fewer pixels where it would alias otherwise."""
    if disc.mask.shape[0] < 1.4 * side:
        return disc
    size = (max(5, round(side)),) * 2
    texture = cv2.resize(disc.texture, size, interpolation=cv2.INTER_AREA)
    return Disc(
        np.asarray(texture, np.float32),
        np.asarray(cv2.resize(disc.mask, size, interpolation=cv2.INTER_AREA), np.float32),
        disc.adds,
    )


def _shade(
    canvas: Floats, layout: Layout, place: tuple[float, float, float], blur_px: float
) -> None:
    x, y, radius = place
    dx, dy, depth = layout.shadow
    reach = int(radius * 1.15 + 3 * blur_px) + 2
    left, top = int(x + dx * radius) - reach, int(y + dy * radius) - reach
    mask = np.zeros((2 * reach, 2 * reach), np.float32)
    axes = (max(1, int(radius * 1.02)), max(1, int(radius * 1.02 * layout.tilt)))
    cv2.ellipse(
        mask, (reach, reach), axes, np.degrees(layout.tilt_turn), 0, 360, depth, -1, cv2.LINE_AA
    )
    mask = cv2.GaussianBlur(mask, (0, 0), blur_px)
    _print(
        canvas,
        np.zeros((2 * reach, 2 * reach, 3), np.float32),
        np.asarray(mask, np.float32),
        False,
        left,
        top,
    )


def _print(canvas: Floats, texture: Floats, mask: Floats, adds: bool, left: int, top: int) -> None:
    """
    Lay a patch over the canvas, cut at its border.

    The patch's upper left pixel is at (left, top).
    """
    outer, inner = _overlap(mask.shape, (left, top), canvas.shape)
    here, paint, share = canvas[outer], texture[inner], mask[inner][..., None]
    here += paint * share if adds else (paint - here) * share


def _overlap(
    patch: tuple[int, ...], corner: tuple[int, int], canvas: tuple[int, ...]
) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """
    Return where a patch and a canvas overlap.

    Slices in the canvas and in the patch are returned; they are empty without overlap.
    """
    spans = []
    for begin, length, limit in zip(reversed(corner), patch, canvas, strict=False):
        start = min(max(0, begin), limit)
        spans.append(slice(start, max(start, min(limit, begin + length))))
    rows, columns = spans
    left, top = corner
    inner = (
        slice(rows.start - top, rows.stop - top),
        slice(columns.start - left, columns.stop - left),
    )
    return (rows, columns), inner
