"""Test the parts around the network: tiles, peaks and rims."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from predictor.network.decoding import Boxes, decode, mirrored, suppress
from predictor.network.rim import refine
from predictor.network.views import (
    MOST_TILES,
    OVERLAP_PX,
    TILE_PX,
    View,
    affordable_scale,
    show,
    tiles,
    whole,
)


def boxes(*rows, scores=None):
    values = np.array(rows, np.float32).reshape(-1, 4)
    return Boxes(values, np.array(scores or [0.9] * len(values), np.float32))


def test_peak_is_decoded_to_a_box_in_pixels():
    output = np.full((5, 16, 24), -8, np.float32)
    output[1:, :, :] = 0
    output[0, 5, 9], output[1:, 5, 9] = 2.0, (np.log(2), np.log(0.5), 0.25, -0.5)
    found = decode(output, 0.3, 10)
    assert found.values.tolist() == [
        [pytest.approx((9.5 + 0.25) * 4), pytest.approx((5.5 - 0.5) * 4), 64.0, 16.0]
    ]
    assert found.scores.tolist() == [pytest.approx(1 / (1 + np.exp(-2)))]


def test_decode_returns_local_maxima_best_first():
    output = np.zeros((5, 16, 16), np.float32)
    output[0] = -9
    output[0, 4, 4], output[0, 4, 5], output[0, 10, 10], output[0, 14, 2] = 1.0, 0.9, 3.0, -3.0
    assert decode(output, 0.5, 10).values[:, 0].tolist() == [42.0, 18.0]
    assert len(decode(output, 0.01, 10).scores) == 3
    assert decode(output, 0.01, 1).values[:, 0].tolist() == [42.0]


def test_mirrored_output_gives_mirrored_boxes():
    output = np.full((5, 16, 24), -8, np.float32)
    output[1:, :, :] = 0
    output[0, 5, 9], output[1:, 5, 9] = 2.0, (np.log(2), np.log(0.5), 0.25, -0.5)
    [[x, y, w, h]] = decode(output, 0.3, 10).values
    assert decode(mirrored(output), 0.3, 10).values.tolist() == [[24 * 4 - x, y, w, h]]
    assert (mirrored(mirrored(output)) == output).all()


def test_suppress_drops_duplicates_keeps_overlaps():
    twice = boxes([50, 50, 40, 40], [53, 50, 40, 40], scores=[0.5, 0.8])
    assert suppress(twice).values.tolist() == [[53, 50, 40, 40]]
    coins = boxes([50, 50, 40, 40], [70, 50, 40, 40])
    assert len(suppress(coins).scores) == 2


@pytest.mark.parametrize(
    "size", [(1024, 768), (4000, 3000), (640, 640), (20000, 8), (3, 5000), (5000, 5000)]
)
def test_tiles_cover_the_picture_and_overlap(size):
    width, height = size
    scale = affordable_scale(width, height, 1.0)
    views = tiles(width, height, scale)
    assert 1 <= len(views) <= MOST_TILES
    seen = np.zeros((min(height, 500), min(width, 500)), bool)
    fy, fx = seen.shape[0] / height, seen.shape[1] / width
    for view in views:
        assert view.width * scale <= TILE_PX + 2 and view.height * scale <= TILE_PX + 2
        top, bottom = int(np.floor(view.top * fy)), int(np.ceil((view.top + view.height) * fy))
        left, right = int(np.floor(view.left * fx)), int(np.ceil((view.left + view.width) * fx))
        seen[top:bottom, left:right] = True
    assert seen.all()
    lefts = sorted({v.left for v in views})
    for first, second in zip(lefts, lefts[1:], strict=False):
        assert first + views[0].width - second >= (OVERLAP_PX - 2) / scale


def test_box_is_cut_by_inner_edges_only():
    view = View(left=0, top=100, width=200, height=200, scale=1)
    values = boxes(
        [10, 200, 60, 60], [195, 200, 60, 60], [100, 105, 40, 40], [100, 295, 40, 40]
    ).values
    assert view.cuts(values, (400, 300)).tolist() == [False, True, True, False]


def test_view_is_scaled_evenly_and_padded_with_grey():
    pixels = np.zeros((300, 400, 3), np.uint8)
    pixels[150:, 200:] = 240
    shown, scales = show(pixels, whole(400, 300, 0.5))
    assert shown.shape == (192, 256, 3)
    assert scales == (0.5, 0.5)
    assert shown[149, 199].tolist() == [240] * 3 and shown[10, 10].tolist() == [0] * 3
    assert shown[180, 100].tolist() == [127] * 3


def test_strong_reduction_matches_pillow():
    rng = np.random.default_rng(4)
    pixels = np.asarray(
        Image.fromarray(rng.integers(0, 256, (30, 40, 3), np.uint8)).resize((4000, 3000))
    )
    shown, _ = show(pixels, whole(4000, 3000, 0.1))
    plain = np.asarray(Image.fromarray(pixels).resize((400, 300), Image.Resampling.BOX))
    assert np.abs(shown[:300, :400].astype(int) - plain).mean() < 2


@pytest.mark.parametrize("shape", [(60.0, 60.0), (25.0, 25.0), (50.0, 42.0)])
def test_rim_is_measured_with_subpixel_accuracy(shape):
    x, y, (rx, ry) = 130.4, 99.7, shape
    image = Image.new("L", (2080, 1600), 190)
    ImageDraw.Draw(image).ellipse(tuple(8 * v for v in (x - rx, y - ry, x + rx, y + ry)), fill=60)
    pixels = np.asarray(image.resize((260, 200), Image.Resampling.BOX).convert("RGB"))
    rough = boxes([x + 0.05 * rx, y - 0.04 * ry, 2 * rx * 1.07, 2 * ry * 0.95])
    found = refine(pixels, rough).values[0]
    assert found[:2] == pytest.approx((x, y), abs=0.35)
    assert found[2:] == pytest.approx((2 * rx, 2 * ry), rel=0.02)


def test_box_without_an_edge_stays_unchanged():
    noise = np.random.default_rng(0).integers(0, 256, (200, 200, 3)).astype(np.uint8)
    rough = boxes([100, 100, 60, 60])
    assert np.abs(refine(noise, rough).values - rough.values).max() <= 60 * 0.15
    flat = np.full((200, 200, 3), 99, np.uint8)
    assert np.array_equal(refine(flat, rough).values, rough.values)
