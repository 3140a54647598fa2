"""
Draw things that are not round but resemble circles.

They are text, keys, boxes, polygons, spirals, arcs and capsules.
"""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from predictor.training.rendering.distractors.lookalikes import MAKERS as _LOOKALIKES
from predictor.training.rendering.textures import Floats, Random, as_bytes, colour, letters

Point = tuple[int, int]
Bytes = NDArray[np.uint8]


def _point(rng: Random, side: int) -> Point:
    x, y = rng.integers(0, side, 2)
    return int(x), int(y)


def _size(rng: Random) -> float:
    return float(np.exp(rng.uniform(np.log(8), np.log(130))))


def _stroke_or_fill(rng: Random) -> int:
    return -1 if rng.random() < 0.6 else int(rng.integers(1, 6))


def _line(rng: Random, picture: Bytes, at: Point) -> None:
    end = (np.array(at) + rng.normal(size=2) * rng.uniform(15, 250)).astype(int)
    cv2.line(
        picture,
        at,
        (int(end[0]), int(end[1])),
        colour(rng).tolist(),
        int(rng.integers(1, 14)),
        cv2.LINE_AA,
    )


def _text(rng: Random, picture: Bytes, at: Point) -> None:
    """Draw lines of writing. Letters that look like circles are more frequent than by chance."""
    alphabet = (
        "ABCDEGOOQ0069865abcdeoogpq@&%"
        if rng.random() < 0.5
        else "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    )
    size, ink = rng.uniform(0.4, 3.5), colour(rng)
    for row in range(rng.integers(1, 5)):
        below = (at[0], at[1] + int(row * size * 32))
        line_px, font = max(1, int(size * rng.uniform(0.7, 3))), int(rng.integers(0, 8))
        cv2.putText(
            picture,
            letters(rng, rng.integers(1, 14), alphabet),
            below,
            font,
            size,
            ink.tolist(),
            line_px,
            cv2.LINE_AA,
        )


def _polygon(rng: Random, picture: Bytes, at: Point) -> None:
    """Draw a regular polygon or a star. It has three to six corners."""
    corners, r = int(rng.integers(3, 7)), _size(rng)
    angles = np.arange(2 * corners) * np.pi / corners + rng.uniform(0, 6)
    radii = np.where(np.arange(2 * corners) % 2, r * rng.choice([np.cos(np.pi / corners), 0.45]), r)
    points = np.array(at) + np.stack([np.cos(angles), np.sin(angles)], 1) * radii[:, None]
    fill, ink = _stroke_or_fill(rng), colour(rng).tolist()
    if fill < 0:
        cv2.fillPoly(picture, [points.astype(np.int32)], ink, cv2.LINE_AA)
    else:
        cv2.polylines(picture, [points.astype(np.int32)], True, ink, fill, cv2.LINE_AA)


def _box(rng: Random, picture: Bytes, at: Point) -> None:
    box = cv2.boxPoints((at, (_size(rng), _size(rng) * rng.uniform(0.6, 2)), rng.uniform(0, 90)))
    cv2.fillPoly(picture, [box.astype(np.int32)], colour(rng).tolist(), cv2.LINE_AA)
    if rng.random() < 0.4:
        cv2.polylines(
            picture,
            [box.astype(np.int32)],
            True,
            colour(rng).tolist(),
            int(rng.integers(2, 12)),
            cv2.LINE_AA,
        )


def _capsule(rng: Random, picture: Bytes, at: Point) -> None:
    """
    Draw a stadium in one or two colours.

    It may be a pill that is not round, a finger or a key's shaft.
    """
    width = max(3, int(_size(rng) * 0.6))
    turn, length = rng.uniform(0, 2 * np.pi), width * rng.uniform(0.8, 3)
    step = np.array([np.cos(turn), np.sin(turn)]) * length
    ends = [
        (int(v[0]), int(v[1])) for v in (np.array(at), np.array(at) + step / 2, np.array(at) + step)
    ]
    cv2.line(picture, ends[0], ends[2], (ink := colour(rng)).tolist(), width, cv2.LINE_AA)
    if rng.random() < 0.5:
        cv2.line(
            picture, ends[0], ends[1], (ink * rng.uniform(0.4, 1.3)).tolist(), width, cv2.LINE_AA
        )


def _long_ellipse(rng: Random, picture: Bytes, at: Point) -> None:
    r = _size(rng) * 1.3
    axes = (max(2, int(r)), max(1, int(r * rng.uniform(0.12, 0.4))))
    cv2.ellipse(
        picture,
        at,
        axes,
        rng.uniform(0, 180),
        0,
        360,
        colour(rng).tolist(),
        _stroke_or_fill(rng),
        cv2.LINE_AA,
    )


def _arc(rng: Random, picture: Bytes, at: Point) -> None:
    r, start = int(_size(rng)), rng.uniform(0, 360)
    span = rng.uniform(25, 170)
    cv2.ellipse(
        picture,
        at,
        (r, r),
        0,
        start,
        start + span,
        colour(rng).tolist(),
        _stroke_or_fill(rng),
        cv2.LINE_AA,
    )


def _spiral(rng: Random, picture: Bytes, at: Point) -> None:
    turns, r = rng.uniform(1.5, 5), _size(rng)
    angles = np.linspace(0, turns * 2 * np.pi, 120)
    points = (
        np.array(at)
        + np.stack([np.cos(angles), np.sin(angles)], 1) * (angles / angles[-1] * r)[:, None]
    )
    cv2.polylines(
        picture,
        [points.astype(np.int32)],
        False,
        colour(rng).tolist(),
        int(rng.integers(1, 6)),
        cv2.LINE_AA,
    )


def _wheel(rng: Random, picture: Bytes, at: Point) -> None:
    """Draw rays without a rim."""
    r, count = _size(rng), int(rng.integers(5, 24))
    for angle in np.arange(count) * 2 * np.pi / count:
        inner, outer = r * rng.uniform(0.1, 0.4), r * rng.uniform(0.6, 1.1)
        ends = [
            (int(at[0] + q * np.cos(angle)), int(at[1] + q * np.sin(angle))) for q in (inner, outer)
        ]
        cv2.line(
            picture,
            ends[0],
            ends[1],
            colour(rng, 0.2).tolist(),
            int(rng.integers(1, 4)),
            cv2.LINE_AA,
        )


def _key(rng: Random, picture: Bytes, at: Point) -> None:
    """Draw a key: a bow, a shaft and teeth. The bow is a box."""
    ink, size, turn = colour(rng, 0.2).tolist(), _size(rng) * 0.5, rng.uniform(0, 360)
    bow = cv2.boxPoints((at, (size * 1.6, size * 1.1), turn))
    cv2.polylines(picture, [bow.astype(np.int32)], True, ink, max(2, int(size * 0.35)), cv2.LINE_AA)
    step = np.array([np.cos(np.radians(turn)), np.sin(np.radians(turn))]) * size
    tip = np.array(at) + step * 4
    cv2.line(picture, at, (int(tip[0]), int(tip[1])), ink, max(2, int(size * 0.3)), cv2.LINE_AA)
    for k in (2.6, 3.1, 3.6):
        foot = np.array(at) + step * k
        cv2.line(
            picture,
            (int(foot[0]), int(foot[1])),
            (int(foot[0] - step[1] * 0.4), int(foot[1] + step[0] * 0.4)),
            ink,
            max(1, int(size * 0.15)),
            cv2.LINE_AA,
        )


def _blotch(rng: Random, picture: Bytes, at: Point) -> None:
    """Draw a blob whose outline is far from a circle."""
    angles = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    radii = _size(rng) * (
        1 + sum(rng.normal() * 0.22 * np.cos(k * angles + rng.uniform(0, 6)) for k in (2, 3, 4))
    )
    points = (
        np.array(at)
        + np.stack([np.cos(angles), np.sin(angles) * rng.uniform(0.4, 0.7)], 1) * radii[:, None]
    )
    cv2.fillPoly(picture, [points.astype(np.int32)], colour(rng).tolist(), cv2.LINE_AA)


def _small_text(rng: Random, picture: Bytes, at: Point) -> None:
    """Draw a paragraph of small print, a label or a serial number."""
    size, ink = rng.uniform(0.2, 0.6), colour(rng).tolist()
    font, line_px = int(rng.integers(0, 8)), int(rng.integers(1, 3))
    for row in range(rng.integers(1, 9)):
        below = (at[0], at[1] + int(row * size * 34))
        cv2.putText(
            picture,
            letters(rng, rng.integers(2, 30), "abcdeoogpqs0689OQCDR .,:"),
            below,
            font,
            size,
            ink,
            line_px,
            cv2.LINE_AA,
        )


def _crumbs(rng: Random, picture: Bytes, at: Point) -> None:
    """
    Draw specks, crumbs or leaves.

    They are many small shapes with corners or without a clear outline, and not round.
    """
    ink, reach = colour(rng), _size(rng) * 1.5
    for _ in range(rng.integers(3, 40)):
        middle = np.array(at) + rng.normal(size=2) * reach
        corners = middle + rng.normal(size=(rng.integers(3, 6), 2)) * rng.uniform(1, 7) * (
            1,
            rng.uniform(0.3, 1),
        )
        cv2.fillPoly(
            picture, [corners.astype(np.int32)], (ink * rng.uniform(0.7, 1.3)).tolist(), cv2.LINE_AA
        )


_MAKERS: dict[str, Callable[[Random, Bytes, Point], None]] = {
    "line": _line,
    "text": _text,
    "polygon": _polygon,
    "box": _box,
    "capsule": _capsule,
    "long_ellipse": _long_ellipse,
    "arc": _arc,
    "spiral": _spiral,
    "wheel": _wheel,
    "key": _key,
    "blotch": _blotch,
    "small_text": _small_text,
    "crumbs": _crumbs,
    **_LOOKALIKES,
}


def add_distractors(rng: Random, picture: Floats, count: int, names: tuple[str, ...]) -> Floats:
    """
    Draw count things that are not circles into a square picture.

    The names are the kinds to choose from. The changed picture is returned.
    """
    canvas = as_bytes(picture)
    for _ in range(count):
        maker = _MAKERS[names[rng.integers(len(names))]]
        layer = canvas.copy()
        maker(rng, layer, _point(rng, canvas.shape[0]))
        # some are transparent, as print or a shadow is
        share = rng.uniform(0.2, 0.8) if rng.random() < 0.3 else 1.0
        canvas = layer if share == 1 else cv2.addWeighted(layer, share, canvas, 1 - share, 0)  # type: ignore[assignment]
    return canvas.astype(np.float32)
