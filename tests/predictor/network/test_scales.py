"""When a finer look is worth it, and what of it is believed."""

import numpy as np
import pytest

from predictor.network.decoding import Boxes
from predictor.network.scales import finer_scale, joined, mostly_small

SCORE = 0.9


def boxes(*rows, score=SCORE):
    return Boxes(np.array(rows, np.float32).reshape(-1, 4), np.full(len(rows), score, np.float32))


def row_of(count, size):
    return [(40 + 60 * i, 50, size, size) for i in range(count)]


def test_finer_scale_is_used_for_small_circles():
    assert mostly_small(boxes(*row_of(3, 30)), 0.5)
    assert not mostly_small(boxes(*row_of(3, 90)), 0.5)
    assert not mostly_small(boxes(*row_of(3, 30), score=0.2), 0.5), (
        "only what is fairly sure counts"
    )
    assert not mostly_small(boxes(), 0.5)


def test_pixels_are_enlarged_only_for_a_crowd():
    assert finer_scale(1000, 800, 0.512, boxes(*row_of(3, 20))) == 1.0
    assert finer_scale(1000, 800, 1.0, boxes(*row_of(3, 20))) is None
    assert finer_scale(1000, 800, 1.0, boxes(*row_of(9, 20))) == pytest.approx(1.6)


def test_each_scale_keeps_the_sizes_it_sees_best():
    coarse, fine = (
        boxes((300, 300, 200, 200), (40, 50, 20, 20)),
        boxes((300, 300, 180, 180), (41, 50, 20, 20)),
    )
    found = joined(coarse, [fine], 0.5, 1.0)
    assert sorted(found.values.tolist()) == [[41, 50, 20, 20], [300, 300, 200, 200]]


def test_detection_unseen_at_the_coarse_scale_loses_score():
    coarse, fine = boxes((40, 50, 20, 20), score=0.15), boxes((41, 51, 22, 20), (400, 50, 20, 20))
    seen, unseen = joined(coarse, [fine], 0.5, 1.0).scores
    assert seen == pytest.approx(SCORE)
    assert unseen == pytest.approx(9 * np.exp(-2) / (1 + 9 * np.exp(-2)), abs=1e-3)


def test_surer_coarse_look_raises_the_score():
    coarse, fine = boxes((40, 50, 20, 20), score=0.9), boxes((41, 50, 20, 20), score=0.5)
    assert joined(coarse, [fine], 0.5, 1.0).scores == pytest.approx([0.75], abs=1e-3)
    assert joined(coarse, [boxes()], 0.5, 1.0).scores.size == 0, "the finer look decides"


def test_crowd_seen_at_both_scales_confirms_the_rest():
    alone = (700, 400, 20, 20)
    for count, believed in ((7, False), (8, True)):
        both = row_of(count, 20)
        found = joined(boxes(*both, score=0.2), [boxes(*both, alone)], 0.5, 1.0)
        (score,) = found.scores[(found.values == np.array(alone, np.float32)).all(1)]
        assert bool(score > 0.89) is believed


def test_joining_empty_results_is_empty():
    assert len(joined(boxes(), [boxes(), boxes()], 0.5, 1.0).scores) == 0
