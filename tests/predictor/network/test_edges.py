"""Circles by edges: exact on drawn discs, few on pictures with nothing round."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from predictor.network.edges import find_circles


def drawn(width, height, *circles, ground=(215, 205, 185), ink=(70, 45, 30)):
    """Draw discs (x, y, radius) four times as large and shrink them, so that rims are smooth."""
    image = Image.new("RGB", (4 * width, 4 * height), ground)
    for x, y, r in circles:
        ImageDraw.Draw(image).ellipse(
            (4 * (x - r), 4 * (y - r), 4 * (x + r), 4 * (y + r)), fill=ink
        )
    return np.asarray(image.resize((width, height), Image.Resampling.BOX))


@pytest.mark.parametrize("size", [(640, 480), (480, 640), (1600, 1200), (200, 150)])
def test_disc_is_found_in_any_size(size):
    width, height = size
    x, y, r = 0.4 * width, 0.55 * height, 0.2 * min(size)

    found = find_circles(drawn(width, height, (x, y, r)))

    assert found.values.shape == (1, 4)
    assert found.values[0] == pytest.approx((x, y, 2 * r, 2 * r), abs=0.06 * r)
    assert found.scores[0] > 0.8


def test_disc_larger_than_half_the_frame_is_found():
    found = find_circles(drawn(480, 480, (240, 240, 200)))

    assert found.values[0] == pytest.approx((240, 240, 400, 400), abs=6)


def test_letter_sized_circles_are_left_out():
    assert len(find_circles(drawn(1024, 768, (300, 300, 8), (600, 500, 9))).scores) == 0


@pytest.mark.parametrize("shape", [(1, 1), (1, 700), (700, 1), (3, 5), (8, 20000)])
def test_odd_shapes_are_borne(shape):
    noise = np.random.default_rng(3).integers(0, 256, (*shape, 3)).astype(np.uint8)

    found = find_circles(noise)

    assert np.isfinite(found.values).all()
    assert ((found.scores >= 0) & (found.scores <= 1)).all()


def test_regular_patterns_give_no_circle():
    for cell in (5, 16, 40):
        squares = np.kron(np.indices((640 // cell, 640 // cell)).sum(0) % 2, np.ones((cell, cell)))
        assert (
            find_circles(np.repeat(squares[..., None] * 255, 3, 2).astype(np.uint8)).scores < 0.5
        ).all()


def test_view_of_pixels_in_any_order_is_read():
    pixels = drawn(640, 480, (200, 300, 90))[::-1].transpose(1, 0, 2)

    (box,) = find_circles(pixels).values

    assert box[:2] == pytest.approx((180, 200), abs=4)
