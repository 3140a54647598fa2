"""
Render photographed pages of print.

Thousands of letters look like rings, but none is to be found.
"""

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from predictor.training.rendering.camera import Bytes, photograph
from predictor.training.rendering.textures import Random, colour, letters, rgb, smooth_noise

SIDE_PX = 640
_LETTERS = "eeeeaaaaoooooiiinnntttrrrsssdhlucmfpgwybvkxjqzOQCDG0689.,:"


def render_page(rng: Random) -> Bytes:
    """
    Render a page, a label or a ruled table of figures.

    The picture is (640, 640, 3), deterministic from rng.
    """
    paper = colour(rng) * 0.25 + rng.uniform(60, 235)
    ink = (
        colour(rng) * rng.uniform(0, 0.45)
        if paper.mean() > 120 or rng.random() < 0.3
        else colour(rng) * 0.3 + 175
    )
    image = Image.new("RGB", (SIDE_PX, SIDE_PX), rgb(paper))
    size = float(np.exp(rng.uniform(np.log(9), np.log(46))))
    if rng.random() < 0.65:
        _print_lines(rng, ImageDraw.Draw(image), size, rgb(ink))
    else:
        _print_table(rng, ImageDraw.Draw(image), size, rgb(ink))
    picture = np.asarray(image, np.float32)
    picture = picture + smooth_noise(rng, SIDE_PX, SIDE_PX, rng.uniform(30, 200))[
        ..., None
    ] * rng.uniform(0, 14)
    return photograph(rng, np.asarray(_seen_aslant(rng, picture), np.float32))


def _print_lines(
    rng: Random, pen: ImageDraw.ImageDraw, size: float, ink: tuple[int, int, int]
) -> None:
    font, step = ImageFont.load_default(size), size * rng.uniform(1.15, 1.9)
    left, bold = rng.uniform(-20, 60), int(rng.random() < 0.3)
    for y in np.arange(rng.uniform(-10, 60), SIDE_PX, step):
        words = (
            letters(rng, int(rng.integers(1, 10)), _LETTERS)
            for _ in range(int(rng.integers(1, 100 / np.sqrt(size))))
        )
        pen.text((left, y), " ".join(words), ink, font, stroke_width=bold)


def _print_table(
    rng: Random, pen: ImageDraw.ImageDraw, size: float, ink: tuple[int, int, int]
) -> None:
    cell, line_px = size * rng.uniform(1.3, 2.4), int(rng.integers(1, 4))
    font, bold = ImageFont.load_default(size), int(rng.random() < 0.5)
    for x in np.arange(rng.uniform(-cell, 0), SIDE_PX, cell):
        pen.line((x, 0, x, SIDE_PX), ink, line_px)
        pen.line((0, x, SIDE_PX, x), ink, line_px)
        for y in np.arange(0, SIDE_PX, cell):
            if rng.random() < 0.6:
                pen.text(
                    (x + cell * 0.25, y + cell * 0.1),
                    letters(rng, 1, "0123456789OQCDGae"),
                    ink,
                    font,
                    stroke_width=bold,
                )


def _seen_aslant(
    rng: Random, picture: np.ndarray[tuple[int, ...], np.dtype[np.float32]]
) -> cv2.typing.MatLike:
    """Show the page as a camera held at an angle sees it."""
    square = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32) * SIDE_PX
    bent = square + rng.normal(size=(4, 2)).astype(np.float32) * SIDE_PX * 0.07
    return cv2.warpPerspective(
        picture,
        cv2.getPerspectiveTransform(square, bent),
        (SIDE_PX, SIDE_PX),
        borderMode=cv2.BORDER_REFLECT,
    )
