"""Test regular patterns without discs: deterministic, at many scales and contrasts."""

import numpy as np
import pytest

from predictor.training.data.batches import Batches, Mixture
from predictor.training.data.crops import Crop
from predictor.training.data.negatives import patterns
from predictor.training.rendering.negatives.patterns import (
    checks,
    gingham,
    halftone,
    render_pattern,
    stripes,
)

NONE = np.zeros((0, 4), np.float32)
YS, XS = np.mgrid[:64, :64].astype(np.float32)


def test_seed_determines_the_pattern():
    first, second = (render_pattern(np.random.default_rng(seed)) for seed in (3, 4))
    assert first.shape == (640, 640, 3) and first.dtype == np.uint8
    assert np.array_equal(first, render_pattern(np.random.default_rng(3)))
    assert not np.array_equal(first, second)


def test_patterns_have_no_labels_some_are_black_and_white():
    crops = list(patterns(range(24)))
    assert all(len(crop.boxes) == 0 and len(crop.ignored) == 0 for crop in crops)
    assert any(set(np.unique(crop.pixels)) == {0, 255} for crop in crops)
    assert sum(len(np.unique(crop.pixels)) > 50 for crop in crops) > 5, "some are photographed"


def test_checkerboard_alternates_at_every_cell():
    board = checks(np.random.default_rng(0), XS // 8, YS // 8)
    assert np.array_equal(board[:8, :8], np.zeros((8, 8))) and np.array_equal(
        board[:8, 8:16], np.ones((8, 8))
    )
    assert np.array_equal(board[8:], 1 - board[:-8])


@pytest.mark.parametrize("kind", [checks, gingham, halftone, stripes])
def test_pattern_stays_between_its_two_colours(kind):
    share = kind(np.random.default_rng(1), XS / 5, YS / 5)
    assert share.shape == (64, 64)
    assert share.min() >= 0 and share.max() <= 1 and share.std() > 0.1


def empty_crops(untouched_share):
    grey = Crop(np.full((90, 90, 3), 255, np.uint8), NONE, NONE)
    mixture = Mixture(
        (64,), 8, 0.0, 1.0, photograph_scales=(1.0, 1.0 + 1e-9), untouched_share=untouched_share
    )
    return Batches(1, 4, [], [], [grey], mixture)


def test_untouched_empty_crops_keep_their_colours():
    inside = np.s_[
        :, 1:-1, 1:-1
    ]  # a crop at the picture's edge mixes its last row with the grey beyond
    assert all((empty_crops(1.0)[step][0][inside] == 255).all() for step in range(4))
    assert any((empty_crops(0.0)[step][0][inside] != 255).any() for step in range(4))
