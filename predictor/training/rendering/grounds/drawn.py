"""
Draw grounds with edges.

They are clutter of polygons, ruled paper, print, keyboards, checks and tables.
"""

import cv2
import numpy as np

from predictor.training.rendering.grounds.plain import plain
from predictor.training.rendering.textures import (
    Floats,
    Random,
    as_bytes,
    colour,
    coordinates,
    letters,
    rotated,
)


def clutter(rng: Random, side: int) -> Floats:
    """Draw polygons of any colour, one over the other."""
    canvas = as_bytes(plain(rng, side))
    for _ in range(rng.integers(3, 18)):
        corners = rng.uniform(0, side, 2) + rng.normal(size=(rng.integers(3, 6), 2)) * rng.uniform(
            15, 220
        )
        cv2.fillPoly(canvas, [corners.astype(np.int32)], colour(rng).tolist(), cv2.LINE_AA)
    return canvas.astype(np.float32)


def paper(rng: Random, side: int) -> Floats:
    """Draw pale paper, plain, ruled or squared."""
    picture = plain(rng, side) * 0.2 + rng.uniform(120, 245)
    step = int(rng.integers(8, 40))
    ink = colour(rng).tolist()
    if rng.random() < 0.6:
        for k in range(0, side, step):
            cv2.line(picture, (0, k), (side, k), ink, 1, cv2.LINE_AA)
            if step % 2:
                cv2.line(picture, (k, 0), (k, side), ink, 1, cv2.LINE_AA)
    return picture


def page(rng: Random, side: int) -> Floats:
    """
    Draw print on paper or a label.

    Its letters have one size, some of them small enough to be dots.
    """
    canvas = as_bytes(plain(rng, side) * 0.3 + rng.uniform(0, 230))
    size, ink = rng.uniform(0.25, 1.1), colour(rng).tolist()
    font, step = int(rng.integers(0, 8)), int(rng.uniform(24, 40))
    alphabet = (
        "abcdeeoogpqsaeo06989"
        if rng.random() < 0.4
        else "abcdefghijklmnopqrstuvwxyz ABCDEFGHIJ 0123456789.,:;"
    )
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


def keyboard(rng: Random, side: int) -> Floats:
    """Draw rows of square keys with a letter each. They may also be tiles or windows."""
    canvas = as_bytes(plain(rng, side) * 0.4)
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


def checks(rng: Random, side: int) -> Floats:
    """Draw a checkerboard, chess to mesh, seen at any angle."""
    picture = plain(rng, side)
    along, across = rotated(*coordinates(side, side), rng.choice([0.0, rng.uniform(0, np.pi)]))
    period = np.exp(rng.uniform(np.log(2), np.log(60)))
    odd = (np.floor(along / period) + np.floor(across / period)) % 2
    return np.asarray(picture + odd[..., None] * rng.uniform(-160, 160, 3), np.float32)


def table(rng: Random, side: int) -> Floats:
    """Draw a ruled table or puzzle with a figure in each cell."""
    canvas = as_bytes(plain(rng, side) * 0.25 + rng.uniform(90, 235))
    cell, ink, font = (
        int(rng.integers(16, 80)),
        (colour(rng) * rng.uniform(0, 0.5)).tolist(),
        int(rng.integers(0, 8)),
    )
    line_px, size = max(1, cell // int(rng.integers(12, 40))), cell / rng.uniform(30, 60)
    for top in range(-int(rng.integers(0, cell)), side, cell):
        cv2.line(canvas, (0, top), (side, top), ink, line_px, cv2.LINE_AA)
        for left in range(-int(rng.integers(0, cell)), side, cell):
            cv2.line(canvas, (left, top), (left, top + cell), ink, line_px, cv2.LINE_AA)
            if rng.random() < 0.7:
                figure = letters(rng, 1, "0012345668899CDOQG")
                at = (left + cell // 4, top + int(cell * 0.75))
                cv2.putText(
                    canvas,
                    figure,
                    at,
                    font,
                    size,
                    ink,
                    max(1, cell // int(rng.integers(8, 20))),
                    cv2.LINE_AA,
                )
    turned = cv2.getRotationMatrix2D((side / 2, side / 2), rng.normal() * 12, rng.uniform(1.0, 1.4))
    return cv2.warpAffine(canvas, turned, (side, side), borderMode=cv2.BORDER_REFLECT).astype(
        np.float32
    )
