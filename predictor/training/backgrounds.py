"""What round things lie on: plain light, wood, cloth, stone, paper, grass, skin, clutter of polygons, photographs."""

from collections.abc import Callable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from predictor.training.textures import (
    Floats,
    Random,
    as_bytes,
    colour,
    coordinates,
    letters,
    rotated,
    smooth_noise,
    white_noise,
)


def _plain(rng: Random, side: int) -> Floats:
    picture = np.empty((side, side, 3), np.float32)
    picture[:] = colour(rng)
    if rng.random() < 0.8:
        xs, ys = coordinates(side, side)
        along, _ = rotated(xs / side - 0.5, ys / side - 0.5, rng.uniform(0, 2 * np.pi))
        picture += along[..., None] * rng.uniform(0, 120)
    return picture


def _wood(rng: Random, side: int) -> Floats:
    """Grain along one direction, bent around knots: rings that are no objects."""
    picture = _plain(rng, side) * 0.3 + np.asarray((150, 105, 65), np.float32) * rng.uniform(0.3, 1.4)
    along, across = rotated(*coordinates(side, side), rng.uniform(0, np.pi))
    across = across + smooth_noise(rng, side, side, rng.uniform(40, 150)) * rng.uniform(2, 18)
    for _ in range(rng.integers(0, 3)):
        x, y = rng.uniform(along.min(), along.max()), rng.uniform(across.min(), across.max())
        reach = rng.uniform(8, 40)
        near = np.exp(-(((along - x) / (reach * 2.2)) ** 2) - ((across - y) / reach) ** 2)
        across = across + near * (across - y) * rng.uniform(0.5, 1.5)
        picture *= (1 - near**2 * rng.uniform(0, 0.6))[..., None]
    wave = np.sin(across / rng.uniform(2, 14) + along / rng.uniform(80, 400)) * rng.uniform(3, 25)
    picture += wave[..., None] * rng.uniform(0.6, 1.2, 3)
    if rng.random() < 0.4:
        picture[np.abs(across % rng.uniform(60, 300)) < rng.uniform(1, 4)] *= rng.uniform(0.3, 0.8)
    return picture


def _cloth(rng: Random, side: int) -> Floats:
    """Weave, stripes, checks or polka dots too small or too soft to be objects; folds in the light."""
    picture = _plain(rng, side)
    along, across = rotated(*coordinates(side, side), rng.uniform(0, np.pi))
    period = np.exp(rng.uniform(np.log(2.5), np.log(60)))
    wave = np.sin(along * 2 * np.pi / period)
    if rng.random() < 0.6:
        other = np.sin(across * 2 * np.pi / (period * rng.uniform(0.8, 1.3)))
        wave = wave * other if rng.random() < 0.5 else np.maximum(wave, other)
    if rng.random() < 0.5:
        wave = np.sign(wave)
    picture += wave[..., None] * rng.uniform(3, 55) * rng.uniform(0.5, 1.2, 3)
    if rng.random() < 0.5:
        picture *= (1 + smooth_noise(rng, side, side, rng.uniform(40, 160)) * rng.uniform(0.03, 0.2))[..., None]
    return picture


def _stone(rng: Random, side: int) -> Floats:
    """Granite, sand, gravel, carpet, grass: noise of several grains, sharpened or not."""
    picture = _plain(rng, side)
    for _ in range(rng.integers(2, 5)):
        field = smooth_noise(rng, side, side, 10 ** rng.uniform(0.1, 1.5))
        if rng.random() < 0.3:
            field = np.sign(field - rng.uniform(-1, 1))
        picture += field[..., None] * rng.uniform(3, 28) * rng.uniform(0.6, 1.1, 3)
    return picture


def _grass(rng: Random, side: int) -> Floats:
    picture = _plain(rng, side) * 0.4 + np.asarray((50, 80, 30), np.float32) * rng.uniform(0.3, 1.5)
    canvas = as_bytes(picture)
    for _ in range(rng.integers(100, 350)):
        x, y = rng.integers(0, side, 2)
        dx, dy = rng.normal(size=2) * (5, 18)
        ink = np.asarray((60, 110, 40), np.float32) * rng.uniform(0.4, 1.7) + rng.normal(size=3) * 15
        cv2.line(
            canvas, (int(x), int(y)), (int(x + dx), int(y + dy)), ink.tolist(), int(rng.integers(1, 3)), cv2.LINE_AA
        )
    return canvas.astype(np.float32)


def _clutter(rng: Random, side: int) -> Floats:
    canvas = as_bytes(_plain(rng, side))
    for _ in range(rng.integers(3, 18)):
        corners = rng.uniform(0, side, 2) + rng.normal(size=(rng.integers(3, 6), 2)) * rng.uniform(15, 220)
        cv2.fillPoly(canvas, [corners.astype(np.int32)], colour(rng).tolist(), cv2.LINE_AA)
    return canvas.astype(np.float32)


def _skin(rng: Random, side: int) -> Floats:
    """A palm: skin tones, soft shade, creases and a few fingers as thick strokes."""
    skin = np.asarray((205, 155, 130), np.float32) * rng.uniform(0.3, 1.15)
    picture = _plain(rng, side)
    for _ in range(rng.integers(2, 7)):
        ends = rng.uniform(-0.1, 1.1, (2, 2)) * side
        cv2.line(
            picture,
            ends[0].astype(int).tolist(),
            ends[1].astype(int).tolist(),
            (skin * rng.uniform(0.85, 1.1)).tolist(),
            int(side * rng.uniform(0.1, 0.35)),
            cv2.LINE_AA,
        )
    for _ in range(rng.integers(2, 9)):
        x, y = rng.uniform(0, side, 2)
        axes = rng.uniform(20, side, 2)
        cv2.ellipse(
            picture,
            (int(x), int(y)),
            (int(axes[0]), int(axes[1])),
            rng.uniform(0, 180),
            0,
            rng.uniform(20, 90),
            (skin * 0.75).tolist(),
            int(rng.integers(1, 4)),
            cv2.LINE_AA,
        )
    picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(1, 3))
    picture += (
        smooth_noise(rng, side, side, rng.uniform(20, 90))[..., None]
        * rng.uniform(4, 18)
        * np.asarray((1, 0.9, 0.85), np.float32)
    )
    return np.asarray(picture + smooth_noise(rng, side, side, 2.5)[..., None] * rng.uniform(1, 7), np.float32)


def _paper(rng: Random, side: int) -> Floats:
    picture = _plain(rng, side) * 0.2 + rng.uniform(120, 245)
    step = int(rng.integers(8, 40))
    ink = colour(rng).tolist()
    if rng.random() < 0.6:
        for k in range(0, side, step):
            cv2.line(picture, (0, k), (side, k), ink, 1, cv2.LINE_AA)
            if step % 2:
                cv2.line(picture, (k, 0), (k, side), ink, 1, cv2.LINE_AA)
    return picture


def _photograph(rng: Random, side: int, photographs: Sequence[NDArray[np.uint8]]) -> Floats:
    """A random part of a photograph without labelled round things, scaled to fill the square."""
    photo = photographs[rng.integers(len(photographs))]
    part = int(min(photo.shape[:2]) * rng.uniform(0.4, 1.0))
    top, left = rng.integers(0, photo.shape[0] - part + 1), rng.integers(0, photo.shape[1] - part + 1)
    cut = cv2.resize(photo[top : top + part, left : left + part], (side, side), interpolation=cv2.INTER_AREA)
    if rng.random() < 0.5:
        cut = cut[:, ::-1]
    return np.ascontiguousarray(np.rot90(cut, rng.integers(4)), dtype=np.float32)


def _page(rng: Random, side: int) -> Floats:
    """Print on paper or a label: lines of letters of one size, some of them small enough to be dots."""
    canvas = as_bytes(_plain(rng, side) * 0.3 + rng.uniform(0, 230))
    size, ink = rng.uniform(0.25, 1.1), colour(rng).tolist()
    font, step = int(rng.integers(0, 8)), int(rng.uniform(24, 40))
    alphabet = "abcdeeoogpqsaeo06989" if rng.random() < 0.4 else "abcdefghijklmnopqrstuvwxyz ABCDEFGHIJ 0123456789.,:;"
    for y in range(int(rng.integers(5, 30)), side, max(6, int(step * size))):
        text = letters(rng, int(rng.integers(4, 60)), alphabet)
        cv2.putText(
            canvas,
            text,
            (int(rng.integers(-10, 60)), y),
            font,
            size,
            ink,
            max(1, int(size * rng.uniform(0.8, 2.6))),
            cv2.LINE_AA,
        )
    return canvas.astype(np.float32)


def _keyboard(rng: Random, side: int) -> Floats:
    """Rows of square keys with a letter each, or tiles, or windows."""
    canvas = as_bytes(_plain(rng, side) * 0.4)
    key, gap = int(rng.integers(14, 90)), int(rng.integers(1, 10))
    face, ink = colour(rng, rng.uniform(0, 0.5)) * rng.uniform(0.1, 1), colour(rng).tolist()
    for top in range(-int(rng.integers(0, key)), side, key + gap):
        for left in range(-int(rng.integers(0, key)), side, key + gap):
            shade = (face * rng.uniform(0.85, 1.15)).tolist()
            cv2.rectangle(canvas, (left, top), (left + key, top + key), shade, -1)
            size = key / rng.uniform(35, 70)
            cv2.putText(
                canvas,
                letters(rng, 1),
                (left + key // 4, top + key // 2),
                0,
                size,
                ink,
                max(1, int(key / 25)),
                cv2.LINE_AA,
            )
    return canvas.astype(np.float32)


def _bumps(rng: Random, side: int) -> Floats:
    """Terry cloth, knit, cobbles, embossed leather: soft bumps all over, shaded from one side, none an object."""
    picture = _plain(rng, side)
    period = np.exp(rng.uniform(np.log(5), np.log(70)))
    along, across = rotated(*coordinates(side, side), rng.uniform(0, np.pi))
    bend = period * rng.uniform(0.05, 0.6)
    along = along + smooth_noise(rng, side, side, period * rng.uniform(1, 4)) * bend
    across = across * rng.uniform(0.6, 1) + smooth_noise(rng, side, side, period * rng.uniform(1, 4)) * bend
    height = np.abs(np.cos(along * np.pi / period) * np.cos(across * np.pi / period)) ** rng.uniform(0.3, 1.2)
    height = np.asarray(height * period, np.float32)
    slope = cv2.Sobel(height, cv2.CV_32F, 1, 0) * rng.normal() + cv2.Sobel(height, cv2.CV_32F, 0, 1) * rng.normal()
    picture *= (0.75 + 0.25 * height / period)[..., None]
    return np.asarray(picture + np.clip(slope, -6, 6)[..., None] * rng.uniform(2, 14), np.float32)


def _pillow(rng: Random, side: int) -> Floats:
    """Quilted cloth: a lattice of padded cells with seams between, shaded from one side."""
    along, across = rotated(*coordinates(side, side), rng.uniform(0, np.pi))
    cell = np.exp(rng.uniform(np.log(14), np.log(130)))
    u, v = along / cell, across / cell * rng.uniform(0.7, 1.2)
    u = u + smooth_noise(rng, side, side, cell * rng.uniform(1, 4)) * rng.uniform(0, 0.15)
    v = v + smooth_noise(rng, side, side, cell * rng.uniform(1, 4)) * rng.uniform(0, 0.15)
    if rng.random() < 0.4:
        v = v + 0.5 * (np.floor(u) % 2)
    height = np.abs(np.sin(np.pi * u) * np.sin(np.pi * v)) ** rng.uniform(0.25, 1.5)
    if rng.random() < 0.3:
        height = np.maximum(np.abs(np.sin(np.pi * u)), np.abs(np.sin(np.pi * v))) ** rng.uniform(1, 4)
    light = np.asarray(height * cell, np.float32)
    slope = cv2.Sobel(light, cv2.CV_32F, 1, 0) * rng.normal() + cv2.Sobel(light, cv2.CV_32F, 0, 1) * rng.normal()
    shade = np.clip(slope, -6, 6) * rng.uniform(1, 9) + (height - 0.6) * rng.uniform(0, 70)
    grain = smooth_noise(rng, side, side, rng.uniform(1.2, 5)) * rng.uniform(0, 10)
    base = _cloth(rng, side) if rng.random() < 0.25 else _plain(rng, side)
    return np.asarray(base + (shade + grain)[..., None], np.float32)


def _padding(rng: Random, side: int) -> Floats:
    """Embroidered or padded cloth, bubble mats, tufts, studs: separate bumps in a lattice, diamonds to round boxes."""
    along, across = rotated(*coordinates(side, side), rng.uniform(0, np.pi))
    cell = np.exp(rng.uniform(np.log(18), np.log(110)))
    bend = rng.uniform(0, 0.12)
    u = along / cell + smooth_noise(rng, side, side, cell * rng.uniform(1, 5)) * bend
    v = across / cell * rng.uniform(0.75, 1.3) + smooth_noise(rng, side, side, cell * rng.uniform(1, 5)) * bend
    if rng.random() < 0.5:
        u = u + 0.5 * (np.floor(v) % 2)
    n, reach = rng.choice([rng.uniform(0.9, 1.5), rng.uniform(2.6, 6)]), rng.uniform(0.3, 0.5)
    x, y = np.abs(u % 1 - 0.5) / reach, np.abs(v % 1 - 0.5) / (reach * rng.uniform(0.75, 1))
    rho = (x**n + y**n) ** (1 / n) + smooth_noise(rng, side, side, cell / rng.uniform(2, 8)) * rng.uniform(0.02, 0.15)
    height = np.clip((1 - rho) / rng.uniform(0.15, 1), 0, 1) ** rng.uniform(0.4, 1)
    light = cv2.GaussianBlur(np.asarray(height * cell, np.float32), (0, 0), max(0.6, cell / rng.uniform(12, 60)))
    slope = cv2.Sobel(light, cv2.CV_32F, 1, 0) * rng.normal() + cv2.Sobel(light, cv2.CV_32F, 0, 1) * rng.normal()
    threads = np.sin((along * rng.normal() + across * rng.normal()) * rng.uniform(0.3, 1.2)) * rng.uniform(0, 10)
    picture = _plain(rng, side) + (np.clip(slope, -8, 8) * rng.uniform(2, 9) + threads * height)[..., None]
    picture += height[..., None] * rng.normal(size=3) * rng.choice([4, 25])
    return np.asarray(
        picture + smooth_noise(rng, side, side, rng.uniform(1.2, 4))[..., None] * rng.uniform(2, 14), np.float32
    )


def _slide(rng: Random, side: int) -> Floats:
    """The empty field of a microscope: bright or dark, nearly even, brighter towards some place, a little dust."""
    level = rng.uniform(170, 245) if rng.random() < 0.65 else rng.uniform(3, 110)
    picture = np.empty((side, side, 3), np.float32)
    picture[:] = level + rng.normal(size=3) * level * 0.06
    xs, ys = coordinates(side, side)
    x, y = rng.uniform(0, side, 2)
    fall = ((xs - x) ** 2 + (ys - y) ** 2) / side**2
    picture *= (1 - fall * rng.uniform(0, 0.35))[..., None]
    picture += smooth_noise(rng, side, side, rng.uniform(20, 120))[..., None] * rng.uniform(0, 5)
    for _ in range(rng.integers(0, 6)):
        x, y = rng.uniform(0, side, 2)
        speck = np.exp(-((xs - x) ** 2 + (ys - y) ** 2 * rng.uniform(1, 4)) / rng.uniform(2, 40))
        picture += speck[..., None] * rng.uniform(-60, 20)
    return picture


def _checks(rng: Random, side: int) -> Floats:
    """A checkerboard, chess to mesh, seen at any angle."""
    picture = _plain(rng, side)
    along, across = rotated(*coordinates(side, side), rng.choice([0.0, rng.uniform(0, np.pi)]))
    period = np.exp(rng.uniform(np.log(2), np.log(60)))
    odd = (np.floor(along / period) + np.floor(across / period)) % 2
    return np.asarray(picture + odd[..., None] * rng.uniform(-160, 160, 3), np.float32)


def _table(rng: Random, side: int) -> Floats:
    """A ruled table or puzzle with a figure in each cell."""
    canvas = as_bytes(_plain(rng, side) * 0.25 + rng.uniform(90, 235))
    cell, ink, font = int(rng.integers(16, 80)), (colour(rng) * rng.uniform(0, 0.5)).tolist(), int(rng.integers(0, 8))
    line_px, size = max(1, cell // int(rng.integers(12, 40))), cell / rng.uniform(30, 60)
    for top in range(-int(rng.integers(0, cell)), side, cell):
        cv2.line(canvas, (0, top), (side, top), ink, line_px, cv2.LINE_AA)
        for left in range(-int(rng.integers(0, cell)), side, cell):
            cv2.line(canvas, (left, top), (left, top + cell), ink, line_px, cv2.LINE_AA)
            if rng.random() < 0.7:
                figure = letters(rng, 1, "0012345668899CDOQG")
                at = (left + cell // 4, top + int(cell * 0.75))
                cv2.putText(canvas, figure, at, font, size, ink, max(1, cell // int(rng.integers(8, 20))), cv2.LINE_AA)
    turned = cv2.getRotationMatrix2D((side / 2, side / 2), rng.normal() * 12, rng.uniform(1.0, 1.4))
    return cv2.warpAffine(canvas, turned, (side, side), borderMode=cv2.BORDER_REFLECT).astype(np.float32)


_MAKERS: dict[str, Callable[[Random, int], Floats]] = {
    "plain": _plain,
    "wood": _wood,
    "cloth": _cloth,
    "stone": _stone,
    "grass": _grass,
    "clutter": _clutter,
    "skin": _skin,
    "paper": _paper,
    "page": _page,
    "keyboard": _keyboard,
    "bumps": _bumps,
    "pillow": _pillow,
    "padding": _padding,
    "slide": _slide,
    "checks": _checks,
    "table": _table,
}


def make_background(
    rng: Random, side: int, photographs: Sequence[NDArray[np.uint8]], photograph_share: float, shares: dict[str, float]
) -> Floats:
    """A picture (side, side, 3) with nothing to find in it; photographs may be empty; shares as in recipe.GROUNDS."""
    if photographs and rng.random() < photograph_share:
        return _photograph(rng, side, photographs)
    weights = np.array(list(shares.values()))
    picture = _MAKERS[list(shares)[rng.choice(len(shares), p=weights / weights.sum())]](rng, side)
    for _ in range(rng.integers(1, 4)):
        picture += smooth_noise(rng, side, side, 10 ** rng.uniform(0.1, 2))[..., None] * rng.uniform(0, 12)
    return picture + white_noise(rng, side, side)[..., None] * rng.uniform(0, 4)
