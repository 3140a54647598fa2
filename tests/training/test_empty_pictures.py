"""Test rendered empty pictures: signs and foliage, the same from the same seed."""

from pathlib import Path

import numpy as np
import pytest
from PIL import ImageFont

from predictor.training.data.crops import Crop
from predictor.training.data.negatives import foliage, signs
from predictor.training.rendering.negatives.foliage import render_foliage
from predictor.training.rendering.negatives.lettering import STYLES, write_headline, write_plate
from predictor.training.rendering.negatives.ornaments import draw_ornament
from predictor.training.rendering.negatives.signs import render_sign

NONE = np.zeros((0, 4), np.float32)
BLUE = np.full((64, 64, 3), (0, 0, 255), np.uint8)


@pytest.mark.parametrize(
    "render", [lambda rng: render_sign(rng, [], [BLUE]), render_foliage], ids=["sign", "foliage"]
)
def test_seed_determines_the_picture(render):
    first, second = (render(np.random.default_rng(seed)) for seed in (3, 4))
    assert first.shape == (640, 640, 3) and first.dtype == np.uint8
    assert np.array_equal(first, render(np.random.default_rng(3)))
    assert not np.array_equal(first, second)


def test_empty_pictures_have_no_labels(tmp_path):
    for crop in (*signs(tmp_path, [Crop(BLUE, NONE, NONE)], range(2)), *foliage(range(2))):
        assert len(crop.boxes) == len(crop.ignored) == 0


def test_signs_use_the_given_fonts(tmp_path, monkeypatch):
    asked, typeface = [], ImageFont.load_default(20)
    monkeypatch.setattr(ImageFont, "truetype", lambda path, size: asked.append(path) or typeface)
    (tmp_path / "fonts").mkdir()
    (tmp_path / "fonts" / "Some.ttf").touch()
    list(signs(tmp_path, [], range(3)))
    assert {Path(path).name for path in asked} == {"Some.ttf"}


def test_letters_contrast_with_their_board():
    assert all(render_sign(np.random.default_rng(seed), [], []).std() > 4 for seed in range(12))


def test_leaves_leave_gaps_of_sky():
    lights = [render_foliage(np.random.default_rng(seed)).mean(2) for seed in range(6)]
    assert sum(np.percentile(light, 99.5) - np.percentile(light, 20) > 30 for light in lights) >= 4


def test_every_style_of_lettering_shows():
    mask = np.zeros((60, 90), np.float32)
    mask[20:40, 30:60] = 1
    for style, paint in STYLES.items():
        board = np.full((60, 90, 3), 90, np.float32)
        paint(np.random.default_rng(1), board, mask, np.full(3, 220, np.float32), 30.0)
        assert np.isfinite(board).all() and board.std() > 3, style


def test_number_plates_and_headlines_fit_their_board():
    for write in (write_plate, write_headline):
        mask, size_px = write(np.random.default_rng(2), (120, 400), [])
        assert mask.shape == (120, 400) and mask.max() > 0.9
        assert 12 <= size_px <= 480


def test_ornaments_cover_part_of_their_board():
    masks = [draw_ornament(np.random.default_rng(seed), (120, 200)) for seed in range(12)]
    shares = [(mask > 0.5).mean() for mask in masks]
    assert max(shares) < 0.9 and sum(share > 0.001 for share in shares) >= 10
