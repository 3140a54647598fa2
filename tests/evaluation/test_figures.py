"""The judge judged: cases drawn by hand whose right answer is known."""

from pathlib import Path

import numpy as np
import pytest

from predictor.evaluation.dataset import Labelled
from predictor.evaluation.figures import measure
from predictor.evaluation.matching import Found, box_ious, judge


def labelled(*circles, ignored=()):
    """A picture with circles (x, y, radius) and ignore boxes (left, top, width, height)."""
    rounds = np.array(circles, float).reshape(-1, 3)
    return Labelled(
        Path("p.png"), "all", boxes_of(rounds), np.array(ignored, float).reshape(-1, 4), rounds
    )


def found(*circles, scores=None):
    rounds = np.array(circles, float).reshape(-1, 3)
    return Found(boxes_of(rounds), rounds, np.array(scores or [0.9] * len(rounds), float), 7.0)


def boxes_of(rounds):
    return np.hstack([rounds[:, :2] - rounds[:, 2:], np.repeat(2 * rounds[:, 2:], 2, axis=1)])


def test_iou_of_boxes_shifted_by_half_a_side():
    ious = box_ious(
        np.array([[0.0, 0, 10, 10]]), np.array([[5.0, 0, 10, 10], [0, 0, 10, 10], [20, 0, 5, 5]])
    )
    assert ious.tolist() == [[pytest.approx(1 / 3), 1.0, 0.0]]


def test_one_right_one_wrong_one_missed():
    verdict = judge(found((50, 50, 10), (200, 200, 10)), labelled((50, 50, 10), (100, 100, 10)))
    assert (verdict.right, verdict.wrong, verdict.missed, verdict.count_error) == (1, 1, 1, 0)
    assert verdict.ious.tolist() == [1.0]


def test_duplicate_detection_counts_as_wrong():
    verdict = judge(found((50, 50, 10), (51, 50, 10)), labelled((50, 50, 10)))
    assert (verdict.right, verdict.wrong, verdict.missed) == (1, 1, 0)
    assert verdict.ious.tolist() == [1.0], "the better one is the match"


def test_matching_beats_a_greedy_assignment():
    # The first find overlaps both labels enough, the second only the first label. Greedy matching
    # by IoU would leave the second one without a label.
    truth = np.array([[0.0, 0, 10, 10], [4, 0, 10, 10]])
    guess = np.array([[1.0, 0, 10, 10], [-3, 0, 10, 10]])
    ious = box_ious(guess, truth)
    assert ious[0, 0] > ious[1, 0] >= 0.5 and ious[0, 1] >= 0.5 > ious[1, 1]
    zeros = np.ones((2, 3))
    verdict = judge(
        Found(guess, zeros, np.ones(2), 0.0),
        Labelled(Path("p"), "all", truth, np.zeros((0, 4)), np.ones((2, 3))),
    )
    assert (verdict.right, verdict.wrong, verdict.missed) == (2, 0, 0)


def test_detection_in_an_ignored_region_does_not_count():
    verdict = judge(
        found((50, 50, 10), (305, 305, 10)), labelled((50, 50, 10), ignored=[(290, 290, 40, 40)])
    )
    assert (verdict.right, verdict.wrong, verdict.missed) == (1, 0, 0)


def test_detection_mostly_outside_the_region_is_wrong():
    verdict = judge(found((50, 50, 10)), labelled(ignored=[(0, 0, 48, 100)]))
    assert (verdict.right, verdict.wrong) == (0, 1)


def test_errors_are_relative_to_the_labelled_radius():
    verdict = judge(found((53, 54, 22)), labelled((50, 50, 20)))
    assert verdict.radius_errors.tolist() == [pytest.approx(0.1)]
    assert verdict.centre_errors.tolist() == [pytest.approx(0.25)]


def test_figures_add_counts_over_pictures():
    verdicts = [
        judge(found((50, 50, 10)), labelled((50, 50, 10), (100, 100, 10))),
        judge(found((50, 50, 10), (90, 90, 10), (9, 9, 5)), labelled((50, 50, 10))),
    ]
    figures = measure(verdicts)
    assert figures["precision"].value == 2 / 4
    assert figures["recall"].value == 2 / 3
    assert figures["f1"].value == pytest.approx(4 / 7)
    assert figures["count_error_per_image"].value == 1.5
    assert figures["wrong_per_image"].value == 1.0
    assert figures["milliseconds_per_image"].value == 7.0


def test_interval_contains_the_value():
    alike = [judge(found((50, 50, 10)), labelled((50, 50, 10), (99, 99, 9)))] * 5
    figure = measure(alike)["recall"]
    assert (figure.low, figure.value, figure.high) == (0.5, 0.5, 0.5)
    mixed = [*alike, *[judge(found((50, 50, 10)), labelled((50, 50, 10)))] * 5]
    figure = measure(mixed)["recall"]
    assert 0.5 <= figure.low < figure.value < figure.high <= 1


def test_empty_picture_leaves_f1_undefined():
    figures = measure([judge(found(), labelled())])
    assert np.isnan(figures["f1"].value)
    assert figures["wrong_per_image"].value == 0
