"""Draw grounds of cloth and similarly soft things: weave, bumps, quilts, padding."""

import cv2
import numpy as np

from predictor.training.rendering.grounds.plain import plain
from predictor.training.rendering.textures import Floats, Random, coordinates, rotated, smooth_noise


def cloth(rng: Random, side: int) -> Floats:
    """
    Draw weave, stripes, checks or polka dots, with folds in the light.

    The dots are too small or too soft to be objects.
    """
    picture = plain(rng, side)
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
        picture *= (
            1 + smooth_noise(rng, side, side, rng.uniform(40, 160)) * rng.uniform(0.03, 0.2)
        )[..., None]
    return picture


def bumps(rng: Random, side: int) -> Floats:
    """
    Draw soft bumps all over, shaded from one side.

    They imitate terry cloth, knit, cobbles and embossed leather; none is an object.
    """
    picture = plain(rng, side)
    period = np.exp(rng.uniform(np.log(5), np.log(70)))
    along, across = rotated(*coordinates(side, side), rng.uniform(0, np.pi))
    bend = period * rng.uniform(0.05, 0.6)
    along = along + smooth_noise(rng, side, side, period * rng.uniform(1, 4)) * bend
    across = (
        across * rng.uniform(0.6, 1)
        + smooth_noise(rng, side, side, period * rng.uniform(1, 4)) * bend
    )
    height = np.abs(
        np.cos(along * np.pi / period) * np.cos(across * np.pi / period)
    ) ** rng.uniform(0.3, 1.2)
    height = np.asarray(height * period, np.float32)
    slope = (
        cv2.Sobel(height, cv2.CV_32F, 1, 0) * rng.normal()
        + cv2.Sobel(height, cv2.CV_32F, 0, 1) * rng.normal()
    )
    picture *= (0.75 + 0.25 * height / period)[..., None]
    return np.asarray(picture + np.clip(slope, -6, 6)[..., None] * rng.uniform(2, 14), np.float32)


def pillow(rng: Random, side: int) -> Floats:
    """
    Draw quilted cloth, shaded from one side.

    It is a lattice of padded cells with seams between.
    """
    along, across = rotated(*coordinates(side, side), rng.uniform(0, np.pi))
    cell = np.exp(rng.uniform(np.log(14), np.log(130)))
    u, v = along / cell, across / cell * rng.uniform(0.7, 1.2)
    u = u + smooth_noise(rng, side, side, cell * rng.uniform(1, 4)) * rng.uniform(0, 0.15)
    v = v + smooth_noise(rng, side, side, cell * rng.uniform(1, 4)) * rng.uniform(0, 0.15)
    if rng.random() < 0.4:
        v = v + 0.5 * (np.floor(u) % 2)
    height = np.abs(np.sin(np.pi * u) * np.sin(np.pi * v)) ** rng.uniform(0.25, 1.5)
    if rng.random() < 0.3:
        height = np.maximum(np.abs(np.sin(np.pi * u)), np.abs(np.sin(np.pi * v))) ** rng.uniform(
            1, 4
        )
    light = np.asarray(height * cell, np.float32)
    slope = (
        cv2.Sobel(light, cv2.CV_32F, 1, 0) * rng.normal()
        + cv2.Sobel(light, cv2.CV_32F, 0, 1) * rng.normal()
    )
    shade = np.clip(slope, -6, 6) * rng.uniform(1, 9) + (height - 0.6) * rng.uniform(0, 70)
    grain = smooth_noise(rng, side, side, rng.uniform(1.2, 5)) * rng.uniform(0, 10)
    base = cloth(rng, side) if rng.random() < 0.25 else plain(rng, side)
    return np.asarray(base + (shade + grain)[..., None], np.float32)


def padding(rng: Random, side: int) -> Floats:
    """
    Draw separate bumps in a lattice, diamonds to round boxes.

    They imitate embroidered or padded cloth, bubble mats, tufts and studs.
    """
    along, across = rotated(*coordinates(side, side), rng.uniform(0, np.pi))
    cell = np.exp(rng.uniform(np.log(18), np.log(110)))
    bend = rng.uniform(0, 0.12)
    u = along / cell + smooth_noise(rng, side, side, cell * rng.uniform(1, 5)) * bend
    v = (
        across / cell * rng.uniform(0.75, 1.3)
        + smooth_noise(rng, side, side, cell * rng.uniform(1, 5)) * bend
    )
    if rng.random() < 0.5:
        u = u + 0.5 * (np.floor(v) % 2)
    n, reach = rng.choice([rng.uniform(0.9, 1.5), rng.uniform(2.6, 6)]), rng.uniform(0.3, 0.5)
    x, y = np.abs(u % 1 - 0.5) / reach, np.abs(v % 1 - 0.5) / (reach * rng.uniform(0.75, 1))
    rho = (x**n + y**n) ** (1 / n) + smooth_noise(
        rng, side, side, cell / rng.uniform(2, 8)
    ) * rng.uniform(0.02, 0.15)
    height = np.clip((1 - rho) / rng.uniform(0.15, 1), 0, 1) ** rng.uniform(0.4, 1)
    light = cv2.GaussianBlur(
        np.asarray(height * cell, np.float32), (0, 0), max(0.6, cell / rng.uniform(12, 60))
    )
    slope = (
        cv2.Sobel(light, cv2.CV_32F, 1, 0) * rng.normal()
        + cv2.Sobel(light, cv2.CV_32F, 0, 1) * rng.normal()
    )
    threads = np.sin(
        (along * rng.normal() + across * rng.normal()) * rng.uniform(0.3, 1.2)
    ) * rng.uniform(0, 10)
    picture = (
        plain(rng, side) + (np.clip(slope, -8, 8) * rng.uniform(2, 9) + threads * height)[..., None]
    )
    picture += height[..., None] * rng.normal(size=3) * rng.choice([4, 25])
    return np.asarray(
        picture
        + smooth_noise(rng, side, side, rng.uniform(1.2, 4))[..., None] * rng.uniform(2, 14),
        np.float32,
    )
