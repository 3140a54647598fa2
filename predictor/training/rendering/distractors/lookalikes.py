"""
Draw nearly round things that are not circles.

Earlier weights took each of them for one. They are drawn into a square picture.
"""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from predictor.training.rendering.textures import Floats, Random, colour, letters

Point = tuple[int, int]
Bytes = NDArray[np.uint8]
_SIZES_PX = (5.0, 110.0)


def _size(rng: Random) -> float:
    return float(np.exp(rng.uniform(*np.log(_SIZES_PX))))


def _outline(radii: Floats, middle: Floats, turn: float, flat: float = 1.0) -> NDArray[np.int32]:
    """
    Return points of a closed line, in sixteenths of px.

    Its distances to the middle are given.
    """
    angles = np.linspace(0, 2 * np.pi, len(radii), endpoint=False)
    x, y = radii * np.cos(angles), radii * np.sin(angles) * flat
    c, s = np.cos(turn), np.sin(turn)
    return np.round((np.stack([c * x - s * y, s * x + c * y], 1) + middle) * 16).astype(np.int32)


def _paint(
    rng: Random, picture: Bytes, points: NDArray[np.int32], ink: Floats, line_share: float = 0.5
) -> None:
    """
    Fill an outline or draw only its line.

    Filled ones often have a border of another colour and a lit upper side.
    """
    size = float(np.ptp(points, 0).max()) / 16
    if rng.random() < line_share:
        cv2.polylines(
            picture,
            [points],
            True,
            ink.tolist(),
            max(1, int(size * rng.uniform(0.02, 0.2))),
            cv2.LINE_AA,
            4,
        )
        return
    cv2.fillPoly(picture, [points], ink.tolist(), cv2.LINE_AA, 4)
    if rng.random() < 0.4:
        middle = points.mean(0, keepdims=True)
        inner = np.round(middle + (points - middle) * rng.uniform(0.5, 0.92)).astype(np.int32)
        cv2.fillPoly(picture, [inner], (ink * rng.uniform(0.5, 1.5)).tolist(), cv2.LINE_AA, 4)


def superellipse(rng: Random, picture: Bytes, at: Point) -> None:
    """Draw a square with round corners. It may be a key, a tile or a button of a screen."""
    angles, n = np.linspace(0, 2 * np.pi, 120, endpoint=False), rng.uniform(3.2, 9)
    radii = (np.abs(np.cos(angles)) ** n + np.abs(np.sin(angles)) ** n) ** (-1 / n) * _size(rng)
    points = _outline(
        radii, np.array(at, np.float64), rng.uniform(0, 2 * np.pi), rng.uniform(0.6, 1)
    )
    _paint(rng, picture, points, colour(rng), 0.25)


def egg(rng: Random, picture: Bytes, at: Point) -> None:
    """Draw an egg, a drop, a pear or a leaf. It is pointed at one end or both."""
    angles, sharp = np.linspace(0, 2 * np.pi, 120, endpoint=False), rng.uniform(0.25, 0.7)
    if rng.random() < 0.5:
        radii = 1 + sharp * np.cos(angles) + rng.uniform(-0.1, 0.1) * np.cos(2 * angles)
    else:
        radii = 1 + sharp * np.cos(2 * angles) + rng.uniform(-0.15, 0.15) * np.cos(angles)
    points = _outline(
        radii * _size(rng), np.array(at, np.float64), rng.uniform(0, 2 * np.pi), rng.uniform(0.7, 1)
    )
    _paint(rng, picture, points, colour(rng), 0.2)


def part_disc(rng: Random, picture: Bytes, at: Point) -> None:
    """
    Draw less than a circle.

    It may be a half disc, a slice, a crescent, a horseshoe or a letter C.
    """
    r, start, ink = int(_size(rng)) + 2, rng.uniform(0, 360), colour(rng)
    dice = rng.random()
    if dice < 0.4:
        cv2.ellipse(
            picture, at, (r, r), start, 0, rng.uniform(50, 200), ink.tolist(), -1, cv2.LINE_AA
        )
    elif dice < 0.7:
        line_px = max(1, int(r * rng.uniform(0.08, 0.5)))
        cv2.ellipse(
            picture, at, (r, r), start, 0, rng.uniform(60, 230), ink.tolist(), line_px, cv2.LINE_AA
        )
    else:
        mask = np.zeros(picture.shape[:2], np.uint8)
        cv2.circle(mask, at, r, 255, -1, cv2.LINE_AA)
        shift = np.array([np.cos(start), np.sin(start)]) * r * rng.uniform(0.5, 1.1)
        cv2.circle(mask, (int(at[0] + shift[0]), int(at[1] + shift[1])), r, 0, -1, cv2.LINE_AA)
        share = mask[..., None].astype(np.float32) / 255
        picture[:] = (picture + (ink - picture) * share).astype(np.uint8)


def _blot(rng: Random, size: float, middle: Floats) -> NDArray[np.int32]:
    """Return an outline that leaves its circle by a tenth to a third."""
    angles = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    bend = sum(rng.normal() / k * np.cos(k * angles + rng.uniform(0, 6)) for k in (2, 3, 4, 5))
    radii = 1 + bend * rng.uniform(0.15, 0.4) / (np.std(bend) * 2 + 1e-6) * 0.8
    return _outline(np.clip(radii, 0.3, 2) * size, middle, 0.0)


def spots(rng: Random, picture: Bytes, at: Point) -> None:
    """
    Draw the uneven spots of a wing, a leopard or a fungus.

    They are often in rows along an edge, some with a ring.
    """
    size, ink, ring = _size(rng) * 0.35 + 2, colour(rng), colour(rng)
    if rng.random() < 0.5:
        cv2.fillPoly(
            picture,
            [_blot(rng, size * rng.uniform(5, 12), np.array(at, np.float64))],
            (ring * 0.5).tolist(),
        )
    turn, bend = rng.uniform(0, 2 * np.pi), rng.normal() * 0.1
    place = np.array(at, np.float64)
    for _ in range(rng.integers(3, 26)):
        turn += bend
        place = place + np.array([np.cos(turn), np.sin(turn)]) * size * rng.uniform(2, 3.5)
        middle = place + rng.normal(size=2) * size * 0.6
        points = _blot(rng, size * rng.uniform(0.5, 1.3), middle)
        if rng.random() < 0.3:
            outer = np.round(middle * 16 + (points - middle * 16) * rng.uniform(1.2, 1.7)).astype(
                np.int32
            )
            cv2.fillPoly(picture, [outer], ring.tolist(), cv2.LINE_AA, 4)
        cv2.fillPoly(picture, [points], ink.tolist(), cv2.LINE_AA, 4)
        if rng.random() < 0.06:
            place = np.array(at, np.float64) + rng.normal(size=2) * size * 6


def haze(rng: Random, picture: Bytes, at: Point) -> None:
    """
    Draw soft patches of light without any edge.

    They imitate leaves and lamps far out of focus, reflections and stains.
    """
    side, light = picture.shape[0], picture.astype(np.float32)
    ys, xs = np.mgrid[:side, :side].astype(np.float32)
    for _ in range(rng.integers(1, 9)):
        x, y = np.array(at) + rng.normal(size=2) * side * 0.2
        size, flat, turn = _size(rng) * 0.7 + 3, rng.uniform(0.4, 1), rng.uniform(0, np.pi)
        u = (xs - x) * np.cos(turn) + (ys - y) * np.sin(turn)
        v = ((ys - y) * np.cos(turn) - (xs - x) * np.sin(turn)) / flat
        light += (np.exp(-(u * u + v * v) / (2 * size * size)) * rng.uniform(-90, 140))[
            ..., None
        ] * (colour(rng) / 255)
    picture[:] = np.clip(light, 0, 255).astype(np.uint8)


def type_letters(rng: Random, picture: Bytes, at: Point) -> None:
    """Draw large letters and figures of a real typeface. Those with bowls are preferred."""
    image = Image.fromarray(picture)
    r, g, b = colour(rng).astype(int).tolist()
    font = ImageFont.load_default(float(np.exp(rng.uniform(np.log(14), np.log(190)))))
    text = letters(rng, int(rng.integers(1, 7)), "0689OQCDGSBPRabdegopqce@&%$35")
    ImageDraw.Draw(image).text(
        at, text, (r, g, b), font, anchor="mm", stroke_width=int(rng.integers(0, 4))
    )
    picture[:] = np.asarray(image)


def white_cell(rng: Random, picture: Bytes, at: Point) -> None:
    """
    Draw what is between red blood cells.

    It is a lobed nucleus in a pale, ragged body, or a clump of platelets.
    """
    size, stain = _size(rng) * 0.6 + 4, np.array((95, 70, 150), np.float32) * rng.uniform(0.7, 1.5)
    body = picture.copy()
    cv2.fillPoly(
        body,
        [_blot(rng, size, np.array(at, np.float64))],
        (stain * 0.4 + 130).tolist(),
        cv2.LINE_AA,
        4,
    )
    picture[:] = cv2.addWeighted(body, 0.6, picture, 0.4, 0)
    for _ in range(rng.integers(2, 5)):
        middle = np.array(at) + rng.normal(size=2) * size * 0.35
        lobe = _blot(rng, size * rng.uniform(0.2, 0.5), middle)
        cv2.fillPoly(picture, [lobe], stain.tolist(), cv2.LINE_AA, 4)


def dome(rng: Random, picture: Bytes, at: Point) -> None:
    """
    Draw a dome, a tower, an arch or an arched window.

    It is round above, but continues straight below.
    """
    r, ink = _size(rng) * 0.8 + 3, colour(rng)
    x, y = at
    rise, body, wider = (
        rng.uniform(0.8, 1.3),
        rng.uniform(0.3, 4),
        rng.choice([1.0, rng.uniform(0.7, 1.4)]),
    )
    angles = np.linspace(np.pi, 2 * np.pi, 40)
    top = np.stack([x + r * np.cos(angles), y + r * rise * np.sin(angles)], 1)
    foot = np.array(
        [
            [x + r * wider, y],
            [x + r * wider, y + r * body],
            [x - r * wider, y + r * body],
            [x - r * wider, y],
        ]
    )
    outline = np.concatenate([top, foot])
    if rng.random() < 0.4:  # an arch with a frame, seen dark inside
        frame = np.array(at) + (outline - at) * rng.uniform(1.1, 1.5)
        cv2.fillPoly(
            picture, [np.round(frame * 16).astype(np.int32)], colour(rng).tolist(), cv2.LINE_AA, 4
        )
    cv2.fillPoly(picture, [np.round(outline * 16).astype(np.int32)], ink.tolist(), cv2.LINE_AA, 4)
    for share in np.cumsum(rng.uniform(0.15, 0.6, int(rng.integers(0, 9)))):
        height = int(y - r * rise * 0.5 + share * r)
        if height < y + r * body:
            half = int(r * (1 if height < y else wider) * 0.97)
            stripe = (ink * rng.uniform(0.5, 1.5)).tolist()
            cv2.line(
                picture,
                (int(x - half), height),
                (int(x + half), height),
                stripe,
                max(1, int(r * 0.06)),
            )


def half_seen(rng: Random, picture: Bytes, at: Point) -> None:
    """
    Draw a rounded shoulder that merges into what it grows from.

    It may be a head, a stone in the ground or a snowdrift.
    """
    side, r = picture.shape[0], _size(rng) + 5
    ys, xs = np.mgrid[:side, :side].astype(np.float32)
    turn, squeeze = rng.uniform(0, 2 * np.pi), rng.uniform(0.85, 1.15)
    u = ((xs - at[0]) * np.cos(turn) + (ys - at[1]) * np.sin(turn)) / (r * squeeze)
    v = ((ys - at[1]) * np.cos(turn) - (xs - at[0]) * np.sin(turn)) / r
    inside = np.clip((1 - np.hypot(u, v)) * r + 0.5, 0, 1)
    fading = np.clip((v + rng.uniform(-0.1, 0.3)) / rng.uniform(0.15, 0.6), 0, 1)
    light = 1 + rng.uniform(-0.4, 0.4) * u + rng.uniform(-0.4, 0.4) * v
    paint = colour(rng) * light[..., None]
    picture[:] = np.clip(picture + (paint - picture) * (inside * fading)[..., None], 0, 255).astype(
        np.uint8
    )


MAKERS: dict[str, Callable[[Random, Bytes, Point], None]] = {
    maker.__name__: maker
    for maker in (
        superellipse,
        egg,
        part_disc,
        spots,
        haze,
        type_letters,
        white_cell,
        dome,
        half_seen,
    )
}
