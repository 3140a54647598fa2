"""
Cut training squares from scenes and photographs.

They are scaled, turned, mirrored and recoloured, with their boxes.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from predictor.training.rendering.camera import Bytes, blur_by_motion, compressed
from predictor.training.rendering.textures import Floats, Random, white_noise

_MIN_RADIUS_PX = 2.6
"""Anything smaller in the crop is neither right nor wrong."""
_VISIBLE = 0.62
_STRETCH = 0.1
"""
Logarithm of the largest factor that makes a crop wider or narrower, at the cost of its height.
"""
_CLOSE_UPS = 0.25
"""Share of crops in which the largest thing may be larger than the crop."""
_LARGEST_SHARE = 1.22
"""
Largest size of that thing by the crop's side. A crop of a larger thing shows less of its box
than _VISIBLE.
"""
_GREY = (127, 127, 127)


@dataclass(frozen=True, slots=True)
class Crop:
    """A square of side x side px. Its boxes and ignored regions are as in Photograph."""

    pixels: Bytes
    boxes: Floats
    ignored: Floats


def cut_crop(rng: Random, source: Crop, side: int, scales: tuple[float, float]) -> Crop:
    """
    Cut a square at a random scale, mostly around an object.

    It is stretched a little, then turned and mirrored.
    """
    scale, stretch = (
        _scale(rng, source.boxes, side, scales),
        np.exp(rng.uniform(-_STRETCH, _STRETCH)),
    )
    scale_x, scale_y = scale * stretch, scale / stretch
    left, top = _corner(rng, source, (side / scale_x, side / scale_y))
    pixels = _window(source.pixels, (scale_x, scale_y), (left, top), side)
    shift, factor = (
        np.array([left, top, 0, 0], np.float32),
        np.array([scale_x, scale_y] * 2, np.float32),
    )
    boxes, ignored = ((v - shift) * factor for v in (source.boxes, source.ignored))
    return _turned(rng, Crop(np.asarray(pixels, np.uint8), *_sorted_out(boxes, ignored, side)))


def _window(
    pixels: Bytes, scales: tuple[float, float], corner: tuple[float, float], side: int
) -> Bytes:
    """
    Return the square with this upper left corner in source pixels.

    Parts outside the source are grey.
    """
    (scale_x, scale_y), (left, top) = scales, corner
    if max(scales) < 0.7:  # area averaging first: warpAffine alone would alias
        height, width = pixels.shape[:2]
        size = (max(1, round(width * scale_x)), max(1, round(height * scale_y)))
        pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
        left, top, scale_x, scale_y = left * scale_x, top * scale_y, 1.0, 1.0
    matrix = np.array([[scale_x, 0, -left * scale_x], [0, scale_y, -top * scale_y]])
    window = cv2.warpAffine(
        pixels,
        matrix,
        (side, side),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=_GREY,
    )
    return np.asarray(window, np.uint8)


def _scale(rng: Random, boxes: Floats, side: int, scales: tuple[float, float]) -> float:
    scale = float(np.exp(rng.uniform(*np.log(scales))))
    if len(boxes):
        sizes = boxes[:, 2:].max(1)
        share = rng.uniform(0.95, _LARGEST_SHARE) if rng.random() < _CLOSE_UPS else 0.95
        scale = min(scale, side * share / max(float(sizes.max()), 1))
        scale = max(scale, min(scales[1], 9 / float(np.median(sizes))))
    return scale


def _corner(rng: Random, source: Crop, window: tuple[float, float]) -> tuple[float, float]:
    """
    Draw the window's upper left corner in source pixels.

    A window larger than the source extends beyond it.
    """
    height, width = source.pixels.shape[:2]
    middle = rng.uniform(0, 1, 2) * (width, height)
    if len(source.boxes) and rng.random() < 0.85:
        middle = (
            source.boxes[rng.integers(len(source.boxes)), :2] + rng.uniform(-0.4, 0.4, 2) * window
        )
    corner = []
    for centre, length, part in zip(middle, (width, height), window, strict=True):
        free = length - part
        corner.append(
            float(np.clip(centre - part / 2, 0, free)) if free > 0 else float(rng.uniform(free, 0))
        )
    return corner[0], corner[1]


def _sorted_out(boxes: Floats, ignored: Floats, side: int) -> tuple[Floats, Floats]:
    """Move boxes that are hardly visible or too small to ignored."""
    low, high = (
        np.maximum(boxes[:, :2] - boxes[:, 2:] / 2, 0),
        np.minimum(boxes[:, :2] + boxes[:, 2:] / 2, side),
    )
    seen = np.clip(high - low, 0, None).prod(1) / np.maximum(boxes[:, 2:].prod(1), 1e-6)
    inside = ((boxes[:, :2] >= 0) & (boxes[:, :2] < side)).all(1)
    good = inside & (seen > _VISIBLE) & (boxes[:, 2:].sum(1) / 4 >= _MIN_RADIUS_PX)
    doubtful = boxes[~good & (seen > 0)] + np.array([0, 0, 2, 2], np.float32)
    return boxes[good], np.vstack([ignored, doubtful])


def _turned(rng: Random, crop: Crop) -> Crop:
    """Turn and mirror a square in one of the eight ways."""
    pixels, side = crop.pixels, crop.pixels.shape[0]
    turns, mirror = int(rng.integers(4)), bool(rng.integers(2))
    pixels = np.rot90(pixels, turns)
    pixels = pixels[:, ::-1] if mirror else pixels
    boxes, ignored = (_turned_boxes(v, side, turns, mirror) for v in (crop.boxes, crop.ignored))
    return Crop(np.ascontiguousarray(pixels), boxes, ignored)


def _turned_boxes(boxes: Floats, side: int, turns: int, mirror: bool) -> Floats:
    for _ in range(turns):
        boxes = np.stack([boxes[:, 1], side - boxes[:, 0], boxes[:, 3], boxes[:, 2]], 1)
    if mirror:
        boxes = np.hstack([side - boxes[:, :1], boxes[:, 1:]])
    return boxes


def recolour(rng: Random, pixels: Bytes) -> Bytes:
    """
    Vary colours, sharpness and noise.

    Hue, saturation, contrast, brightness, blur, noise and JPEG change; rarely the result is a
    negative.
    """
    hsv = cv2.cvtColor(pixels, cv2.COLOR_RGB2HSV)
    hsv[..., 0] = (hsv[..., 0].astype(np.int16) + rng.integers(-20, 21)) % 180
    hsv[..., 1] = cv2.multiply(
        hsv[..., 1], np.full(1, rng.choice([0.0, rng.uniform(0.2, 1.5)], p=[0.1, 0.9]))
    )
    light = cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB).astype(np.float32)
    light = (light - 128) * rng.uniform(0.5, 1.3) + 128 + rng.uniform(-45, 40)
    if rng.random() < 0.25:
        light *= rng.uniform(0.75, 1.2, 3).astype(np.float32)
    if rng.random() < 0.25:
        light = cv2.GaussianBlur(light, (0, 0), rng.uniform(0.3, 1.8))
    elif rng.random() < 0.08:
        light = blur_by_motion(rng, light, int(rng.integers(2, 11)))
    if rng.random() < 0.4:
        light += white_noise(rng, *pixels.shape[:2])[..., None] * rng.uniform(0, 8)
    if rng.random() < 0.06:
        light = 255 - light
    return compressed(rng, np.clip(light, 0, 255).astype(np.uint8), share=0.3)
