"""
Choose what the network sees of a picture.

It is the whole, made small, and parts at finer scales.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from predictor.detector import Pixels

SIDE_PX = 512
"""The longer side of the first look."""
TILE_PX = 512
"""
The longest side of a tile in finer looks. Training showed nothing larger, and a small thing alone
in a larger view is believed less.
"""
OVERLAP_PX = 128
"""
Overlap of adjacent tiles. A thing cut by one tile is whole in the other, if it is not larger.
"""
INPUT_MULTIPLE_PX = 64
MOST_TILES = 24
"""Limit of one level's tiles, which bounds the time of the largest pictures."""
GREY = 127


@dataclass(frozen=True, slots=True)
class View:
    """
    A part of the picture shown to the network.

    The left, top, width and height are in px of the picture. The scale is px of the view per px
    of the picture.
    """

    left: int
    top: int
    width: int
    height: int
    scale: float

    def cuts(self, boxes: NDArray[np.float32], picture: tuple[int, int]) -> NDArray[np.bool_]:
        """
        Tell which boxes reach over an inner edge of the view. The boxes are (n, 4) middle x, y,
        width, height in px of the picture. An edge that is also the picture's does not count.

        Args:
            picture: its width and height.
        """
        low, high = boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, :2] + boxes[:, 2:] / 2
        begin = np.array([self.left or -np.inf, self.top or -np.inf])
        end = np.array([self.left + self.width, self.top + self.height], np.float64)
        end[end >= picture] = np.inf
        return np.asarray(((low < begin) | (high > end)).any(1))


def whole(width: int, height: int, scale: float) -> View:
    """Return the whole picture at a scale."""
    return View(0, 0, width, height, scale)


def tiles(width: int, height: int, scale: float) -> list[View]:
    """Cut the picture at a scale into overlapping parts of at most TILE_PX a side."""
    rows, columns = (_spans(length, scale) for length in (height, width))
    return [View(left, top, w, h, scale) for top, h in rows for left, w in columns]


def _spans(length: int, scale: float) -> list[tuple[int, int]]:
    """Return equal parts (begin, length) of one axis, in px of the picture."""
    if length * scale <= TILE_PX:
        return [(0, length)]
    overlap = OVERLAP_PX / scale
    count = int(np.ceil((length - overlap) / (TILE_PX / scale - overlap)))
    part = int(np.ceil((length + (count - 1) * overlap) / count))
    return [(round(begin), part) for begin in np.linspace(0, length - part, count)]


def affordable_scale(width: int, height: int, scale: float) -> float:
    """
    Limit a scale so that the picture has at most MOST_TILES tiles.

    A larger scale is lowered in steps of 10 %.
    """
    while len(tiles(width, height, scale)) > MOST_TILES:
        scale *= 0.9
    return scale


def show(pixels: Pixels, view: View) -> tuple[Pixels, tuple[float, float]]:
    """
    Cut and scale what the view shows. Grey fills both sides up to multiples of
    INPUT_MULTIPLE_PX.

    Returns:
        Pixels for the network, and the true scales along x and y after rounding to whole
            pixels.
    """
    small = resized(pixels, view)
    height, width, _ = small.shape
    rows, columns = (-(-side // INPUT_MULTIPLE_PX) * INPUT_MULTIPLE_PX for side in (height, width))
    canvas = np.full((rows, columns, 3), GREY, np.uint8)
    canvas[:height, :width] = small
    return canvas, (width / view.width, height / view.height)


def resized(pixels: Pixels, view: View) -> Pixels:
    """Cut and scale what the view shows. Each pixel is the mean of the area that it shows."""
    part = pixels[view.top : view.top + view.height, view.left : view.left + view.width]
    size = (max(1, round(view.width * view.scale)), max(1, round(view.height * view.scale)))
    # INTER_AREA enlarges by repeating pixels
    method = cv2.INTER_AREA if view.scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(part, size, interpolation=method), np.uint8)
