"""Provide noise, colours, light and strokes for scenes. All pictures are float32 RGB."""

import functools

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Random = np.random.Generator

cv2.setNumThreads(1)  # one process per core renders; OpenCV's threads would only compete


@functools.cache
def _noise_bank() -> Floats:
    """
    Return one white-noise field of a fixed seed, (1024, 1024).

    Cutting from it is 20 times faster than drawing anew.
    """
    return np.random.default_rng(20261124).normal(size=(1024, 1024)).astype(np.float32)


def white_noise(rng: Random, height: int, width: int) -> Floats:
    """Return normal noise of variance 1, shape (height, width). Sides are at most 1024."""
    bank = _noise_bank()
    top, left = rng.integers(0, 1025 - height), rng.integers(0, 1025 - width)
    return bank[top : top + height, left : left + width]


def smooth_noise(rng: Random, height: int, width: int, grain_px: float) -> Floats:
    """
    Return noise with blobs of about grain_px.

    Its variance is about 1, its shape (height, width).
    """
    small = white_noise(rng, max(2, int(height / grain_px) + 1), max(2, int(width / grain_px) + 1))
    field = cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray((field - field.mean()) / (field.std() + 1e-6), np.float32)


def colour(rng: Random, saturation: float | None = None) -> Floats:
    """Return a colour, RGB 0..255. Its saturation is in 0..1; by default it is mostly dull."""
    s = rng.beta(1.2, 2) if saturation is None else saturation
    hsv = np.uint8([[[rng.integers(0, 180), 255 * s, rng.uniform(15, 250)]]])  # type: ignore[call-overload,list-item]
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)[0, 0].astype(np.float32)


def rgb(values: Floats) -> tuple[int, int, int]:
    """Return a colour as Pillow takes it."""
    r, g, b = np.clip(values, 0, 255).astype(int).tolist()
    return r, g, b


def coordinates(height: int, width: int) -> tuple[Floats, Floats]:
    """Return x and y of every pixel, each (height, width)."""
    ys, xs = np.mgrid[:height, :width].astype(np.float32)
    return xs, ys


def rotated(xs: Floats, ys: Floats, angle: float) -> tuple[Floats, Floats]:
    """Return coordinates along and across a direction."""
    c, s = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    return xs * c + ys * s, ys * c - xs * s


def blend(picture: Floats, mask: Floats, paint: Floats | tuple[float, ...]) -> None:
    """Paint over picture in place. The mask (height, width, 0..1) says where."""
    m = mask[..., None]
    picture += (np.asarray(paint, np.float32) - picture) * m


def letters(rng: Random, count: int, alphabet: str = "ABCDEFGHJKLMNPRSTUVWXYZ0123456789") -> str:
    """Return count random characters."""
    return "".join(alphabet[i] for i in rng.integers(0, len(alphabet), count))


def write(
    picture: Floats,
    text: str,
    at: tuple[int, int],
    rng: Random,
    size: float,
    ink: Floats,
    line_px: int,
) -> None:
    """
    Write text in one of OpenCV's fonts.

    Its baseline's left end is at (x, y); size 1 is about 22 px tall.
    """
    mask = np.zeros(picture.shape[:2], np.uint8)  # OpenCV writes, and smooths edges, on bytes only
    cv2.putText(
        mask, text, at, (0, 1, 2, 3, 4, 6, 7)[rng.integers(0, 7)], size, 255, line_px, cv2.LINE_AA
    )
    share = mask.astype(np.float32) / 255
    if picture.ndim == 2:
        np.maximum(picture, share * ink, out=picture)
    else:
        blend(picture, share, ink)


def as_bytes(picture: Floats) -> NDArray[np.uint8]:
    """Return the picture on 8 bits, clipped. OpenCV draws smooth lines on that only."""
    return np.clip(picture, 0, 255).astype(np.uint8)
