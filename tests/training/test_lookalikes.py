"""Test nearly round things and cut-outs: drawn where asked, deterministic, unlabelled."""

import numpy as np
import pytest

from predictor.training.rendering import recipe
from predictor.training.rendering.distractors.lookalikes import MAKERS
from predictor.training.rendering.distractors.stamps import add_stamps
from predictor.training.rendering.grounds.makers import make_background
from predictor.training.rendering.materials import Materials
from predictor.training.rendering.scenes import render_scene

SIDE_PX = 200


def drawn(name, seed):
    picture = np.full((SIDE_PX, SIDE_PX, 3), 128, np.uint8)
    MAKERS[name](np.random.default_rng(seed), picture, (100, 90))
    return picture


@pytest.mark.parametrize("name", sorted(MAKERS))
def test_lookalike_is_drawn_and_repeatable(name):
    pictures = [drawn(name, seed) for seed in range(12)]
    assert sum((picture != 128).any() for picture in pictures) >= 11
    assert all(np.array_equal(picture, drawn(name, seed)) for seed, picture in enumerate(pictures))


@pytest.mark.parametrize("name", ["superellipse", "egg", "part_disc"])
def test_filled_lookalike_is_not_an_ellipse(name):
    """The drawn area differs from the ellipse of the same second moments."""
    far = 0
    for seed in range(30):
        mask = (drawn(name, seed) != 128).any(2)
        if not 300 < mask.sum() < 12_000:
            continue
        covariance = np.cov(np.argwhere(mask).T)
        far += abs(mask.sum() / (4 * np.pi * np.sqrt(np.linalg.det(covariance))) - 1) > 0.004
    assert far >= 8


def red_square():
    stamp = np.zeros((40, 60, 4), np.uint8)
    stamp[10:30, 10:50] = (250, 10, 10, 255)
    return stamp


def test_stamps_are_blended_by_their_opacity():
    grey = np.full((SIDE_PX, SIDE_PX, 3), 128, np.float32)
    laid = [add_stamps(np.random.default_rng(seed), grey, 1, [red_square()]) for seed in range(6)]
    assert all((picture == 128).all(2).mean() > 0.2 for picture in laid), (
        "what is see-through shows the ground"
    )
    assert any((picture[..., 0] - picture[..., 1] > 80).any() for picture in laid)
    assert (grey == 128).all()


def test_scenes_of_stamps_have_no_labels(monkeypatch):
    monkeypatch.setattr(recipe, "EMPTY", 1.0)
    monkeypatch.setattr(recipe, "STAMPS", 1.0)
    scene = render_scene(np.random.default_rng(3), SIDE_PX, Materials(stamps=[red_square()]))
    assert len(scene.boxes) == len(scene.ignored) == 0


def test_slide_is_nearly_uniform():
    for seed in range(10):
        slide = make_background(np.random.default_rng(seed), SIDE_PX, (), 0.0, {"slide": 1.0})
        cloth = make_background(np.random.default_rng(seed), SIDE_PX, (), 0.0, {"checks": 1.0})
        assert slide.shape == (SIDE_PX, SIDE_PX, 3) and np.isfinite(slide).all()
        assert np.std(slide) < max(np.std(cloth), 40)


def neighbours(monkeypatch, packed):
    """How many others lie within a diameter and a third of each disc, scene by scene."""
    for name, value in {
        "PACKED": packed,
        "EMPTY": 0.0,
        "KINDS": {"coin": 1.0},
        "CLOSENESS": (1.0,),
    }.items():
        monkeypatch.setattr(recipe, name, value)
    for seed in range(40):
        boxes = render_scene(np.random.default_rng(seed), 448, Materials()).boxes
        if len(boxes) >= 12:
            gaps = np.hypot(*(boxes[:, None, :2] - boxes[None, :, :2]).transpose(2, 0, 1))
            yield from (gaps < 1.35 * boxes[:, 2:].max(1)).sum(1) - 1


def test_packed_discs_have_more_neighbours(monkeypatch):
    packed, strewn = (np.array(list(neighbours(monkeypatch, share))) for share in (1.0, 0.0))
    assert np.mean(packed >= 3) > 1.3 * np.mean(strewn >= 3), (
        np.mean(packed >= 3),
        np.mean(strewn >= 3),
    )
