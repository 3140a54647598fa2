"""
Render leaves against light.

The gaps between them have every shape, some nearly round, but none is a thing.
"""

import cv2
import numpy as np

from predictor.training.rendering.camera import Bytes, photograph
from predictor.training.rendering.textures import Floats, Random, smooth_noise

SIDE_PX = 640


def render_foliage(rng: Random) -> Bytes:
    """
    Render a hedge, a tree's crown or a wood at night.

    It stands against the sky, (640, 640, 3), deterministic from rng.
    """
    scene = _sky(rng)
    leaf_px = float(np.exp(rng.uniform(np.log(2.5), np.log(40))))
    tone = np.array((rng.uniform(10, 110), rng.uniform(30, 130), rng.uniform(5, 60)), np.float32)
    density = smooth_noise(rng, SIDE_PX, SIDE_PX, rng.uniform(60, 400))
    count = int(min(9000, rng.uniform(1.2, 5) * SIDE_PX * SIDE_PX / (leaf_px * leaf_px)))
    for x, y in rng.uniform(0, SIDE_PX, (count, 2)):
        if density[int(y), int(x)] > rng.normal() - rng.uniform(0.8, 1.6):
            _leaf(rng, scene, (x, y), leaf_px, tone)
    if rng.random() < 0.5:
        scene *= rng.uniform(0.25, 0.9)
    return photograph(rng, scene)


def _sky(rng: Random) -> Floats:
    noise = smooth_noise(rng, SIDE_PX, SIDE_PX, rng.uniform(20, 300))[..., None]
    light = np.array(
        (rng.uniform(140, 255), rng.uniform(150, 255), rng.uniform(150, 270)), np.float32
    )
    return np.asarray(light + noise * rng.uniform(0, 30), np.float32)


def _leaf(
    rng: Random, scene: Floats, at: tuple[float, float], leaf_px: float, tone: Floats
) -> None:
    """Draw a blade between two arcs, lighter or darker than the others."""
    length, slim = leaf_px * rng.uniform(0.6, 1.4), rng.uniform(0.25, 0.6)
    along = np.linspace(0, np.pi, 7)
    x, y = np.cos(along) * length, np.sin(along) * length * slim
    turn = rng.uniform(0, 2 * np.pi)
    c, s = np.cos(turn), np.sin(turn)
    outline = np.concatenate([np.stack([x, y], 1), np.stack([-x, -y], 1)[1:-1]])
    points = np.round((outline @ np.array([[c, s], [-s, c]]) + at) * 16).astype(np.int32)
    cv2.fillPoly(scene, [points], (tone * rng.uniform(0.4, 1.5)).tolist(), cv2.LINE_8, 4)
