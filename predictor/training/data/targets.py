"""Turn the boxes of a picture into the network's targets, cell by cell."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from predictor.training.circle_net import SIZE_UNIT_PX, STRIDE_PX

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Targets:
    """
    One picture's targets on the grid of cells, all float32.

    heat: (cells, cells), 1 at a centre, falling off as a Gaussian.
    box: (4, cells, cells), log width, log height, offset x, offset y as CircleNet gives them.
    weight: (cells, cells), how much the box counts there, 0..1.
    judged: (cells, cells), 0 inside ignore regions, where a centre is neither right nor wrong.
    """

    heat: Floats
    box: Floats
    weight: Floats
    judged: Floats


def build_targets(boxes: Floats, ignored: Floats, side_px: int) -> Targets:
    """
    Build the targets of one picture.

    Args:
        boxes: shape (n, 4), centre x, centre y, width, height in px.
        ignored: shape (m, 4), the same for ignore regions.
        side_px: side of the square picture, a multiple of STRIDE_PX.
    """
    cells = side_px // STRIDE_PX
    grid = Targets(
        _zeros(cells), np.zeros((4, cells, cells), np.float32), _zeros(cells), _zeros(cells) + 1
    )
    for x, y, w, h in ignored / STRIDE_PX:
        top, left = max(0, int(y - h / 2)), max(0, int(x - w / 2))
        grid.judged[top : int(np.ceil(y + h / 2)), left : int(np.ceil(x + w / 2))] = 0
    for box in boxes[np.argsort(-boxes[:, 2] * boxes[:, 3])]:
        _add(grid, box, cells)
    return grid


def _zeros(cells: int) -> Floats:
    return np.zeros((cells, cells), np.float32)


def _add(grid: Targets, box: Floats, cells: int) -> None:
    """Draw one circle's Gaussian. Its sigma is 0.16 radius, between 0.8 and 4 cells."""
    x, y, w, h = (float(v) for v in box / STRIDE_PX)
    column, row = int(x), int(y)
    if not (0 <= column < cells and 0 <= row < cells and x >= 0 and y >= 0):
        return
    sigma = float(np.clip((w + h) / 4 * 0.16, 0.8, 4))
    reach = int(3 * sigma) + 1
    rows, columns = (slice(max(0, v - reach), min(cells, v + reach + 1)) for v in (row, column))
    ys, xs = np.mgrid[rows, columns].astype(np.float32)
    bump = np.exp(-((xs - column) ** 2 + (ys - row) ** 2) / (2 * sigma * sigma)).astype(np.float32)
    np.maximum(grid.heat[rows, columns], bump, out=grid.heat[rows, columns])
    grid.heat[row, column], grid.judged[row, column] = 1, 1
    mine = (bump > 0.4) & (bump >= grid.weight[rows, columns])
    grid.weight[rows, columns][mine] = bump[mine]
    values = (
        np.log(box[2] / SIZE_UNIT_PX),
        np.log(box[3] / SIZE_UNIT_PX),
        x - 0.5 - xs,
        y - 0.5 - ys,
    )
    for channel, value in enumerate(values):
        grid.box[channel][rows, columns][mine] = np.broadcast_to(value, bump.shape)[mine]
