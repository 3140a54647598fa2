"""The drawn size sweep: pictures as described, verdicts as promised."""

from types import SimpleNamespace

import numpy as np
import pytest

from predictor.evaluation.matching import Found
from predictor.evaluation.report import sweep_table
from predictor.evaluation.sweep import PICTURES, SHAPES_PX, draw_sweep, judge_picture


@pytest.fixture(scope="module")
def pictures():
    return list(draw_sweep())


def answering(*boxes):
    """A subject that finds these boxes in any picture."""
    array = np.array(boxes, float).reshape(-1, 4)
    found = Found(array, np.zeros((len(array), 3)), np.ones(len(array)), 1.0)
    return SimpleNamespace(name="fake", find=lambda data, unsure: found)


def test_ninety_pictures_have_every_shape_and_size(pictures):
    assert len(pictures) == PICTURES == 90
    assert {picture.pixels.shape[1::-1] for picture in pictures} == set(SHAPES_PX)
    assert min(picture.diameter_px for picture in pictures) == 6
    assert max(picture.share for picture in pictures) == 1.2


def test_box_is_where_the_disc_is_seen(pictures):
    for picture in pictures[3:18:3]:
        left, top, width, height = (round(value) for value in picture.box)
        inside = picture.pixels[top + height // 2, left + width // 2].astype(int)
        ground = picture.pixels[0, 0].astype(int)
        if picture.share < 0.9:
            assert np.abs(inside - ground).max() > 25
        assert left >= 0 and left + width <= picture.pixels.shape[1] + 1


def test_drawing_is_repeatable(pictures):
    assert np.array_equal(next(draw_sweep()).pixels, pictures[0].pixels)


def test_exact_single_find_is_right(pictures):
    verdict = judge_picture(answering(pictures[10].box), pictures[10])

    assert (verdict.right, verdict.finds, verdict.iou) == (True, 1, pytest.approx(1))


def test_loose_box_is_right_only_for_small_discs(pictures):
    small, large = pictures[2], pictures[10]
    assert small.diameter_px < 30 < large.diameter_px
    loose = [(x, y, w * 1.2, h) for x, y, w, h in (small.box, large.box)]

    assert judge_picture(answering(loose[0]), small).right
    assert not judge_picture(answering(loose[1]), large).right


@pytest.mark.parametrize("number", [0, 2])
def test_none_or_two_finds_are_wrong(pictures, number):
    verdict = judge_picture(answering(*[pictures[10].box] * number), pictures[10])

    assert (verdict.right, verdict.finds) == (False, number)


def test_table_counts_what_is_right(pictures):
    verdicts = [judge_picture(answering(each.box), each) for each in pictures[:18]]

    assert "18 of 18 right" in sweep_table("fake", verdicts).title
