"""
Draw words as signs show them.

They are painted, outlined, raised, lit from within, shaded or filled with a pattern.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from predictor.training.rendering.textures import Floats, Random, colour, letters, smooth_noise

_CAPITALS = "OOOCCQGDSBPRUAEHIKLMNTXYZ0689345&@"
_SMALL = "oooeeeccaadbpqgsurnmthlky"
"""Without i, j and full stops: a dot as large as a sign's is a disc."""
_ROUNDEST = "OOoo0eeCcGSQ896&"
_FIGURES = "OQCDGSB0689ABEHKLMNPRTUVXYZ12345700"


def draw_word(rng: Random) -> str:
    """Return letters as a sign has them: capitals, a capital and small ones, or round ones."""
    length, dice = int(rng.integers(1, 10)), rng.random()
    if dice < 0.45:
        return letters(rng, length, _CAPITALS)
    if dice < 0.6:
        return letters(rng, min(length, 4), _ROUNDEST)
    return letters(rng, int(dice < 0.85), _CAPITALS) + letters(rng, length, _SMALL)


def write_lines(
    rng: Random, shape: tuple[int, int], size_px: float, fonts: Sequence[Path]
) -> Floats:
    """
    Return where a board of a shape (height, width) is written on, 0..1.

    Args:
        size_px: of the typeface.
        fonts: TrueType files to choose from. Without any, Pillow's own typeface is used.
    """
    height, width = shape
    image = Image.new("L", (width, height))
    pen, font = ImageDraw.Draw(image), choose_font(rng, fonts, size_px)
    bold = int(size_px * rng.choice([0, 0, 0.02, 0.05]))
    top, step = size_px * rng.uniform(-0.1, 0.4), size_px * rng.uniform(1.0, 1.6)
    for y in np.arange(top, max(top + 1, height - size_px * 0.5), step):
        words = " ".join(draw_word(rng) for _ in range(int(rng.integers(1, 5))))
        pen.text((rng.uniform(-0.3, 1) * size_px, y), words, 255, font, stroke_width=bold)
    return np.asarray(image, np.float32) / 255


def write_headline(
    rng: Random, shape: tuple[int, int], fonts: Sequence[Path]
) -> tuple[Floats, float]:
    """Return one word that fills most of a board, as write_lines does, and its size in px."""
    word = draw_word(rng)[: int(rng.integers(1, 10))]
    return _fitted(rng, word, shape, fonts, rng.uniform(0.45, 1.1))


def write_plate(rng: Random, shape: tuple[int, int], fonts: Sequence[Path]) -> tuple[Floats, float]:
    """Return the figures of a number plate, a house number or a price, and their size in px."""
    groups = [letters(rng, int(rng.integers(1, 4)), _FIGURES) for _ in range(rng.integers(1, 4))]
    text = str(rng.choice([" ", "-", ""])).join(groups)
    return _fitted(rng, text, shape, fonts, rng.uniform(0.7, 1.0))


def _fitted(
    rng: Random, text: str, shape: tuple[int, int], fonts: Sequence[Path], share: float
) -> tuple[Floats, float]:
    """Write a text so that it takes a share of the board's width, or its height."""
    height, width = shape
    font, probe_px = choose_font(rng, fonts, 64), 64.0
    long = max(1.0, font.getlength(text))
    size_px = float(np.clip(min(probe_px * width * share / long, height * 1.1), 12, 480))
    if isinstance(font, ImageFont.FreeTypeFont):
        font = font.font_variant(size=size_px)
    image = Image.new("L", (width, height))
    at = np.array([width, height]) * rng.normal(0.5, 0.04, 2)
    bold = int(size_px * rng.choice([0, 0, 0.02, 0.05]))
    ImageDraw.Draw(image).text(tuple(at), text, 255, font, anchor="mm", stroke_width=bold)
    return np.asarray(image, np.float32) / 255, size_px


def choose_font(
    rng: Random, fonts: Sequence[Path], size_px: float
) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Return one of the typefaces at a size."""
    if fonts:
        return ImageFont.truetype(fonts[rng.integers(len(fonts))], size_px)
    return ImageFont.load_default(size_px)


def paint(rng: Random, board: Floats, mask: Floats, ink: Floats, size_px: float) -> None:
    """Put the writing of a mask onto a board, in a random style."""
    STYLES[str(rng.choice(list(STYLES), p=_SHARES))](rng, board, mask, ink, size_px)


def _flat(_: Random, board: Floats, mask: Floats, ink: Floats, __: float) -> None:
    board += (ink - board) * mask[..., None]


def _outlined(rng: Random, board: Floats, mask: Floats, ink: Floats, size_px: float) -> None:
    """Show only the letters' contours, the inside in another colour or none."""
    wide = max(3, 2 * int(size_px * rng.uniform(0.01, 0.04)) + 1)
    grown = cv2.dilate(mask, np.ones((wide, wide), np.uint8))
    _flat(rng, board, np.asarray(grown - mask, np.float32), ink, size_px)
    if rng.random() < 0.5:
        _flat(rng, board, mask, colour(rng), size_px)


def _shaded(rng: Random, board: Floats, mask: Floats, ink: Floats, size_px: float) -> None:
    """Let the letters throw a shadow, or stand out as blocks."""
    reach, steps = size_px * rng.uniform(0.02, 0.12), int(rng.choice([1, 6]))
    turn, dark = rng.uniform(0, 2 * np.pi), board.mean((0, 1)) * rng.uniform(0.2, 0.8)
    for step in range(1, steps + 1):
        dx, dy = np.array([np.cos(turn), np.sin(turn)]) * reach * step / steps
        moved = cv2.warpAffine(mask, np.array([[1, 0, dx], [0, 1, dy]]), mask.shape[::-1])
        if steps == 1:
            moved = cv2.GaussianBlur(moved, (0, 0), max(0.5, reach * rng.uniform(0.1, 0.6)))
        _flat(rng, board, np.asarray(moved, np.float32), dark, size_px)
    _flat(rng, board, mask, ink, size_px)


def _raised(rng: Random, board: Floats, mask: Floats, ink: Floats, size_px: float) -> None:
    """Cut or cast the letters into the board: light falls on one side of their edges."""
    soft = cv2.GaussianBlur(mask, (0, 0), max(0.7, size_px * rng.uniform(0.008, 0.04)))
    turn = rng.uniform(0, 2 * np.pi)
    slope = cv2.Sobel(soft, cv2.CV_32F, 1, 0) * np.cos(turn)
    slope = slope + cv2.Sobel(soft, cv2.CV_32F, 0, 1) * np.sin(turn)
    if rng.random() < 0.5:
        board += (ink - board) * (mask * rng.uniform(0.1, 0.7))[..., None]
    board += (slope / (np.abs(slope).max() + 1e-6) * rng.uniform(40, 130))[..., None]


def _lit(rng: Random, board: Floats, mask: Floats, ink: Floats, size_px: float) -> None:
    """Light the letters from within. They glow onto a dark board, often as tubes."""
    board *= rng.uniform(0.1, 0.5)
    light = 0.5 * ink + 0.5 * colour(rng, 0.9) + 60
    if rng.random() < 0.5:
        wide = max(3, 2 * int(size_px * 0.02) + 1)
        mask = np.asarray(cv2.dilate(mask, np.ones((wide, wide), np.uint8)) - mask, np.float32)
    halo = cv2.GaussianBlur(mask, (0, 0), max(1.0, size_px * rng.uniform(0.04, 0.2)))
    board += halo[..., None] * light * rng.uniform(0.5, 1.4)
    _flat(rng, board, mask, light * 0.5 + 128, size_px)


def _patterned(rng: Random, board: Floats, mask: Floats, ink: Floats, size_px: float) -> None:
    """Fill the letters with stains, wear or a run of two colours."""
    height, width = mask.shape
    share = smooth_noise(rng, min(height, 1024), min(width, 1024), size_px * rng.uniform(0.05, 2))
    share = np.clip(cv2.resize(share, (width, height)) * 0.5 + 0.5, 0, 1)[..., None]
    board += (ink * share + colour(rng) * (1 - share) - board) * mask[..., None]


STYLES: dict[str, Callable[[Random, Floats, Floats, Floats, float], None]] = {
    "flat": _flat,
    "outlined": _outlined,
    "shaded": _shaded,
    "raised": _raised,
    "lit": _lit,
    "patterned": _patterned,
}
_SHARES = (0.45, 0.12, 0.14, 0.11, 0.1, 0.08)
