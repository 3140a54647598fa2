"""
Choose what the network sees of a picture.

It is the whole, made small, and parts at finer scales.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

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
_STRIP_BYTES = 4 * 1024 * 1024


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
    part = pixels[view.top : view.top + view.height, view.left : view.left + view.width]
    size = (max(1, round(view.width * view.scale)), max(1, round(view.height * view.scale)))
    small = np.asarray(_coarse(part, size).resize(size, Image.Resampling.BILINEAR))
    padded = [-(-side // INPUT_MULTIPLE_PX) * INPUT_MULTIPLE_PX for side in size]
    canvas = np.full((padded[1], padded[0], 3), GREY, np.uint8)
    canvas[: size[1], : size[0]] = small
    return canvas, (size[0] / view.width, size[1] / view.height)


def _coarse(part: Pixels, size: tuple[int, int]) -> Image.Image:
    """
    Return the part as a Pillow image. It is shrunk by a whole number where it is far larger
    than size.

    Pillow takes four bytes a pixel. Processed in strips, a large picture never exists in full a
    second time.
    """
    factor = min(part.shape[1] // (2 * size[0]), part.shape[0] // (2 * size[1]))
    if factor < 2:
        return Image.fromarray(np.ascontiguousarray(part))
    return Image.fromarray(np.concatenate(list(_reduced_strips(part, factor))))


def _reduced_strips(part: Pixels, factor: int) -> Iterator[Pixels]:
    rows = max(1, _STRIP_BYTES // (part.shape[1] * 3 * factor)) * factor
    for top in range(0, part.shape[0], rows):
        strip = Image.fromarray(np.ascontiguousarray(part[top : top + rows]))
        yield np.asarray(strip.reduce((factor, min(factor, strip.height))))
