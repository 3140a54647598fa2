"""Figures by size, visible share and score, on cases whose answer is known."""

from pathlib import Path

import numpy as np
import pytest

from predictor.evaluation.breakdown import break_down, measure_reliability
from predictor.evaluation.dataset import Labelled
from predictor.evaluation.matching import Found


def boxes_of(rounds):
    return np.hstack([rounds[:, :2] - rounds[:, 2:], np.repeat(2 * rounds[:, 2:], 2, axis=1)])


def labelled(*circles, visible=(), ignored=()):
    rounds = np.array(circles, float).reshape(-1, 3)
    regions = np.array(ignored, float).reshape(-1, 4)
    return Labelled(Path("p"), "all", boxes_of(rounds), regions, rounds, np.array(visible, float))


def found(*rows):
    """Make finds from rows of x, y, radius, score."""
    values = np.array(rows, float).reshape(-1, 4)
    return Found(boxes_of(values[:, :3]), values[:, :3], values[:, 3], 1.0)


def by_title(parts):
    return {
        part.title: {row.label: (row.number, *row.values) for row in part.rows} for part in parts
    }


def test_recall_is_given_for_each_size():
    picture = labelled((50, 50, 5), (100, 100, 40), (300, 300, 50))
    finds = found((100, 100, 40, 0.9))

    sizes = by_title(break_down([finds], [finds], [picture]))["found, by size"]

    assert sizes["from 64 px"] == (2, 0.5, 1.0)
    assert sizes["from 0 px"][:2] == (1, 0.0)


def test_recall_is_given_for_each_visible_share():
    picture = labelled((50, 50, 20), (100, 100, 20), visible=(0.5, 1.0))
    finds = found((100, 100, 20, 0.9))

    shares = by_title(break_down([finds], [finds], [picture]))["found, by visible share"]

    assert shares["from 40%"][:2] == (1, 0.0)
    assert shares["from 98%"] == (1, 1.0, 1.0)


def test_labels_without_visible_share_give_no_such_table():
    finds = found((50, 50, 20, 0.9))

    assert "found, by visible share" not in by_title(
        break_down([finds], [finds], [labelled((50, 50, 20))])
    )


def test_reliability_compares_score_with_share_right():
    picture = labelled((50, 50, 20), (150, 50, 20))
    finds = found(
        (50, 50, 20, 0.8),
        (150, 50, 20, 0.8),
        (300, 300, 20, 0.8),
        (300, 100, 20, 0.8),
        (9, 9, 5, 0.1),
    )

    part = measure_reliability([finds], [picture])

    assert by_title([part])["right, by score"] == {"from 0.8": (4, pytest.approx(0.8), 0.5)}
    assert part.error == pytest.approx(0.3)


def test_ignored_finds_have_no_reliability():
    part = measure_reliability([found((50, 50, 20, 0.8))], [labelled(ignored=[(0, 0, 200, 200)])])

    assert (part.rows, part.error) == ((), None)


def test_nothing_found_has_no_error():
    assert measure_reliability([found()], [labelled((50, 50, 20))]).error is None
