"""
Draw how the discs of one scene look and lie.

This is how many, how large, how close, strewn or packed.
"""

from dataclasses import dataclass, field

import numpy as np

from predictor.training.rendering import recipe
from predictor.training.rendering.materials import Materials
from predictor.training.rendering.textures import Floats, Random

SEE_THROUGH = {"bubble", "cell", "glow", "blood_cell", "red_cell", "faint_bubble", "drop"}
ON_SLIDES = SEE_THROUGH | {"bead"}
UNEVEN = SEE_THROUGH | {"log_end"}


@dataclass(slots=True)
class Layout:
    """The look and the arrangement of one scene's discs."""

    count: int
    radius_px: float
    spread: float
    kind: str
    mixed: bool
    closeness: float
    tilt: float
    tilt_turn: float
    shadow: tuple[float, float, float]
    opacity: float
    rows: tuple[float, float, float] | None = None
    far: bool = False
    bare: bool = False
    clumped: bool = False
    dim: bool = False
    placed: list[tuple[float, float, float]] = field(default_factory=list)


def make_layout(rng: Random, materials: Materials) -> Layout:
    """Draw how one scene's discs look and lie."""
    names, weights = kind_shares(materials)
    radius = float(np.exp(rng.uniform(np.log(4.5), np.log(150))))
    crowd = np.clip(rng.lognormal(1.9 if radius > 12 else 2.7, 0.95), 1, 220)
    if rng.random() < recipe.LONELY:
        crowd = rng.integers(1, 5)
    layout = Layout(
        count=0 if rng.random() < recipe.EMPTY else int(crowd),
        radius_px=radius,
        spread=float(rng.choice([0.03, 0.15, 0.45])),
        kind=str(rng.choice(names, p=weights)),
        mixed=bool(rng.random() < 0.3),
        closeness=float(rng.choice(recipe.CLOSENESS)),
        tilt=_tilt(rng),
        tilt_turn=float(rng.choice([0.0, rng.uniform(0, np.pi)])),
        shadow=_shadow(rng),
        opacity=float(rng.uniform(0.25, 0.8) if rng.random() < 0.1 else 1.0),
    )
    if rng.random() < recipe.PACKED:
        layout.rows = (rng.uniform(0, np.pi), *rng.uniform(-1, 1, 2))
        layout.count, layout.spread = (
            int(rng.integers(6, 120)) * bool(layout.count),
            float(rng.choice([0.02, 0.12])),
        )
    if layout.kind in SEE_THROUGH:
        layout.closeness = float(rng.choice(recipe.SEE_THROUGH_CLOSENESS))
        layout.dim = bool(rng.random() < recipe.DIM)
    if layout.kind in recipe.CLUMPING and not layout.rows and rng.random() < recipe.CLUMPED:
        layout.clumped, layout.closeness = True, float(rng.choice(recipe.CLUMP_CLOSENESS))
    dice = rng.random()
    if dice < recipe.FAR:
        _move_away(rng, layout, materials)
    elif dice < recipe.FAR + recipe.BARE:
        _bare(rng, layout)
    return layout


def _move_away(rng: Random, layout: Layout, materials: Materials) -> None:
    """Make a layout one of few small solid things."""
    kinds = [kind for kind in recipe.FAR_KINDS if kind != "cut_out" or materials.cut_outs]
    layout.far, layout.kind, layout.rows = True, str(rng.choice(kinds)), None
    layout.mixed = layout.clumped = layout.dim = False
    layout.count, layout.spread, layout.opacity = int(rng.integers(1, 5)), 0.15, 1.0
    layout.radius_px = float(np.exp(rng.uniform(*np.log(recipe.FAR_RADII_PX))))


def _bare(rng: Random, layout: Layout) -> None:
    """Make a layout one of few things with nothing around them."""
    layout.bare, layout.kind, layout.rows = True, str(rng.choice(recipe.BARE_KINDS)), None
    layout.mixed = layout.clumped = layout.dim = False
    layout.count, layout.opacity = int(rng.integers(1, 4)), 1.0


def _tilt(rng: Random) -> float:
    """Draw height by width of discs seen straight on or aslant. The angle is small or large."""
    dice = rng.random()
    if dice < recipe.ASLANT:
        return float(rng.uniform(0.5, 0.85))
    return float(rng.uniform(0.82, 1)) if dice < recipe.ASLANT + 0.3 else 1.0


def _shadow(rng: Random) -> tuple[float, float, float]:
    """
    Draw the offset and the darkness of shadows.

    The offset is right and down in radii; the darkness is 0 to 1.
    """
    if rng.random() < recipe.LONG_SHADOW:
        turn, reach = rng.uniform(0, 2 * np.pi), rng.uniform(0.4, 1.4)
        return (
            float(reach * np.cos(turn)),
            float(reach * np.sin(turn)),
            float(rng.uniform(0.2, 0.75)),
        )
    depth = rng.uniform(0.1, 0.65) if rng.random() < 0.55 else 0.0
    return float(rng.normal() * 0.14), float(rng.normal() * 0.14), float(depth)


def kind_shares(materials: Materials) -> tuple[list[str], Floats]:
    """Return the kinds of discs with materials, and each one's share."""
    shares = {k: v for k, v in recipe.KINDS.items() if k != "cut_out" or materials.cut_outs}
    weights = np.array(list(shares.values()))
    return list(shares), np.asarray(weights / weights.sum())


def find_place(rng: Random, layout: Layout, side: int) -> tuple[float, float, float] | None:
    """
    Try to find a centre and radius for a disc.

    It keeps the layout's distance from all others; without one the result is None.
    """
    radius = float(
        np.clip(layout.radius_px * np.exp(rng.normal() * layout.spread), 3.2, side * 0.46)
    )
    if layout.rows:
        x, y = _packed_place(rng, layout, side)
    elif layout.placed and rng.random() < (0.95 if layout.clumped else 0.4):
        x0, y0, r0 = layout.placed[rng.integers(len(layout.placed))]
        turn, gap = (
            rng.uniform(0, 2 * np.pi),
            (r0 + radius) * (layout.closeness + abs(rng.normal()) * 0.06),
        )
        x, y = x0 + gap * np.cos(turn), y0 + gap * np.sin(turn)
    elif rng.random() < 0.12:
        x, y = rng.uniform(-0.3 * radius, side + 0.3 * radius, 2)
    else:
        low, high = min(radius, side * 0.46), max(side - radius, side * 0.54)
        x, y = rng.uniform(low, high, 2)
    if not (-0.3 * radius < x < side + 0.3 * radius and -0.3 * radius < y < side + 0.3 * radius):
        return None
    if layout.placed:
        others = np.array(layout.placed)
        gap = layout.closeness * 0.97 * (radius + others[:, 2])
        if (np.hypot(x - others[:, 0], y - others[:, 1]) < gap).any():
            return None
    return float(x), float(y), radius


def _packed_place(rng: Random, layout: Layout, side: int) -> tuple[float, float]:
    """Draw a place of a hexagonal packing about the picture's middle. It is a little off."""
    assert layout.rows is not None
    turn, right, down = layout.rows
    pitch = 2 * layout.radius_px * (1 + layout.spread) * max(layout.closeness, 0.98)
    reach = max(1, int(0.75 * side / pitch))
    column, row = rng.integers(-reach, reach + 1, 2)
    u, v = (column + 0.5 * (row % 2) + right) * pitch, (row * 0.88 + down) * pitch
    u, v = (u, v) + rng.normal(size=2) * pitch * 0.03
    c, s = np.cos(turn), np.sin(turn)
    return float(side / 2 + c * u - s * v), float(side / 2 + s * u + c * v)
