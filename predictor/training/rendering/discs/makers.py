"""
Render round things from above, as one texture and one mask per kind.

The disc just fills its square.
"""

from collections.abc import Callable

import numpy as np

from predictor.training.rendering.discs.clear import bead, blood_cell, bubble, cell, glow, red_cell
from predictor.training.rendering.discs.dark import iris, pupil, socket
from predictor.training.rendering.discs.faces import counter, drawn, hole, log_end, printed
from predictor.training.rendering.discs.faint import drop, faint_bubble
from predictor.training.rendering.discs.grid import Disc, Grid, grid
from predictor.training.rendering.discs.metals import cap, coin, screw, washer
from predictor.training.rendering.discs.nests import dial, target, wheel
from predictor.training.rendering.discs.solids import ball, pill, plate, stone
from predictor.training.rendering.textures import Random, smooth_noise

Maker = Callable[[Random, Grid], Disc]
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
        counter,
        blood_cell,
        red_cell,
        bead,
        pupil,
        iris,
        socket,
        dial,
        target,
        wheel,
        faint_bubble,
        drop,
    )
}


def make_disc(rng: Random, kind: str, side: int) -> Disc:
    """Render one disc of a kind in MAKERS. Its square has this side in px, at least 9."""
    return MAKERS[kind](rng, grid(side))


def with_glare(rng: Random, disc: Disc) -> Disc:
    """
    Add a patch of reflected light to the disc.

    It is soft or grained, of uneven outline and anywhere inside.
    """
    g = grid(disc.mask.shape[0])
    x, y = rng.uniform(-0.6, 0.6, 2)
    reach = rng.uniform(0.08, 0.4)
    rho = np.hypot(g.x - x, (g.y - y) * rng.uniform(0.7, 1.4)) / reach
    rho = rho + smooth_noise(
        rng, g.side, g.side, max(2.0, g.side * reach / rng.uniform(2, 9))
    ) * rng.uniform(0.05, 0.5)
    share = np.clip((1 - rho) / rng.uniform(0.1, 1.0), 0, 1) * rng.uniform(0.3, 1)
    light = rng.uniform(180, 280)
    return Disc(
        np.asarray(disc.texture + (light - disc.texture) * share[..., None], np.float32),
        disc.mask,
        disc.adds,
    )
