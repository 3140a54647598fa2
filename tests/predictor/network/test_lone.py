"""Test the second, enlarged look at small things that the other looks are not sure of."""

import numpy as np
import pytest

from predictor.network.decoding import SIZE_UNIT_PX, STRIDE_PX, Boxes, concatenate
from predictor.network.lone import SIDE_PX, look_again

PICTURE = np.zeros((400, 600, 3), np.uint8)
CELLS = SIDE_PX // STRIDE_PX


def boxes(*rows, score):
    return Boxes(np.array(rows, np.float32).reshape(-1, 4), np.full(len(rows), score, np.float32))


class Network:
    """Finds a disc of a size in the middle of every view, or nothing."""

    def __init__(self, score=None, size_px=64.0):
        self.views, self._score, self._size_px = [], score, size_px

    def __call__(self, views):
        self.views.append(views)
        output = np.full((len(views), 5, CELLS, CELLS), -20, np.float32)
        if self._score is not None:
            middle = output[:, :, CELLS // 2, CELLS // 2]
            middle[:, 0] = np.log(self._score / (1 - self._score))
            middle[:, 1:3], middle[:, 3:] = np.log(self._size_px / SIZE_UNIT_PX), -0.5
        return output


def test_enlarged_look_and_first_one_are_averaged():
    network = Network(score=0.95)
    found = look_again(network, PICTURE, boxes((300, 200, 8, 8), score=0.5), 0.8)
    assert found.scores == pytest.approx([np.sqrt(19) / (1 + np.sqrt(19))], abs=1e-3)
    assert found.values[0] == pytest.approx([300, 200, 64 / 6, 64 / 6], abs=0.5)
    assert network.views[0].shape == (1, SIDE_PX, SIDE_PX, 3)


def test_thing_unseen_enlarged_loses_score_and_stays():
    found = look_again(Network(), PICTURE, boxes((300, 200, 8, 8), score=0.9), 0.8)
    assert found.scores[0] < 0.25
    assert found.values[0] == pytest.approx([300, 200, 8, 8])


@pytest.mark.parametrize(
    ("size", "score"), [(60, 0.5), (8, 0.98), (8, 0.05)], ids=["large", "sure", "hopeless"]
)
def test_only_small_doubtful_things_are_looked_at(size, score):
    network, found = Network(), boxes((300, 200, size, size), score=score)
    assert look_again(network, PICTURE, found, 0.8) is found
    assert network.views == []


def test_number_of_views_is_limited():
    network = Network(score=0.9)
    look_again(
        network, PICTURE, boxes(*[(40 + 40 * i, 50, 8, 8) for i in range(9)], score=0.5), 0.8
    )
    assert [len(views) for views in network.views] == [4]


def test_crowd_is_not_looked_at_again():
    network = Network(score=0.9)
    crowd = boxes(*[(40 + 40 * i, 50, 8, 8) for i in range(13)], score=0.5)
    assert look_again(network, PICTURE, crowd, 0.8) is crowd


@pytest.mark.parametrize("at", [(1, 1), (599, 399), (1, 399)])
def test_view_stays_inside_the_picture(at):
    network = Network()
    look_again(network, PICTURE + np.uint8(200), boxes((*at, 8, 8), score=0.5), 0.8)
    assert (network.views[0] == 200).mean() > 0.95


def test_picture_smaller_than_the_view_is_filled_up():
    network = Network()
    look_again(network, PICTURE[:10, :20] + np.uint8(9), boxes((5, 5, 8, 8), score=0.5), 2.0)
    assert network.views[0].shape == (1, SIDE_PX, SIDE_PX, 3)
    assert set(np.unique(network.views[0])) == {9, 127}


def test_nothing_is_alone_among_sure_finds():
    network, sure = (
        Network(score=0.9),
        boxes(*[(40 + 90 * i, 50, 80, 80) for i in range(4)], score=0.95),
    )
    doubtful = boxes((300, 200, 8, 8), score=0.5)
    assert look_again(network, PICTURE, concatenate([sure, doubtful]), 0.8).scores[-1] == 0.5
    assert network.views == []
