"""
Render photographed signs, number plates, headlines and ornaments.

Their letters are large, some nearly round, but none is to be found.
"""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from predictor.training.rendering.camera import Bytes, photograph
from predictor.training.rendering.negatives.lettering import (
    paint,
    write_headline,
    write_lines,
    write_plate,
)
from predictor.training.rendering.negatives.ornaments import draw_ornament
from predictor.training.rendering.textures import Floats, Random, colour, rgb, smooth_noise

SIDE_PX = 640
_PRINTED = 0.15
"""Share without any camera: two colours, as a scan or a logo has them."""
_ON_THE_WALL = 0.2
"""Share of letters without a board, painted or mounted on the wall."""


def render_sign(rng: Random, fonts: Sequence[Path], grounds: Sequence[Bytes]) -> Bytes:
    """
    Render boards of letters before a picture or a wall. The result is (640, 640, 3),
    deterministic from rng.

    Args:
        fonts: TrueType files to choose from. Without any, Pillow's own typeface is used.
        grounds: pictures to hang it before. Without any, the ground is a plain wall.
    """
    dice = rng.random()
    if dice < _PRINTED:
        paper, ink = _two_colours(rng)
        scene = np.tile(paper, (SIDE_PX, SIDE_PX, 1)).astype(np.float32)
        _write(rng, scene, ink, fonts)
        return np.asarray(np.clip(scene, 0, 255), np.uint8)
    scene = _wall(rng, grounds)
    if dice < _PRINTED + _ON_THE_WALL:
        _write(rng, scene, _two_colours(rng)[1], fonts)
    else:
        for _ in range(1 + int(rng.random() < 0.35)):
            _hang(rng, scene, _board(rng, fonts))
    return photograph(rng, scene)


def _wall(rng: Random, grounds: Sequence[Bytes]) -> Floats:
    if grounds and rng.random() < 0.7:
        picture = grounds[rng.integers(len(grounds))]
        return np.asarray(
            cv2.resize(picture, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA), np.float32
        )
    noise = smooth_noise(rng, SIDE_PX, SIDE_PX, rng.uniform(3, 200))
    return np.asarray(colour(rng) + noise[..., None] * rng.uniform(0, 14), np.float32)


def _two_colours(rng: Random) -> tuple[Floats, Floats]:
    """Return the colours of a board and of its letters, which contrast."""
    ground = colour(rng)
    ink = colour(rng) * 0.4 + (rng.uniform(150, 180) if ground.mean() < 110 else -10)
    return ground, np.asarray(np.clip(ink, 0, 255), np.float32)


def _board(rng: Random, fonts: Sequence[Path]) -> Floats:
    """Draw letters on one colour, (height, width, 3), often with a border."""
    height, width = (int(SIDE_PX * rng.uniform(*share)) for share in ((0.15, 0.9), (0.35, 1.0)))
    ground, ink = _two_colours(rng)
    board = np.tile(ground, (height, width, 1)).astype(np.float32)
    if rng.random() < 0.4:
        inset = int(rng.uniform(2, 20))
        corners = (inset, inset), (width - inset, height - inset)
        cv2.rectangle(board, *corners, rgb(ink), int(rng.integers(1, 8)))
    _write(rng, board, ink, fonts)
    return board


def _write(rng: Random, board: Floats, ink: Floats, fonts: Sequence[Path]) -> None:
    """Put lines of words, one large word, a number plate or an ornament onto a board."""
    shape, dice = (board.shape[0], board.shape[1]), rng.random()
    size_px = float(np.exp(rng.uniform(np.log(14), np.log(min(240.0, shape[1] * 0.9)))))
    if dice < 0.45:
        mask = write_lines(rng, shape, size_px, fonts)
    elif dice < 0.75:
        mask, size_px = write_headline(rng, shape, fonts)
    elif dice < 0.87:
        mask, size_px = write_plate(rng, shape, fonts)
    else:
        mask = draw_ornament(rng, shape)
    paint(rng, board, mask, ink, size_px)
    if rng.random() < 0.15:
        paint(rng, board, draw_ornament(rng, shape), ink, size_px)


def _hang(rng: Random, scene: Floats, board: Floats) -> None:
    """Put the board into the scene as a tilted camera sees it. It has its own shade."""
    height, width = board.shape[:2]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    scale, slant = float(rng.uniform(0.35, 1.0)), float(rng.choice([0.02, 0.05, 0.1]))
    middle = np.array([width, height]) * scale / 2
    shift = rng.uniform(-0.2, 0.2, 2) * SIDE_PX + SIDE_PX / 2 - middle
    bent = corners * scale + shift
    bent = bent + rng.normal(size=(4, 2)) * np.hypot(width, height) * scale * slant
    matrix = cv2.getPerspectiveTransform(corners, bent.astype(np.float32))
    seen = cv2.warpPerspective(board, matrix, (SIDE_PX, SIDE_PX), flags=cv2.INTER_AREA)
    mask = cv2.warpPerspective(np.ones((height, width), np.float32), matrix, (SIDE_PX, SIDE_PX))
    scene += (seen * rng.uniform(0.6, 1.1) - scene) * mask[..., None]
