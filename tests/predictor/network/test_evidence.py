"""What edges add to the network's finds, and which of concentric circles counts."""

import tracemalloc

import numpy as np
import pytest

from predictor.network.decoding import Boxes
from predictor.network.evidence import keep_outermost, support, weigh


def boxes(*rows):
    """Make boxes from rows of x, y, diameter, score."""
    values = np.array([(x, y, d, d) for x, y, d, _ in rows], np.float32).reshape(-1, 4)
    return Boxes(values, np.array([score for *_, score in rows], np.float32))


def rows_of(found):
    pairs = zip(found.values[:, :3].tolist(), found.scores.tolist(), strict=True)
    return [(*value, pytest.approx(score, abs=1e-3)) for value, score in pairs]


def test_edges_raise_doubtful_find():
    (score,) = weigh(boxes((100, 100, 80, 0.3)), boxes((102, 100, 80, 0.9))).scores

    assert 0.8 < score < 1


def test_weak_edge_lowers_no_score():
    assert weigh(boxes((100, 100, 80, 0.95)), boxes((102, 100, 80, 0.1))).scores == pytest.approx(
        [0.95]
    )


def test_box_of_the_network_stays():
    assert weigh(boxes((100, 100, 80, 0.3)), boxes((104, 100, 80, 0.9))).values[0].tolist() == [
        100,
        100,
        80,
        80,
    ]


def test_circle_that_only_edges_show_is_added():
    found = weigh(boxes(), boxes((300, 100, 60, 0.9)))

    assert found.values[:, :3].tolist() == [[300, 100, 60]]
    assert 0.6 < found.scores[0] < 0.9, "edges alone are believed less"


def test_edges_alone_count_less_beside_a_sure_find():
    found = weigh(boxes((100, 100, 80, 0.95)), boxes((300, 100, 60, 0.9)))

    assert found.values[:, :3].tolist() == [[100, 100, 80], [300, 100, 60]]
    assert 0.3 < found.scores[1] < 0.6


def test_edges_inside_a_sure_find_count_less():
    inside, beside = (
        weigh(boxes((100, 100, 90, 0.95)), boxes((x, 100, 30, 0.9))) for x in (115, 300)
    )

    assert inside.scores[1] < beside.scores[1]


@pytest.mark.parametrize(("found", "edges"), [(boxes(), boxes()), (boxes((9, 9, 8, 0.5)), boxes())])
def test_nothing_to_weigh_changes_nothing(found, edges):
    assert rows_of(weigh(found, edges)) == rows_of(found)


def test_outermost_circle_counts_with_the_better_score():
    nest = boxes((100, 100, 30, 0.99), (101, 100, 60, 0.9), (100, 101, 90, 0.8))

    assert rows_of(keep_outermost(nest, 0.7)) == [(100, 101, 90, 0.99)]


def test_doubtful_outer_circle_removes_nothing():
    pair = boxes((100, 100, 60, 0.9), (100, 100, 90, 0.5))

    assert rows_of(keep_outermost(pair, 0.7)) == rows_of(pair)


def test_holes_beside_the_middle_of_a_flange_stay():
    flange = boxes((100, 100, 90, 0.9), (130, 100, 20, 0.8), (70, 100, 20, 0.8))

    assert len(keep_outermost(flange, 0.7).scores) == 3


def test_small_thing_in_the_middle_of_a_dish_stays():
    dish = boxes((100, 100, 200, 0.9), (100, 100, 20, 0.8))

    assert len(keep_outermost(dish, 0.7).scores) == 2


def test_dim_one_among_many_of_its_size_scores_better():
    company = [(100 * i, 100, 40, 0.99) for i in range(6)]
    scores = support(boxes(*company, (50, 300, 50, 0.6))).scores
    assert scores[-1] == pytest.approx(1.5 * np.exp(2) / (1 + 1.5 * np.exp(2)), abs=1e-3)


def test_few_other_sizes_and_doubtful_ones_are_no_company():
    one = (50, 300, 40, 0.6)
    assert support(boxes(one)).scores == pytest.approx([0.6])
    assert support(boxes(*[(100 * i, 100, 90, 0.99) for i in range(6)], one)).scores[-1] == (
        pytest.approx(0.6)
    )
    assert support(boxes(*[(100 * i, 100, 40, 0.8) for i in range(6)], one)).scores[-1] == (
        pytest.approx(0.6)
    )


def test_support_orders_the_best_first():
    rows = [(100 * i, 100, 40, 0.95) for i in range(7)]
    found = support(boxes((0, 300, 90, 0.97), *rows))
    assert found.values[-1].tolist() == [0, 300, 90, 90]
    assert (np.diff(found.scores) <= 0).all()
    assert support(boxes()).scores.size == 0


def test_support_of_very_many_takes_little_memory():
    sides = np.linspace(10, 200, 20_000)
    found = boxes(*((0, 0, side, 0.95) for side in sides))
    tracemalloc.start()
    try:
        support(found)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < 20e6  # a table of all pairs has 400 million cells
