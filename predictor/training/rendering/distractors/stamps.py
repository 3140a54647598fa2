"""Lay cut-out photographs of things that are not round on a picture."""

from collections.abc import Sequence

import cv2
import numpy as np

from predictor.training.rendering.camera import Bytes
from predictor.training.rendering.textures import Floats, Random


def add_stamps(rng: Random, picture: Floats, count: int, stamps: Sequence[Bytes]) -> Floats:
    """
    Lay count cut-outs on the picture, turned and scaled.

    They show things that are not round, (height, width, 4).
    """
    side, canvas = picture.shape[0], picture
    for _ in range(count):
        stamp = stamps[rng.integers(len(stamps))]
        scale = np.exp(rng.uniform(np.log(24), np.log(420))) / max(stamp.shape[:2])
        turn, mirror = rng.uniform(0, 2 * np.pi) if rng.random() < 0.6 else 0.0, rng.choice([-1, 1])
        linear = (
            np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
            @ np.diag([mirror, 1])
            * scale
        )
        middle = rng.uniform(0, side, 2) - linear @ (np.array(stamp.shape[1::-1]) / 2)
        small = cv2.blur(stamp, (int(1 / scale), int(1 / scale))) if scale < 0.5 else stamp
        laid = cv2.warpAffine(small, np.hstack([linear, middle[:, None]]), (side, side)).astype(
            np.float32
        )
        share = laid[..., 3:] / 255
        light = (laid[..., :3] - 128) * rng.uniform(0.6, 1.1) + 128 + rng.uniform(-30, 20)
        canvas = canvas + (light - canvas) * share
    return np.asarray(canvas, np.float32)
