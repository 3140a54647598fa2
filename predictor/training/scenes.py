"""One procedural scene: a background, distractors, a layout of discs with shadows, a camera."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from predictor.training import recipe
from predictor.training.backgrounds import make_background
from predictor.training.camera import photograph
from predictor.training.discs import MAKERS, Disc, make_disc, with_glare
from predictor.training.distractors import add_distractors, add_stamps
from predictor.training.textures import Floats, Random


@dataclass(frozen=True, slots=True)
class Materials:
    """
    What photographs lend to scenes: pictures without round things, cut-out round things on squares, and cut-out
    things that are not round, (height, width, 4) RGB and opacity.
    """

    backgrounds: Sequence[NDArray[np.uint8]] = ()
    cut_outs: Sequence[NDArray[np.uint8]] = ()
    stamps: Sequence[NDArray[np.uint8]] = ()


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


@dataclass(slots=True)
class _Layout:
    """How one scene's discs look and lie."""

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
    placed: list[tuple[float, float, float]] = field(default_factory=list)


def render_scene(rng: Random, side: int, materials: Materials) -> Scene:
    """Render a scene of side x side px; the same generator state and materials give the same scene."""
    layout = _layout(rng, materials)
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


def _ground(rng: Random, side: int, materials: Materials, layout: _Layout) -> Floats:
    """What the scene lies on: a slide under the microscope, or anything."""
    if layout.kind in _ON_SLIDES and rng.random() < recipe.SLIDES:
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


def _kinds(materials: Materials) -> tuple[list[str], Floats]:
    shares = {k: v for k, v in recipe.KINDS.items() if k != "cut_out" or materials.cut_outs}
    weights = np.array(list(shares.values()))
    return list(shares), np.asarray(weights / weights.sum())


def _layout(rng: Random, materials: Materials) -> _Layout:
    names, weights = _kinds(materials)
    radius = float(np.exp(rng.uniform(np.log(4.5), np.log(150))))
    crowd = np.clip(rng.lognormal(1.9 if radius > 12 else 2.7, 0.95), 1, 220)
    tilt = rng.uniform(0.82, 1) if rng.random() < 0.35 else rng.uniform(0.52, 0.85) if rng.random() < 0.12 else 1.0
    layout = _Layout(
        count=0 if rng.random() < recipe.EMPTY else int(crowd),
        radius_px=radius,
        spread=float(rng.choice([0.03, 0.15, 0.45])),
        kind=str(rng.choice(names, p=weights)),
        mixed=bool(rng.random() < 0.3),
        closeness=float(rng.choice(recipe.CLOSENESS)),
        tilt=float(tilt),
        tilt_turn=float(rng.choice([0.0, rng.uniform(0, np.pi)])),
        shadow=(rng.normal() * 0.14, rng.normal() * 0.14, rng.uniform(0.1, 0.65) if rng.random() < 0.55 else 0.0),
        opacity=float(rng.uniform(0.25, 0.8) if rng.random() < 0.1 else 1.0),
    )
    if rng.random() < recipe.PACKED:
        layout.rows = (rng.uniform(0, np.pi), *rng.uniform(-1, 1, 2))
        layout.count, layout.spread = int(rng.integers(6, 120)) * bool(layout.count), float(rng.choice([0.02, 0.12]))
    if layout.kind in _SEE_THROUGH:
        layout.closeness = float(rng.choice(recipe.SEE_THROUGH_CLOSENESS))
    return layout


_SEE_THROUGH = {"bubble", "cell", "glow", "blood_cell", "red_cell"}
_ON_SLIDES = _SEE_THROUGH | {"bead"}
_UNEVEN = _SEE_THROUGH | {"log_end"}
Boxes = list[tuple[float, float, float, float]]


def _fill(rng: Random, canvas: Floats, layout: _Layout, materials: Materials) -> tuple[Boxes, Boxes]:
    side, boxes, ignored = canvas.shape[0], [], []
    stamps: list[Disc] = []
    failures = 0
    while len(layout.placed) < layout.count and failures < 50:
        place = _place(rng, layout, side)
        if place is None:
            failures += 1
            continue
        before = canvas.copy()
        box = _draw(rng, canvas, _stamp(rng, layout, materials, stamps), layout, place)
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


def _place(rng: Random, layout: _Layout, side: int) -> tuple[float, float, float] | None:
    """A centre and radius that keep the layout's distance from all others, or None where the try failed."""
    radius = float(np.clip(layout.radius_px * np.exp(rng.normal() * layout.spread), 3.2, side * 0.46))
    if layout.rows:
        x, y = _packed_place(rng, layout, side)
    elif layout.placed and rng.random() < 0.4:
        x0, y0, r0 = layout.placed[rng.integers(len(layout.placed))]
        turn, gap = rng.uniform(0, 2 * np.pi), (r0 + radius) * (layout.closeness + abs(rng.normal()) * 0.06)
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


def _packed_place(rng: Random, layout: _Layout, side: int) -> tuple[float, float]:
    """One of the places of a hexagonal packing about the middle of the picture, a little off."""
    assert layout.rows is not None
    turn, right, down = layout.rows
    pitch = 2 * layout.radius_px * (1 + layout.spread) * max(layout.closeness, 0.98)
    reach = max(1, int(0.75 * side / pitch))
    column, row = rng.integers(-reach, reach + 1, 2)
    u, v = (column + 0.5 * (row % 2) + right) * pitch, (row * 0.88 + down) * pitch
    u, v = (u, v) + rng.normal(size=2) * pitch * 0.03
    c, s = np.cos(turn), np.sin(turn)
    return float(side / 2 + c * u - s * v), float(side / 2 + s * u + c * v)


def _stamp(rng: Random, layout: _Layout, materials: Materials, stamps: list[Disc]) -> Disc:
    """A disc to print: a scene of one kind has up to four different ones, a mixed scene up to twelve."""
    most = 12 if layout.mixed else 4
    if len(stamps) >= most or (stamps and rng.random() < 0.35):
        return stamps[rng.integers(len(stamps))]
    names, weights = _kinds(materials)
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


def _draw(
    rng: Random, canvas: Floats, disc: Disc, layout: _Layout, place: tuple[float, float, float]
) -> tuple[float, float, float, float]:
    """Print the disc, turned and tilted, with its shadow, into canvas; return its box (centre x, y, width, height)."""
    x, y, radius = place
    if layout.kind in _UNEVEN and not layout.mixed:  # each of them its own ellipse
        layout.tilt = float(np.clip(1 - abs(rng.normal()) * recipe.WOBBLE, 0.65, 1))
        layout.tilt_turn = float(rng.uniform(0, np.pi))
    c, s = np.cos(layout.tilt_turn), np.sin(layout.tilt_turn)
    half_w, half_h = radius * np.hypot(c, layout.tilt * s), radius * np.hypot(s, layout.tilt * c)
    left, top = int(np.floor(x - half_w)) - 1, int(np.floor(y - half_h)) - 1
    width, height = int(2 * half_w) + 4, int(2 * half_h) + 4
    turn = layout.tilt_turn
    shape = _turn(turn) @ np.diag([1.0, layout.tilt]) @ _turn(-turn) @ _turn(rng.uniform(0, 2 * np.pi))
    disc = _shrunk(disc, 2 * radius)
    side = disc.mask.shape[0]
    linear = shape * (2 * radius / side)
    middle = np.array([x - left - 0.5, y - top - 0.5])
    matrix = np.hstack([linear, (middle - linear @ np.full(2, (side - 1) / 2))[:, None]])
    texture = cv2.warpAffine(
        disc.texture, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    mask = cv2.warpAffine(disc.mask, matrix, (width, height), flags=cv2.INTER_LINEAR) * layout.opacity
    if layout.shadow[2] and not disc.adds:
        _shade(canvas, layout, place, max(1.0, radius * 0.12))
    _print(canvas, texture, mask, disc.adds, left, top)
    return x, y, 2 * half_w, 2 * half_h


def _turn(angle: float) -> NDArray[np.float64]:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, -s], [s, c]])


def _shrunk(disc: Disc, side: float) -> Disc:
    """The disc on fewer pixels where it would alias otherwise."""
    if disc.mask.shape[0] < 1.4 * side:
        return disc
    size = (max(5, round(side)),) * 2
    texture = cv2.resize(disc.texture, size, interpolation=cv2.INTER_AREA)
    return Disc(
        np.asarray(texture, np.float32),
        np.asarray(cv2.resize(disc.mask, size, interpolation=cv2.INTER_AREA), np.float32),
        disc.adds,
    )


def _shade(canvas: Floats, layout: _Layout, place: tuple[float, float, float], blur_px: float) -> None:
    x, y, radius = place
    dx, dy, depth = layout.shadow
    reach = int(radius * 1.15 + 3 * blur_px) + 2
    left, top = int(x + dx * radius) - reach, int(y + dy * radius) - reach
    mask = np.zeros((2 * reach, 2 * reach), np.float32)
    axes = (max(1, int(radius * 1.02)), max(1, int(radius * 1.02 * layout.tilt)))
    cv2.ellipse(mask, (reach, reach), axes, np.degrees(layout.tilt_turn), 0, 360, depth, -1, cv2.LINE_AA)
    mask = cv2.GaussianBlur(mask, (0, 0), blur_px)
    _print(canvas, np.zeros((2 * reach, 2 * reach, 3), np.float32), np.asarray(mask, np.float32), False, left, top)


def _print(canvas: Floats, texture: Floats, mask: Floats, adds: bool, left: int, top: int) -> None:
    """Lay a patch over the canvas with its upper left pixel at (left, top), cut where it leaves the canvas."""
    height, width = mask.shape
    rows = slice(max(0, top), max(0, min(canvas.shape[0], top + height)))
    columns = slice(max(0, left), max(0, min(canvas.shape[1], left + width)))
    if rows.start >= rows.stop or columns.start >= columns.stop:
        return
    inner = (slice(rows.start - top, rows.stop - top), slice(columns.start - left, columns.stop - left))
    here, paint, share = canvas[rows, columns], texture[inner], mask[inner][..., None]
    here += paint * share if adds else (paint - here) * share


def _visible_share(box: tuple[float, float, float, float], side: int) -> float:
    x, y, w, h = box
    wide = min(side, x + w / 2) - max(0.0, x - w / 2)
    high = min(side, y + h / 2) - max(0.0, y - h / 2)
    return max(0.0, wide) * max(0.0, high) / (w * h)


KINDS = tuple(MAKERS)
"""Every kind that needs no photograph."""
