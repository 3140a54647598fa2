"""The scene generator: the same seed gives the same scene, and labels fit what is drawn."""

import numpy as np
import pytest

from predictor.training.rendering import recipe
from predictor.training.rendering.discs.makers import MAKERS, make_disc
from predictor.training.rendering.grounds.makers import make_background
from predictor.training.rendering.materials import Materials
from predictor.training.rendering.negatives.lettering import draw_word
from predictor.training.rendering.printing import Printed
from predictor.training.rendering.scenes import render_scene, visible_shares

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


def test_far_scenes_show_few_small_discs(monkeypatch):
    monkeypatch.setattr(recipe, "FAR", 1.0)
    scenes = [scene(seed) for seed in range(20)]
    boxes = np.concatenate([np.concatenate([each.boxes, each.ignored]) for each in scenes])
    assert max(len(each.boxes) for each in scenes) <= 4
    assert len(boxes) >= 15 and boxes[:, 2:].max() < 45


def test_bare_scenes_show_few_things_of_every_size(monkeypatch):
    monkeypatch.setattr(recipe, "BARE", 1.0)
    monkeypatch.setattr(recipe, "FAR", 0.0)
    scenes = [scene(seed) for seed in range(30)]
    sizes = np.concatenate([each.boxes[:, 2] for each in scenes])
    assert all(1 <= len(each.boxes) + len(each.ignored) <= 3 for each in scenes)
    assert sizes.min() < 20 and sizes.max() > 100


def test_letters_of_signs_have_no_dots():
    words = "".join(draw_word(np.random.default_rng(seed)) for seed in range(500))
    assert not set(words) & set("ij.:!?")


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


@pytest.mark.parametrize("ground", ["board", "tiles", "gingham", "squared"])
def test_every_regular_ground_has_contrast(ground):
    for seed in range(8):
        picture = make_background(np.random.default_rng(seed), 128, (), 0.0, {ground: 1.0})
        assert picture.shape == (128, 128, 3)
        assert np.isfinite(picture).all()
        assert picture.std() > 4


def square(left, top, *, adds=False):
    """A disc that is a square of 10 x 10 px, for counting."""
    return Printed((left + 5, top + 5, 10, 10), np.ones((10, 10), np.float32), left, top, adds)


def test_later_discs_hide_earlier_ones():
    shares = visible_shares([square(0, 0), square(5, 0), square(50, 50)], 100)

    assert shares == pytest.approx([0.5, 1, 1])


def test_discs_that_one_sees_through_hide_nothing():
    assert visible_shares([square(0, 0), square(5, 0, adds=True)], 100) == pytest.approx([1, 1])


def test_part_outside_the_frame_is_not_counted():
    assert visible_shares([square(-5, 0), square(0, 0)], 100) == pytest.approx([0, 1])


def test_nothing_placed_has_no_shares():
    assert visible_shares([], 100).shape == (0,)


def test_overlapping_scenes_label_partly_hidden_discs():
    visible = np.concatenate([scene(seed).visible for seed in range(60)])
    assert ((visible > 0.25) & (visible < 0.8)).sum() >= 10
    assert visible.min() >= 0.28
