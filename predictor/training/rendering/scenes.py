"""
Render one procedural scene.

It has a background, distractors, a layout of discs with shadows and a camera.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from predictor.training.rendering import recipe
from predictor.training.rendering.camera import filmed, photograph
from predictor.training.rendering.discs.grid import Disc
from predictor.training.rendering.discs.makers import make_disc, with_glare
from predictor.training.rendering.distractors.shapes import add_distractors
from predictor.training.rendering.distractors.stamps import add_stamps
from predictor.training.rendering.grounds.makers import make_background
from predictor.training.rendering.layout import (
    ON_SLIDES,
    Layout,
    find_place,
    kind_shares,
    make_layout,
)
from predictor.training.rendering.materials import Materials
from predictor.training.rendering.printing import Printed, draw_disc
from predictor.training.rendering.textures import Floats, Random

_SOLID = 0.2
"""A pixel of a mask belongs to the disc from this value on."""


@dataclass(frozen=True, slots=True)
class Scene:
    """
    A rendered picture and its labels.

    pixels: (side, side, 3) uint8 RGB.
    boxes: (n, 4) float32, centre x, centre y, width, height in px, of whole objects, also where
    the border cuts them or others hide them.
    ignored: (m, 4), the same, for what is hardly visible.
    visible: (n,) float32, the share of each object inside the frame that no other hides, 0..1.
    """

    pixels: NDArray[np.uint8]
    boxes: Floats
    ignored: Floats
    visible: Floats


def render_scene(rng: Random, side: int, materials: Materials) -> Scene:
    """
    Render a scene of side x side px.

    The same generator state and materials give the same scene.
    """
    layout = make_layout(rng, materials)
    canvas = _ground(rng, side, materials, layout)
    if not layout.bare:
        canvas = _surround(rng, canvas, materials)
    placed = _fill(rng, canvas, layout, materials)
    if not layout.bare and rng.random() < 0.1:
        canvas = add_distractors(rng, canvas, 1, recipe.DISTRACTORS)
    pixels = filmed(rng, canvas) if layout.far else photograph(rng, canvas)
    visible = visible_shares([each.printed for each in placed], side)
    clear = [
        each.clear and _range(pixels, each.printed.box) >= recipe.LEAST_CHANGE for each in placed
    ]
    good = np.asarray(clear, np.bool_) & (visible >= recipe.LEAST_VISIBLE)
    boxes = np.array([each.printed.box for each in placed], np.float32).reshape(-1, 4)
    return Scene(pixels, boxes[good], boxes[~good], visible[good])


def _surround(rng: Random, canvas: Floats, materials: Materials) -> Floats:
    """Draw things that are not to be found onto the ground."""
    count = int(rng.integers(0, 6)) if rng.random() < 0.8 else int(rng.integers(6, 25))
    canvas = add_distractors(rng, canvas, count, recipe.DISTRACTORS)
    if materials.stamps and rng.random() < recipe.STAMPS:
        canvas = add_stamps(rng, canvas, int(rng.integers(1, 9)), materials.stamps)
    return canvas


@dataclass(frozen=True, slots=True)
class _Placed:
    """
    A disc in the picture.

    It records whether enough of it is inside and whether it differs enough from the ground.
    """

    printed: Printed
    clear: bool


def visible_shares(placed: Sequence[Printed], side: int) -> Floats:
    """
    Return each disc's visible share, in the order of drawing.

    It is the share inside the frame that no later disc hides.
    """
    top_one = np.full((side, side), -1, np.int32)
    areas = np.zeros(len(placed))
    for index, each in enumerate(placed):
        outer, inner = each.cut(top_one.shape)
        solid = each.mask[inner] > _SOLID
        areas[index] = solid.sum()
        if not each.adds:
            top_one[outer][solid] = index
    shown = [_shown(top_one, each, index) for index, each in enumerate(placed)]
    return np.asarray(np.array(shown).reshape(-1) / np.maximum(areas, 1), np.float32)


def _shown(top_one: NDArray[np.int32], each: Printed, index: int) -> int:
    """Count the pixels of a disc that no later opaque one hides."""
    outer, inner = each.cut(top_one.shape)
    return int(((top_one[outer] <= index) & (each.mask[inner] > _SOLID)).sum())


def _ground(rng: Random, side: int, materials: Materials, layout: Layout) -> Floats:
    """Draw the scene's ground, a microscope's slide or any other."""
    if layout.bare:
        return make_background(rng, side, (), 0.0, {"plain": 1.0})
    if layout.kind in ON_SLIDES and rng.random() < recipe.SLIDES:
        return make_background(rng, side, (), 0.0, {"slide": 1.0})
    if layout.far:
        return make_background(rng, side, materials.backgrounds, 0.7, recipe.FAR_GROUNDS)
    return make_background(
        rng, side, materials.backgrounds, recipe.PHOTOGRAPH_GROUND, recipe.GROUNDS
    )


def _range(pixels: NDArray[np.uint8], box: tuple[float, float, float, float]) -> float:
    """
    Return the range of grey levels in and around a box.

    It goes from the darkest to the brightest twentieth of what the picture shows.
    """
    x, y, w, h = box
    step = max(1, int(w / 40))
    rows, columns = (
        slice(max(0, int(y - h * 0.65)), int(y + h * 0.65) + 1, step),
        slice(max(0, int(x - w * 0.65)), int(x + w * 0.65) + 1, step),
    )
    low, high = np.percentile(pixels[rows, columns].max(2), [5, 95])
    return float(high - low)


def _fill(rng: Random, canvas: Floats, layout: Layout, materials: Materials) -> list[_Placed]:
    side, placed = canvas.shape[0], []
    stamps: list[Disc] = []
    failures = 0
    while len(layout.placed) < layout.count and failures < 50:
        place = find_place(rng, layout, side)
        if place is None:
            failures += 1
            continue
        before = canvas.copy()
        disc = _stamp(rng, layout, materials, stamps)
        if layout.dim:
            disc = _dimmed(rng, disc)
        printed = draw_disc(rng, canvas, disc, layout, place)
        layout.placed.append(place)
        clear = _share_inside(printed.box, side) > recipe.LEAST_INSIDE and min(printed.box[2:]) >= 5
        placed.append(
            _Placed(printed, clear and _change(before, canvas, printed.box) >= recipe.LEAST_CHANGE)
        )
    return placed


def _dimmed(rng: Random, disc: Disc) -> Disc:
    """Return a transparent disc with less light of its own. An opaque one stays as it is."""
    strength = np.float32(np.exp(rng.uniform(np.log(recipe.LEAST_STRENGTH), 0)))
    return Disc(disc.texture * strength, disc.mask, disc.adds) if disc.adds else disc


def _change(before: Floats, after: Floats, box: tuple[float, float, float, float]) -> float:
    """
    Return how much the box's clearest twentieth of pixels changed.

    The unit is grey levels that a camera distinguishes.
    """
    x, y, w, h = box
    step = max(1, int(w / 40))
    here = np.s_[
        max(0, int(y - h / 2)) : int(y + h / 2) + 1 : step,
        max(0, int(x - w / 2)) : int(x + w / 2) + 1 : step,
    ]
    change = np.abs(np.clip(after[here], 15, 250) - np.clip(before[here], 15, 250)).max(2)
    return float(np.percentile(change, 95)) if change.size else 0.0


def _stamp(rng: Random, layout: Layout, materials: Materials, stamps: list[Disc]) -> Disc:
    """
    Choose a disc to print.

    A scene of one kind has up to four different ones, a mixed scene up to twelve.
    """
    most = 12 if layout.mixed else 4
    if len(stamps) >= most or (stamps and rng.random() < 0.35):
        return stamps[rng.integers(len(stamps))]
    names, weights = kind_shares(materials)
    kind = str(rng.choice(names, p=weights)) if layout.mixed else layout.kind
    if kind == "cut_out":
        texture = materials.cut_outs[rng.integers(len(materials.cut_outs))].astype(np.float32)
        stamps.append(Disc(texture, _round_mask(texture.shape[0])))
    else:
        stamps.append(
            make_disc(rng, kind, int(np.clip(2 * layout.radius_px * rng.uniform(1, 1.3), 15, 320)))
        )
    if not stamps[-1].adds and rng.random() < recipe.GLARE:
        stamps[-1] = with_glare(rng, stamps[-1])
    return stamps[-1]


def _round_mask(side: int) -> Floats:
    line = np.arange(side, dtype=np.float32) - (side - 1) / 2
    rho = np.hypot(*np.meshgrid(line, line))
    return np.asarray(np.clip(side / 2 * 0.985 - rho + 0.5, 0, 1), np.float32)


def _share_inside(box: tuple[float, float, float, float], side: int) -> float:
    x, y, w, h = box
    wide = min(side, x + w / 2) - max(0.0, x - w / 2)
    high = min(side, y + h / 2) - max(0.0, y - h / 2)
    return max(0.0, wide) * max(0.0, high) / (w * h)
