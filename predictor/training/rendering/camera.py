"""Imitate what lens, sensor, light and file format do to a picture."""

import cv2
import numpy as np
from numpy.typing import NDArray

from predictor.training.rendering.textures import Floats, Random, coordinates, rotated, white_noise

Bytes = NDArray[np.uint8]


def photograph(rng: Random, scene: Floats) -> Bytes:
    """
    Turn light (height, width, 3) into an 8-bit RGB picture.

    It adds shade, cast, low light, blur, noise and JPEG.
    """
    side = scene.shape[0]
    if rng.random() < 0.3:
        xs, ys = coordinates(side, side)
        scene = (
            scene
            * (1 - rng.uniform(0.2, 1.2) * ((xs / side - 0.5) ** 2 + (ys / side - 0.5) ** 2))[
                ..., None
            ]
        )
    if rng.random() < 0.2:
        scene = _cast_shadow(rng, scene)
    if rng.random() < 0.5:
        scene = _blurred(rng, scene)
    if rng.random() < 0.2:
        scene = scene.mean(2, keepdims=True) + np.zeros(3, np.float32)
    elif rng.random() < 0.4:
        scene = scene * rng.uniform(0.7, 1.2, 3).astype(np.float32)
    scene = (scene - 128) * rng.uniform(0.4, 1.25) + 128 + rng.uniform(-40, 35)
    if rng.random() < 0.7:
        scene = scene + white_noise(rng, side, side)[..., None] * rng.uniform(0, 9)
    return compressed(rng, np.clip(scene, 0, 255).astype(np.uint8), share=0.5)


def filmed(rng: Random, scene: Floats) -> Bytes:
    """
    Turn light into a frame of a film, 8-bit RGB.

    It is smeared a little and compressed once or twice, more than a photograph.
    """
    if rng.random() < 0.4:
        scene = blur_by_motion(rng, scene, int(rng.integers(2, 9)))
    if rng.random() < 0.5:
        scene = np.asarray(cv2.GaussianBlur(scene, (0, 0), rng.uniform(0.4, 1.4)), np.float32)
    scene = (scene - 128) * rng.uniform(0.6, 1.2) + 128 + rng.uniform(-40, 35)
    side = scene.shape[0]
    scene = scene + white_noise(rng, side, side)[..., None] * rng.uniform(0, 6)
    frame = compressed(rng, np.clip(scene, 0, 255).astype(np.uint8), share=0.8)
    return compressed(rng, frame, share=0.5)


def compressed(rng: Random, picture: Bytes, share: float) -> Bytes:
    """Compress a share of the pictures as JPEG, at a random quality."""
    if rng.random() >= share:
        return picture
    _, data = cv2.imencode(
        ".jpg",
        picture,
        [
            cv2.IMWRITE_JPEG_QUALITY,
            int(rng.choice([rng.integers(12, 30), rng.integers(30, 95)], p=[0.15, 0.85])),
        ],
    )
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_UNCHANGED), np.uint8)


def _cast_shadow(rng: Random, scene: Floats) -> Floats:
    """Darken half of the picture, as an object outside it would."""
    side = scene.shape[0]
    along, _ = rotated(*coordinates(side, side), rng.uniform(0, 2 * np.pi))
    edge = 1 / (
        1
        + np.exp(
            np.clip((rng.uniform(along.min(), along.max()) - along) / rng.uniform(1.5, 25), -50, 50)
        )
    )
    return np.asarray(scene * (1 - edge * rng.uniform(0.2, 0.7))[..., None], np.float32)


def _blurred(rng: Random, scene: Floats) -> Floats:
    if rng.random() < 0.75:
        return np.asarray(cv2.GaussianBlur(scene, (0, 0), rng.uniform(0.3, 2.2)), np.float32)
    return blur_by_motion(rng, scene, int(rng.integers(2, 13)))


def blur_by_motion(rng: Random, scene: Floats, length: int) -> Floats:
    """Smear a picture along a line of a length in px, in a random direction."""
    kernel = np.zeros((2 * length + 1, 2 * length + 1), np.float32)
    turn = rng.uniform(0, np.pi)
    end = np.array([np.cos(turn), np.sin(turn)]) * length / 2
    cv2.line(
        kernel,
        (int(length - end[0]), int(length - end[1])),
        (int(length + end[0]), int(length + end[1])),
        1.0,
        1,
    )
    return np.asarray(cv2.filter2D(scene, -1, kernel / kernel.sum()), np.float32)
