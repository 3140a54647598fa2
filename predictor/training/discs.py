"""What round things look like from above: one texture and one mask per kind, on a square that the disc just fills."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from predictor.training.textures import Floats, Random, colour, letters, rotated, smooth_noise, white_noise, write


@dataclass(frozen=True, slots=True)
class Disc:
    """
    One round thing, seen straight on.

    texture: (side, side, 3) RGB; mask: (side, side), 0..1. Where adds is true the texture is light to add
    (a bubble's rim, a cell's stain), else it is paint to lay over what is below.
    """

    texture: Floats
    mask: Floats
    adds: bool = False


@dataclass(frozen=True, slots=True)
class _Grid:
    """Coordinates of a square: x and y in -1..1, distance rho from the middle, angle theta."""

    side: int
    x: Floats
    y: Floats
    rho: Floats
    theta: Floats

    def inside(self, radius: float | Floats = 1.0) -> Floats:
        """A mask with a soft edge one pixel wide."""
        return np.asarray(np.clip((radius - self.rho) * self.side / 2 + 0.5, 0, 1), np.float32)

    def ring(self, radius: float, width: float) -> Floats:
        """A soft ring, 1 on the radius."""
        return np.asarray(np.exp(-(((self.rho - radius) / width) ** 2)), np.float32)


def _grid(side: int) -> _Grid:
    line = (np.arange(side, dtype=np.float32) - (side - 1) / 2) / (side / 2)
    x, y = np.meshgrid(line, line)
    return _Grid(side, x, y, np.sqrt(x * x + y * y), np.arctan2(y, x))


def _lit(rng: Random, height: Floats, strength: float) -> Floats:
    """Light falling on a relief from one side, (side, side)."""
    angle = rng.uniform(0, 2 * np.pi)
    slope = cv2.Sobel(height, cv2.CV_32F, 1, 0) * np.cos(angle) + cv2.Sobel(height, cv2.CV_32F, 0, 1) * np.sin(angle)
    return np.asarray(np.clip(slope, -3, 3) * strength, np.float32)


def _flat(rng: Random, g: _Grid, base: Floats | None = None) -> Floats:
    texture = np.empty((g.side, g.side, 3), np.float32)
    texture[:] = colour(rng) if base is None else base
    return texture


METALS = ((184, 115, 70), (200, 165, 95), (180, 180, 178), (150, 135, 110), (120, 80, 55), (215, 200, 160))


def coin(rng: Random, g: _Grid) -> Disc:
    """Relief of letters, dots and a head inside a raised rim; worn, sometimes of two metals or with a hole."""
    base = np.asarray(METALS[rng.integers(len(METALS))], np.float32) * rng.uniform(0.45, 1.25) + rng.normal(size=3) * 8
    texture, relief = _flat(rng, g, base), np.zeros((g.side, g.side), np.float32)
    _strike(rng, g, relief)
    rim = rng.uniform(0.82, 0.97)
    relief = cv2.GaussianBlur(relief, (0, 0), max(0.6, g.side / rng.uniform(60, 160)))
    relief += smooth_noise(rng, g.side, g.side, rng.uniform(1.5, 8)) * rng.uniform(0.02, 0.1) + (g.rho > rim) * 0.6
    if rng.random() < 0.25:
        core = np.asarray(METALS[rng.integers(len(METALS))], np.float32) * rng.uniform(0.6, 1.2)
        texture += (core - texture) * g.inside(rng.uniform(0.6, 0.78))[..., None]
    texture += _lit(rng, relief, rng.uniform(8, 60))[..., None]
    texture += smooth_noise(rng, g.side, g.side, g.side / rng.uniform(2, 8))[..., None] * rng.uniform(0, 18)
    mask = g.inside()
    if rng.random() < 0.05:
        mask = mask * (1 - g.inside(rng.uniform(0.12, 0.25)))
    return Disc(_sheen(rng, g, texture), mask)


def _strike(rng: Random, g: _Grid, relief: Floats) -> None:
    side = g.side
    for _ in range(rng.integers(1, 6)):
        at = tuple(int(v) for v in rng.uniform(0.25, 0.7, 2) * side)
        if rng.random() < 0.5:
            write(
                relief,
                letters(rng, rng.integers(1, 5)),
                (at[0] // 2, at[1]),
                rng,
                side / 90 * rng.uniform(0.4, 2),
                np.ones(1, np.float32),
                max(1, side // 50),
            )
        else:
            axes = tuple(int(v) for v in rng.uniform(0.05, 0.35, 2) * side)
            cv2.ellipse(
                relief,
                at,
                axes,
                rng.uniform(0, 180),
                0,
                rng.uniform(90, 360),
                1.0,
                max(1, side // 50) if rng.random() < 0.5 else -1,
                cv2.LINE_AA,
            )
    if rng.random() < 0.5:  # a legend or beads around
        count = rng.integers(10, 60)
        relief += (np.cos(g.theta * count) > rng.uniform(-0.3, 0.6)) * (
            np.abs(g.rho - rng.uniform(0.72, 0.88)) < rng.uniform(0.02, 0.07)
        )


def _sheen(rng: Random, g: _Grid, texture: Floats) -> Floats:
    """A gradient of light across, and now and then a glare spot that burns out."""
    along, _ = rotated(g.x, g.y, rng.uniform(0, 2 * np.pi))
    texture += along[..., None] * rng.uniform(0, 45)
    if rng.random() < 0.3:
        x, y = rng.uniform(-0.7, 0.7, 2)
        spot = np.exp(-((g.x - x) ** 2 + (g.y - y) ** 2) / rng.uniform(0.005, 0.3))
        texture += spot[..., None] * rng.uniform(30, 220)
    return texture


def cap(rng: Random, g: _Grid) -> Disc:
    """A crown cap's teeth or a screw cap's ridges, printed on top."""
    teeth = rng.integers(18, 40)
    edge = 1 - rng.uniform(0.0, 0.08) * (1 + np.cos(g.theta * teeth)) / 2
    texture = _flat(rng, g)
    for _ in range(rng.integers(0, 4)):
        texture += (colour(rng) - texture) * g.inside(rng.uniform(0.3, 0.95))[..., None]
    if rng.random() < 0.6:
        write(
            texture,
            letters(rng, rng.integers(1, 6)),
            (int(g.side * 0.15), int(g.side * 0.6)),
            rng,
            g.side / 60 * rng.uniform(0.3, 0.9),
            colour(rng),
            max(1, g.side // 30),
        )
    relief = np.asarray(
        g.ring(rng.uniform(0.75, 0.9), 0.06) + 0.4 * np.cos(g.theta * teeth) * (g.rho > 0.85), np.float32
    )
    texture += _lit(rng, relief, rng.uniform(20, 90))[..., None]
    return Disc(_sheen(rng, g, texture), g.inside(np.asarray(edge, np.float32)))


def pill(rng: Random, g: _Grid) -> Disc:
    """A tablet: one dull colour, bevelled edge, score line or imprint, speckles."""
    base = colour(rng, rng.uniform(0, 0.6)) * 0.3 + 0.7 * rng.uniform(120, 250)
    texture = _flat(rng, g, base)
    relief = np.clip((1 - g.rho) / rng.uniform(0.08, 0.5), 0, 1)
    if rng.random() < 0.5:
        along, _ = rotated(g.x, g.y, rng.uniform(0, np.pi))
        relief = relief - (np.abs(along) < rng.uniform(0.03, 0.08)) * 0.7
    if rng.random() < 0.4:
        write(
            relief := np.ascontiguousarray(relief),
            letters(rng, rng.integers(1, 4)),
            (int(g.side * 0.25), int(g.side * 0.6)),
            rng,
            g.side / 60 * rng.uniform(0.4, 1),
            np.zeros(1, np.float32),
            max(1, g.side // 30),
        )
    texture += _lit(
        rng, cv2.GaussianBlur(np.asarray(relief, np.float32), (0, 0), max(0.5, g.side / 80)), rng.uniform(15, 120)
    )[..., None]
    if rng.random() < 0.3:
        texture += (white_noise(rng, g.side, g.side) > 1.8)[..., None] * rng.uniform(-60, 40)
    return Disc(_sheen(rng, g, texture), g.inside())


def washer(rng: Random, g: _Grid) -> Disc:
    """A ring with a hole through which one sees what lies below."""
    texture = _flat(rng, g) + smooth_noise(rng, g.side, g.side, rng.uniform(2, 9))[..., None] * rng.uniform(0, 15)
    hole = rng.uniform(0.25, 0.88)
    relief = np.asarray(g.inside() - g.inside(hole), np.float32)
    texture += _lit(rng, cv2.GaussianBlur(relief, (0, 0), max(0.6, g.side / 60)), rng.uniform(0, 90))[..., None]
    return Disc(_sheen(rng, g, texture), g.inside() * (1 - g.inside(hole)))


def ball(rng: Random, g: _Grid) -> Disc:
    """A sphere under one lamp, matt to glossy, plain, bumpy, striped or with a seam."""
    z = np.sqrt(np.clip(1 - g.rho**2, 0, 1))
    texture = _flat(rng, g, colour(rng, rng.beta(2, 1.5)) if rng.random() < 0.7 else None)
    kind = rng.random()
    along, across = rotated(g.x, g.y, rng.uniform(0, np.pi))
    if kind < 0.3:
        texture += smooth_noise(rng, g.side, g.side, rng.uniform(1, 6))[..., None] * rng.uniform(3, 25)
    elif kind < 0.45:
        line = np.abs(along - rng.uniform(0.3, 0.9) * np.sin(across * rng.uniform(1, 2.6) + rng.uniform(0, 6)) * 0.7)
        texture[line < rng.uniform(0.03, 0.1)] = colour(rng)
    elif kind < 0.55:
        texture[np.sin(np.arctan2(along, z + 0.2) * rng.integers(2, 7)) > 0] = colour(rng)
    return Disc(_shaded(rng, g, texture, np.asarray(z, np.float32)), g.inside())


def _shaded(rng: Random, g: _Grid, texture: Floats, z: Floats) -> Floats:
    turn, height = rng.uniform(0, 2 * np.pi), rng.uniform(0.3, 1.3)
    light = np.clip(
        g.x * np.cos(turn) * np.cos(height) + g.y * np.sin(turn) * np.cos(height) + z * np.sin(height), 0, 1
    )
    texture = texture * (rng.uniform(0.1, 0.6) + rng.uniform(0.4, 0.95) * light)[..., None]
    gloss = light ** rng.uniform(8, 90) * rng.uniform(0, 230)
    if rng.random() < 0.25:
        gloss = gloss + np.clip(g.y * rng.uniform(0.3, 1), 0, 1) * rng.uniform(0, 60)  # light thrown back by the table
    return np.asarray(texture + gloss[..., None], np.float32)


def bubble(rng: Random, g: _Grid) -> Disc:
    """A thin bright or dark rim with a few glints, nearly clear inside."""
    width = rng.uniform(0.03, 0.25)
    light = g.ring(1 - width, width * 0.6) * rng.uniform(12, 130) * rng.choice([-1, 1]) + rng.uniform(-35, 30)
    if rng.random() < 0.4:
        light = light + g.ring(1 - 2.4 * width, width) * rng.uniform(-60, 60)
    for _ in range(rng.integers(0, 5)):
        x, y = rng.uniform(-0.7, 0.7, 2)
        light = light + np.exp(-((g.x - x) ** 2 + (g.y - y) ** 2) / rng.uniform(0.001, 0.03)) * rng.uniform(30, 200)
    return Disc(np.asarray(light[..., None] * rng.uniform(0.7, 1.1, 3), np.float32), g.inside(), adds=True)


def cell(rng: Random, g: _Grid) -> Disc:
    """A stained or pale cell: coloured shadow, paler or darker middle, membrane, now and then a nucleus."""
    middle = np.exp(-((g.rho / rng.uniform(0.25, 0.65)) ** 2))
    stain = (1 - middle * rng.uniform(0, 1)) * rng.uniform(15, 85) * rng.choice([-1, -1, -1, 1])
    light = stain[..., None] * rng.uniform(0.3, 1.2, 3) + (g.ring(0.93, 0.07) * rng.uniform(-50, 30))[..., None]
    if rng.random() < 0.3:
        x, y = rng.uniform(-0.3, 0.3, 2)
        core = np.hypot(g.x - x, g.y - y) < rng.uniform(0.15, 0.5)
        light = light - core[..., None] * rng.uniform(20, 90) * rng.uniform(0.3, 1, 3)
    light = light + smooth_noise(rng, g.side, g.side, rng.uniform(2, 10))[..., None] * rng.uniform(0, 8)
    return Disc(np.asarray(light, np.float32), g.inside(), adds=True)


def glow(rng: Random, g: _Grid) -> Disc:
    """A fluorescent blob or droplet: light only, brightest in the middle or even, with a soft edge."""
    soft = rng.uniform(0.05, 0.5)
    light = np.clip((1 - g.rho) / soft, 0, 1) * rng.uniform(25, 200)
    light = light * (1 + smooth_noise(rng, g.side, g.side, g.side / rng.uniform(3, 12)) * rng.uniform(0, 0.25))
    tint = np.ones(3) if rng.random() < 0.5 else rng.uniform(0, 1, 3)
    return Disc(np.asarray(light[..., None] * tint, np.float32), g.inside(), adds=True)


def plate(rng: Random, g: _Grid) -> Disc:
    """A pale plate or lid with concentric steps."""
    texture = _flat(rng, g, colour(rng, rng.uniform(0, 0.3)) * 0.4 + 0.6 * rng.uniform(90, 250))
    relief = np.zeros_like(g.rho)
    for _ in range(rng.integers(1, 4)):
        relief = relief + g.inside(rng.uniform(0.35, 0.97)) * rng.choice([-1, 1])
    texture += _lit(
        rng,
        cv2.GaussianBlur(np.asarray(relief, np.float32), (0, 0), max(0.8, g.side / rng.uniform(15, 80))),
        rng.uniform(20, 110),
    )[..., None]
    return Disc(_sheen(rng, g, texture), g.inside())


def log_end(rng: Random, g: _Grid) -> Disc:
    """A sawn log: year rings, cracks, bark; nearly round."""
    wobble = sum(rng.normal() * 0.025 * np.cos(k * g.theta + rng.uniform(0, 6)) for k in (2, 3, 4, 5))
    rho = g.rho * (1 + np.clip(wobble, -0.06, 0.06)) + 0.02
    texture = _flat(rng, g, np.asarray((195, 150, 100), np.float32) * rng.uniform(0.4, 1.25) + rng.normal(size=3) * 12)
    waves = np.sin(rho * rng.uniform(15, 80) + smooth_noise(rng, g.side, g.side, g.side / 3) * 0.8) * rng.uniform(2, 18)
    texture += waves[..., None] + white_noise(rng, g.side, g.side)[..., None] * rng.uniform(2, 9)
    for _ in range(rng.integers(0, 4)):
        along, across = rotated(g.x, g.y, rng.uniform(0, 2 * np.pi))
        texture[(np.abs(across) < rng.uniform(0.01, 0.04)) & (along > 0) & (along < rng.uniform(0.2, 0.9))] *= 0.4
    texture[rho > rng.uniform(0.84, 0.97)] *= rng.uniform(0.25, 0.8)
    texture += (g.inside(rng.uniform(0.2, 0.6)) * rng.uniform(-35, 15))[..., None]
    return Disc(texture, np.asarray(np.clip((1 - rho) * g.side / 2 + 0.5, 0, 1), np.float32))


def hole(rng: Random, g: _Grid) -> Disc:
    """A drilled hole or a pipe's mouth: dark, its far wall lit."""
    texture = _flat(rng, g, colour(rng) * rng.uniform(0.02, 0.35))
    along, _ = rotated(g.x, g.y, rng.uniform(0, 2 * np.pi))
    texture += (np.clip(along, 0, 1) * g.rho**2)[..., None] * rng.uniform(10, 130)
    texture += (g.ring(0.97, 0.05) * rng.uniform(-30, 90))[..., None]
    return Disc(texture, g.inside())


def drawn(rng: Random, g: _Grid) -> Disc:
    """A circle drawn with a pen: only its line."""
    line = max(rng.uniform(0.015, 0.12), 2.2 / g.side)
    wobble = sum(rng.normal() * 0.008 * np.cos(k * g.theta + rng.uniform(0, 6)) for k in (2, 3))
    mask = np.clip((line - np.abs(g.rho - (1 - line) + np.clip(wobble, -0.02, 0.02))) * g.side / 2 + 0.5, 0, 1)
    return Disc(_flat(rng, g, colour(rng) * rng.uniform(0.2, 1)), np.asarray(mask, np.float32))


def stone(rng: Random, g: _Grid) -> Disc:
    """A go stone, a draughtsman or a button: nearly black, white or one colour, domed, perhaps with thread holes."""
    grey = rng.choice([rng.uniform(10, 60), rng.uniform(190, 250)])
    texture = _flat(rng, g, np.full(3, grey, np.float32) if rng.random() < 0.6 else colour(rng))
    z = np.sqrt(np.clip(1 - 0.6 * g.rho**2, 0, 1))
    texture = _shaded(rng, g, texture, np.asarray(z, np.float32))
    if rng.random() < 0.3:
        holes = rng.choice([2, 4])
        for k in range(holes):
            a = 2 * np.pi * k / holes
            texture[np.hypot(g.x - 0.25 * np.cos(a), g.y - 0.25 * np.sin(a)) < 0.1] *= 0.2
    return Disc(texture, g.inside())


def screw(rng: Random, g: _Grid) -> Disc:
    """A screw head or nut face: metal with a slot, a cross or a socket."""
    texture = _flat(rng, g, np.full(3, rng.uniform(60, 220), np.float32) + rng.normal(size=3) * 8)
    along, across = rotated(g.x, g.y, rng.uniform(0, np.pi))
    slot = (np.abs(along) < rng.uniform(0.06, 0.15)) & (np.abs(across) < rng.uniform(0.5, 1))
    if rng.random() < 0.6:
        slot |= (np.abs(across) < 0.12) & (np.abs(along) < 0.6)
    texture[slot] *= rng.uniform(0.15, 0.6)
    texture += (g.ring(0.95, 0.08) * rng.uniform(-70, 40))[..., None]
    return Disc(_sheen(rng, g, texture), g.inside())


def printed(rng: Random, g: _Grid) -> Disc:
    """A flat printed or painted dot, sign or target: sharp steps of colour."""
    texture = _flat(rng, g)
    for _ in range(rng.integers(0, 4)):
        texture += (colour(rng) - texture) * g.inside(rng.uniform(0.2, 0.97))[..., None]
    if rng.random() < 0.3:
        write(
            texture,
            letters(rng, rng.integers(1, 4)),
            (int(g.side * 0.2), int(g.side * 0.65)),
            rng,
            g.side / 50 * rng.uniform(0.4, 1),
            colour(rng),
            max(1, g.side // 25),
        )
    return Disc(texture, g.inside())


def blood_cell(rng: Random, g: _Grid) -> Disc:
    """A stained red cell: an even tint through which one sees the next, a paler middle, a soft darker edge."""
    tint = np.asarray((40, 85, 70), np.float32) * rng.uniform(0.3, 1.4) + rng.normal(size=3) * 12
    pale = np.clip(1 - (g.rho / rng.uniform(0.3, 0.75)) ** 2, 0, 1) * rng.uniform(0, 1.2)
    depth = (1 - pale) * (1 + g.ring(0.94, 0.08) * rng.uniform(-0.3, 0.5))
    depth = depth * (1 + smooth_noise(rng, g.side, g.side, g.side / 4) * rng.uniform(0, 0.1))
    return Disc(np.asarray(-depth[..., None] * tint, np.float32), g.inside(), adds=True)


def red_cell(rng: Random, g: _Grid) -> Disc:
    """A blood cell whose outline is not quite round, now and then with a speck of stain or a glint."""
    light = blood_cell(rng, g).texture
    if rng.random() < 0.15:
        x, y = rng.uniform(-0.5, 0.5, 2)
        light = light + (np.hypot(g.x - x, g.y - y) < rng.uniform(0.04, 0.14))[..., None] * rng.uniform(-50, 70)
    wobble = sum(rng.normal() * 0.015 * np.cos(k * g.theta + rng.uniform(0, 6)) for k in (2, 3, 4))
    edge = 0.98 + np.clip(wobble, -0.06, 0.02)
    return Disc(np.asarray(light, np.float32), g.inside(np.asarray(edge, np.float32)), adds=True)


def bead(rng: Random, g: _Grid) -> Disc:
    """A particle under the microscope: bright or dark core with rings of the other sign, out of focus or sharp."""
    sign = rng.choice([-1, 1])
    light = np.cos(np.clip(g.rho, 0, 1) * np.pi * rng.uniform(0.5, 2.2)) * np.clip(1.15 - g.rho, 0, 1)
    texture = np.asarray(light[..., None] * sign * rng.uniform(15, 120) * np.ones(3), np.float32)
    return Disc(texture, g.inside(), adds=True)


Maker = Callable[[Random, _Grid], Disc]
MAKERS: dict[str, Maker] = {
    maker.__name__: maker
    for maker in (
        coin,
        cap,
        pill,
        washer,
        ball,
        bubble,
        cell,
        glow,
        plate,
        log_end,
        hole,
        drawn,
        stone,
        screw,
        printed,
        blood_cell,
        red_cell,
        bead,
    )
}


def make_disc(rng: Random, kind: str, side: int) -> Disc:
    """Render one disc of a kind in MAKERS on a square of so many pixels (at least 9)."""
    return MAKERS[kind](rng, _grid(side))


def with_glare(rng: Random, disc: Disc) -> Disc:
    """The disc with a patch of reflected light on it: soft or grained, of uneven outline, anywhere inside."""
    g = _grid(disc.mask.shape[0])
    x, y = rng.uniform(-0.6, 0.6, 2)
    reach = rng.uniform(0.08, 0.4)
    rho = np.hypot(g.x - x, (g.y - y) * rng.uniform(0.7, 1.4)) / reach
    rho = rho + smooth_noise(rng, g.side, g.side, max(2.0, g.side * reach / rng.uniform(2, 9))) * rng.uniform(0.05, 0.5)
    share = np.clip((1 - rho) / rng.uniform(0.1, 1.0), 0, 1) * rng.uniform(0.3, 1)
    light = rng.uniform(180, 280)
    return Disc(np.asarray(disc.texture + (light - disc.texture) * share[..., None], np.float32), disc.mask, disc.adds)
