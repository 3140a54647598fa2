"""The scene generator: the same seed gives the same scene, and labels fit what is drawn."""

import numpy as np
import pytest

from predictor.training.rendering.discs.makers import MAKERS, make_disc
from predictor.training.rendering.materials import Materials
from predictor.training.rendering.scenes import render_scene

SIDE_PX = 256


def scene(seed):
    return render_scene(np.random.default_rng(seed), SIDE_PX, Materials())


def test_seed_determines_the_scene():
    for seed in range(16):
        once, again = scene(seed), scene(seed)
        assert np.array_equal(once.pixels, again.pixels)
        assert np.array_equal(once.boxes, again.boxes)
        assert np.array_equal(once.ignored, again.ignored)


def test_other_seed_gives_another_scene():
    assert not np.array_equal(scene(1).pixels, scene(2).pixels)


def test_scenes_vary_in_circle_count_and_size():
    scenes = [scene(seed) for seed in range(120)]
    counts = [len(s.boxes) for s in scenes]
    sizes = np.concatenate([s.boxes[:, 2:].mean(1) for s in scenes])
    assert 5 <= counts.count(0) <= 40
    assert max(counts) > 30
    assert sizes.min() < 12
    assert sizes.max() > 120


def test_boxes_are_near_the_picture_and_not_too_long():
    for seed in range(60):
        boxes = scene(seed).boxes
        assert ((boxes[:, :2] > -0.2 * SIDE_PX) & (boxes[:, :2] < 1.2 * SIDE_PX)).all()
        assert (boxes[:, 2:].max(1) / boxes[:, 2:].min(1) < 2.01).all()


@pytest.mark.parametrize("kind", sorted(MAKERS))
def test_every_disc_kind_fills_its_box(kind):
    disc = make_disc(np.random.default_rng(5), kind, 61)
    assert disc.texture.shape == (61, 61, 3)
    assert np.isfinite(disc.texture).all()
    assert disc.mask[0, 0] == disc.mask[-1, -1] == 0
    assert disc.mask.max() > 0.9
    for edge in (disc.mask[:, :7], disc.mask[:, -7:], disc.mask[:7], disc.mask[-7:]):
        assert edge.max() > 0.5, "the disc ends before its box does"
