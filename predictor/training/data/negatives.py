"""Read or render pictures with nothing round. Gather them as the materials of scenes."""

import multiprocessing
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from predictor.training.data.crops import Crop
from predictor.training.data.photographs import Photograph, cut_outs, read_rgb
from predictor.training.rendering.materials import Materials
from predictor.training.rendering.negatives.foliage import render_foliage
from predictor.training.rendering.negatives.pages import render_page
from predictor.training.rendering.negatives.patterns import render_pattern
from predictor.training.rendering.negatives.signs import render_sign
from predictor.training.rendering.textures import Floats

GROUNDS = ("a", "b", "c", "d", "e")
"""Subfolders of borrowed pictures without round things that serve as grounds of scenes."""

_LONGEST_PX = 1024
_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}


def read_negatives(folder: Path) -> Iterator[Crop]:
    """
    Yield a folder's pictures with nothing round, at most 1024 px long.

    An absent folder counts as empty.
    """
    for path in sorted(folder.glob("*") if folder.is_dir() else ()):
        if path.suffix.lower() in _SUFFIXES:
            pixels = read_rgb(path)
            scale = min(1.0, _LONGEST_PX / max(pixels.shape[:2]))
            small = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
            yield Crop(np.asarray(small, np.uint8), _none(), _none())


def pages(numbers: Iterable[int]) -> Iterator[Crop]:
    """Render pages of print, the same one for each number."""
    for number in numbers:
        yield Crop(render_page(np.random.default_rng((20261124, number))), _none(), _none())


def patterns(numbers: Iterable[int]) -> Iterator[Crop]:
    """Render regular patterns, the same one for each number."""
    for number in numbers:
        yield Crop(render_pattern(np.random.default_rng((20261125, number))), _none(), _none())


def signs(backgrounds: Path, grounds: list[Crop], numbers: Iterable[int]) -> Iterator[Crop]:
    """
    Render signs before grounds, the same one for each number.

    The typefaces are those of backgrounds / fonts.
    """
    fonts, walls = sorted((backgrounds / "fonts").glob("*")), [ground.pixels for ground in grounds]
    for number in numbers:
        yield Crop(
            render_sign(np.random.default_rng((20261126, number)), fonts, walls), _none(), _none()
        )


def foliage(numbers: Iterable[int]) -> Iterator[Crop]:
    """Render pictures of leaves, the same one for each number."""
    for number in numbers:
        yield Crop(render_foliage(np.random.default_rng((20261127, number))), _none(), _none())


Renderer = Callable[[Iterable[int]], Iterator[Crop]]
"""Renders the empty pictures of some numbers."""

_renderers: Sequence[Renderer] = ()
"""Of this process. It is set before the workers fork, because the grounds are too large to send."""


def render_together(kinds: Mapping[Renderer, int], workers: int) -> list[Crop]:
    """Render a number of pictures of each kind on all cores."""
    global _renderers
    _renderers = list(kinds)
    keys = [
        (index, number) for index, count in enumerate(kinds.values()) for number in range(count)
    ]
    with multiprocessing.get_context("fork").Pool(workers) as pool:
        return pool.map(_render, keys, chunksize=4)


def _render(key: tuple[int, int]) -> Crop:
    index, number = key
    return next(_renderers[index]([number]))


def _none() -> Floats:
    return np.zeros((0, 4), np.float32)


def read_stamps(folder: Path) -> list[NDArray[np.uint8]]:
    """
    Read cut-outs of a folder, (height, width, 4) RGB and opacity.

    An absent folder counts as empty.
    """
    paths = sorted(folder.glob("*.png")) if folder.is_dir() else []
    return [
        cv2.cvtColor(cv2.imread(str(path), cv2.IMREAD_UNCHANGED), cv2.COLOR_BGRA2RGBA)
        for path in paths
    ]


def gather(photographs: list[Photograph], negatives: list[Crop], backgrounds: Path) -> Materials:
    """
    Gather the materials of scenes.

    They come from the training side of the split, and from rounds and stamps in backgrounds.
    """
    empty = [
        photo.pixels for photo in photographs if not len(photo.boxes) and not len(photo.ignored)
    ]
    grounds = [*empty, *(crop.pixels for crop in negatives)]
    rounds = [_squared(stamp) for stamp in read_stamps(backgrounds / "rounds")]
    return Materials(
        [picture for picture in grounds if min(picture.shape[:2]) >= 64],
        [*cut_outs(photographs), *rounds],
        read_stamps(backgrounds / "stamps"),
    )


def _squared(stamp: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a stamp's round thing on a square that it just fills."""
    ys, xs = np.nonzero(stamp[..., 3] > 127)
    tight = stamp[ys.min() : ys.max() + 1, xs.min() : xs.max() + 1, :3]
    side = min(max(tight.shape[:2]), 320)
    return np.asarray(cv2.resize(tight, (side, side), interpolation=cv2.INTER_AREA), np.uint8)
