"""
Render photographed signs and labels.

Their letters are large, some nearly round, but none is to be found.
"""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from predictor.training.rendering.camera import Bytes, photograph
from predictor.training.rendering.textures import Floats, Random, colour, letters, rgb, smooth_noise

SIDE_PX = 640
_CAPITALS = "OOOCCQGDSBPRUAEHIKLMNTXYZ0689345&@"
_SMALL = "oooeeeccaadbpqgsurnmthliky"


def render_sign(rng: Random, fonts: Sequence[Path], grounds: Sequence[Bytes]) -> Bytes:
    """
    Render a board of letters before a picture or a wall. The result is (640, 640, 3),
    deterministic from rng.

    Args:
        fonts: TrueType files to choose from. Without any, Pillow's own typeface is used.
        grounds: pictures to hang it before. Without any, the ground is a plain wall.
    """
    scene = _wall(rng, grounds)
    for _ in range(1 + int(rng.random() < 0.25)):
        board = _board(rng, fonts)
        _hang(rng, scene, board)
    return photograph(rng, scene)


def _wall(rng: Random, grounds: Sequence[Bytes]) -> Floats:
    if grounds and rng.random() < 0.7:
        picture = grounds[rng.integers(len(grounds))]
        return np.asarray(
            cv2.resize(picture, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA), np.float32
        )
    noise = smooth_noise(rng, SIDE_PX, SIDE_PX, rng.uniform(3, 200))
    return np.asarray(colour(rng) + noise[..., None] * rng.uniform(0, 14), np.float32)


def _board(rng: Random, fonts: Sequence[Path]) -> Floats:
    """Draw letters on one colour, (height, width, 3), often with a border."""
    height, width = (int(SIDE_PX * rng.uniform(*share)) for share in ((0.15, 0.9), (0.35, 1.0)))
    ground = colour(rng)
    ink = colour(rng) * 0.4 + (rng.uniform(150, 180) if ground.mean() < 110 else -10)
    image = Image.new("RGB", (width, height), rgb(ground))
    pen = ImageDraw.Draw(image)
    if rng.random() < 0.4:
        inset = int(rng.uniform(2, 20))
        pen.rectangle(
            (inset, inset, width - inset, height - inset),
            outline=rgb(ink),
            width=int(rng.integers(1, 8)),
        )
    _letter(rng, pen, rgb(ink), (width, height), fonts)
    return np.asarray(image, np.float32)


def _letter(
    rng: Random,
    pen: ImageDraw.ImageDraw,
    ink: tuple[int, int, int],
    board: tuple[int, int],
    fonts: Sequence[Path],
) -> None:
    size = float(np.exp(rng.uniform(np.log(14), np.log(min(240.0, board[1] * 0.9)))))
    font = (
        ImageFont.truetype(fonts[rng.integers(len(fonts))], size)
        if fonts
        else ImageFont.load_default(size)
    )
    bold = int(size * rng.choice([0, 0, 0.02, 0.05]))
    for y in np.arange(
        size * rng.uniform(0.05, 0.4), board[1] - size * 0.5, size * rng.uniform(1.0, 1.6)
    ):
        words = (_word(rng) for _ in range(int(rng.integers(1, 5))))
        pen.text((rng.uniform(0, size), y), " ".join(words), ink, font, stroke_width=bold)


def _word(rng: Random) -> str:
    length, dice = int(rng.integers(1, 10)), rng.random()
    if dice < 0.5:
        return letters(rng, length, _CAPITALS)
    return letters(rng, int(dice < 0.8), _CAPITALS) + letters(rng, length, _SMALL)


def _hang(rng: Random, scene: Floats, board: Floats) -> None:
    """Put the board into the scene as a tilted camera sees it. It has its own shade."""
    height, width = board.shape[:2]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    shift = rng.uniform(-0.1, 0.1, 2) * SIDE_PX + (SIDE_PX - np.array([width, height])) / 2
    bent = (
        corners
        + shift.astype(np.float32)
        + rng.normal(size=(4, 2)).astype(np.float32) * SIDE_PX * 0.04
    )
    matrix = cv2.getPerspectiveTransform(corners, bent)
    seen = cv2.warpPerspective(board, matrix, (SIDE_PX, SIDE_PX), flags=cv2.INTER_AREA)
    mask = cv2.warpPerspective(np.ones((height, width), np.float32), matrix, (SIDE_PX, SIDE_PX))[
        ..., None
    ]
    scene += (seen * rng.uniform(0.6, 1.1) - scene) * mask
