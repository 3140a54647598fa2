"""One procedural scene: a background, distractors, a layout of discs with shadows, a camera."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from predictor.training.rendering import recipe
from predictor.training.rendering.camera import photograph
from predictor.training.rendering.discs.grid import Disc
from predictor.training.rendering.discs.makers import make_disc, with_glare
from predictor.training.rendering.distractors.shapes import add_distractors
from predictor.training.rendering.distractors.stamps import add_stamps
from predictor.training.rendering.grounds.makers import make_background
from predictor.training.rendering.layout import ON_SLIDES, Layout, find_place, kind_shares, make_layout
from predictor.training.rendering.materials import Materials
from predictor.training.rendering.printing import draw_disc
from predictor.training.rendering.textures import Floats, Random

Boxes = list[tuple[float, float, float, float]]


@dataclass(frozen=True, slots=True)
class Scene:
    """
    A rendered picture and what is in it.

    pixels: (side, side, 3) uint8 RGB. boxes: (n, 4) float32, centre x, centre y, width, height in px, of whole
    objects, also where the border cuts them. ignored: (m, 4), the same, for what is hardly visible.
    """

    pixels: NDArray[np.uint8]
    boxes: Floats
    ignored: Floats


def render_scene(rng: Random, side: int, materials: Materials) -> Scene:
    """Render a scene of side x side px; the same generator state and materials give the same scene."""
    layout = make_layout(rng, materials)
    canvas = _ground(rng, side, materials, layout)
    count = int(rng.integers(0, 6)) if rng.random() < 0.8 else int(rng.integers(6, 25))
    canvas = add_distractors(rng, canvas, count, recipe.DISTRACTORS)
    if materials.stamps and rng.random() < recipe.STAMPS:
        canvas = add_stamps(rng, canvas, int(rng.integers(1, 9)), materials.stamps)
    boxes, ignored = _fill(rng, canvas, layout, materials)
    if rng.random() < 0.1:
        canvas = add_distractors(rng, canvas, 1, recipe.DISTRACTORS)
    pixels = photograph(rng, canvas)
    seen = [_range(pixels, box) >= recipe.LEAST_CHANGE for box in boxes]
    ignored += [box for box, clear in zip(boxes, seen, strict=True) if not clear]
    return Scene(pixels, _rows([box for box, clear in zip(boxes, seen, strict=True) if clear]), _rows(ignored))


def _ground(rng: Random, side: int, materials: Materials, layout: Layout) -> Floats:
    """What the scene lies on: a slide under the microscope, or anything."""
    if layout.kind in ON_SLIDES and rng.random() < recipe.SLIDES:
        return make_background(rng, side, (), 0.0, {"slide": 1.0})
    return make_background(rng, side, materials.backgrounds, recipe.PHOTOGRAPH_GROUND, recipe.GROUNDS)


def _range(pixels: NDArray[np.uint8], box: tuple[float, float, float, float]) -> float:
    """Grey levels between the darkest and the brightest twentieth of what the picture shows in and around a box."""
    x, y, w, h = box
    step = max(1, int(w / 40))
    rows, columns = (
        slice(max(0, int(y - h * 0.65)), int(y + h * 0.65) + 1, step),
        slice(max(0, int(x - w * 0.65)), int(x + w * 0.65) + 1, step),
    )
    low, high = np.percentile(pixels[rows, columns].max(2), [5, 95])
    return float(high - low)


def _rows(boxes: list[tuple[float, float, float, float]]) -> Floats:
    return np.array(boxes, np.float32).reshape(-1, 4)


def _fill(rng: Random, canvas: Floats, layout: Layout, materials: Materials) -> tuple[Boxes, Boxes]:
    side, boxes, ignored = canvas.shape[0], [], []
    stamps: list[Disc] = []
    failures = 0
    while len(layout.placed) < layout.count and failures < 50:
        place = find_place(rng, layout, side)
        if place is None:
            failures += 1
            continue
        before = canvas.copy()
        box = draw_disc(rng, canvas, _stamp(rng, layout, materials, stamps), layout, place)
        layout.placed.append(place)
        clear = _visible_share(box, side) > 0.62 and min(box[2:]) >= 5
        clear = clear and _change(before, canvas, box) >= recipe.LEAST_CHANGE
        (boxes if clear else ignored).append(box)
    return boxes, ignored


def _change(before: Floats, after: Floats, box: tuple[float, float, float, float]) -> float:
    """How much the clearest twentieth of the box's pixels changed, in grey levels that a camera keeps apart."""
    x, y, w, h = box
    step = max(1, int(w / 40))
    here = np.s_[max(0, int(y - h / 2)) : int(y + h / 2) + 1 : step, max(0, int(x - w / 2)) : int(x + w / 2) + 1 : step]
    change = np.abs(np.clip(after[here], 15, 250) - np.clip(before[here], 15, 250)).max(2)
    return float(np.percentile(change, 95)) if change.size else 0.0


def _stamp(rng: Random, layout: Layout, materials: Materials, stamps: list[Disc]) -> Disc:
    """A disc to print: a scene of one kind has up to four different ones, a mixed scene up to twelve."""
    most = 12 if layout.mixed else 4
    if len(stamps) >= most or (stamps and rng.random() < 0.35):
        return stamps[rng.integers(len(stamps))]
    names, weights = kind_shares(materials)
    kind = str(rng.choice(names, p=weights)) if layout.mixed else layout.kind
    if kind == "cut_out":
        texture = materials.cut_outs[rng.integers(len(materials.cut_outs))].astype(np.float32)
        stamps.append(Disc(texture, _round_mask(texture.shape[0])))
    else:
        stamps.append(make_disc(rng, kind, int(np.clip(2 * layout.radius_px * rng.uniform(1, 1.3), 15, 320))))
    if not stamps[-1].adds and rng.random() < recipe.GLARE:
        stamps[-1] = with_glare(rng, stamps[-1])
    return stamps[-1]


def _round_mask(side: int) -> Floats:
    line = np.arange(side, dtype=np.float32) - (side - 1) / 2
    rho = np.hypot(*np.meshgrid(line, line))
    return np.asarray(np.clip(side / 2 * 0.985 - rho + 0.5, 0, 1), np.float32)


def _visible_share(box: tuple[float, float, float, float], side: int) -> float:
    x, y, w, h = box
    wide = min(side, x + w / 2) - max(0.0, x - w / 2)
    high = min(side, y + h / 2) - max(0.0, y - h / 2)
    return max(0.0, wide) * max(0.0, high) / (w * h)
