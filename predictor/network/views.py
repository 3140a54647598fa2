"""What the network gets to see of a picture: the whole of it, small, and parts of it at finer scales."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from predictor.detector import Pixels

SIDE_PX = 512
"""The longer side of the first look."""
TILE_PX = 640
"""The longest side of a tile in finer looks."""
OVERLAP_PX = 128
"""Neighbouring tiles share so much, so that what one cuts the other has whole, if it is no larger."""
INPUT_MULTIPLE_PX = 64
MOST_TILES = 24
"""Of one level: what bounds the time of the largest pictures."""
GREY = 127
_STRIP_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class View:
    """
    A part of the picture shown to the network: left, top, width, height in px of the picture; scale is px of the
    view per px of the picture.
    """

    left: int
    top: int
    width: int
    height: int
    scale: float

    def cuts(self, boxes: NDArray[np.float32], picture: tuple[int, int]) -> NDArray[np.bool_]:
        """
        Tell which boxes, (n, 4) middle x, y, width, height in px of the picture, reach over an edge of the view
        that is not an edge of the picture too.

        Args:
            picture: its width and height.
        """
        low, high = boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, :2] + boxes[:, 2:] / 2
        begin = np.array([self.left or -np.inf, self.top or -np.inf])
        end = np.array([self.left + self.width, self.top + self.height], np.float64)
        end[end >= picture] = np.inf
        return np.asarray(((low < begin) | (high > end)).any(1))


def whole(width: int, height: int, scale: float) -> View:
    """The whole picture at a scale."""
    return View(0, 0, width, height, scale)


def tiles(width: int, height: int, scale: float) -> list[View]:
    """The picture at a scale in overlapping parts of at most TILE_PX a side."""
    rows, columns = (_spans(length, scale) for length in (height, width))
    return [View(left, top, w, h, scale) for top, h in rows for left, w in columns]


def _spans(length: int, scale: float) -> list[tuple[int, int]]:
    """Equal parts (begin, length) of one axis, in px of the picture."""
    if length * scale <= TILE_PX:
        return [(0, length)]
    overlap = OVERLAP_PX / scale
    count = int(np.ceil((length - overlap) / (TILE_PX / scale - overlap)))
    part = int(np.ceil((length + (count - 1) * overlap) / count))
    return [(round(begin), part) for begin in np.linspace(0, length - part, count)]


def affordable_scale(width: int, height: int, scale: float) -> float:
    """The scale, or the largest below it at which the picture has at most MOST_TILES tiles."""
    while len(tiles(width, height, scale)) > MOST_TILES:
        scale *= 0.9
    return scale


def show(pixels: Pixels, view: View) -> tuple[Pixels, tuple[float, float]]:
    """
    Cut and scale what the view shows, on grey that fills both sides up to multiples of INPUT_MULTIPLE_PX.

    Returns:
        Pixels for the network, and the true scales along x and y after rounding to whole pixels.
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
    The part as a Pillow image, shrunk by a whole number where it is far larger than size.

    Pillow takes four bytes a pixel; strip by strip, a large picture never exists in full a second time.
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
