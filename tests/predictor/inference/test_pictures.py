"""Test how encoded pictures become upright RGB pixels, value by value."""

import numpy as np
import pytest
from PIL import Image

from predictor.errors import Refusal
from predictor.inference import pictures
from tests.predictor.drawing import STORED, encoded


def pixels_of(data):
    return pictures.read_pixels(pictures.open_source(data, max_pixels=10_000_000))


def grey_levels(values, kind="PNG"):
    """Write values as one row of grey pixels, and return the levels that are read."""
    decoded = pixels_of(encoded(Image.fromarray(values[None, :]), kind))
    assert decoded.shape == (1, len(values), 3) and decoded.dtype == np.uint8
    assert (decoded == decoded[:, :, :1]).all()
    return decoded[0, :, 0].tolist()


def random_rgb(height, width):
    return np.random.default_rng(11).integers(0, 256, (height, width, 3), np.uint8)


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "GIF"])
def test_pixels_are_decoded_exactly(kind):
    original = random_rgb(5, 7) if kind != "GIF" else np.full((5, 7, 3), (10, 200, 30), np.uint8)

    assert (pixels_of(encoded(Image.fromarray(original), kind)) == original).all()


@pytest.mark.parametrize("orientation", STORED)
def test_every_orientation_is_undone_exactly(orientation):
    original = random_rgb(3, 5)
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = Image.fromarray(original)
    stored = image if STORED[orientation] is None else image.transpose(STORED[orientation])

    decoded = pixels_of(encoded(stored, "PNG", exif=exif))

    assert decoded.shape == original.shape and (decoded == original).all()
    assert decoded.flags.c_contiguous


def test_bands_are_joined_without_a_seam(monkeypatch):
    monkeypatch.setattr("circles_pictures.rgb.BAND_BYTES", 4 * 10 * 3)  # three rows of ten pixels
    original = random_rgb(20, 10)

    assert (pixels_of(encoded(Image.fromarray(original), "PNG")) == original).all()


def test_16_bit_values_are_scaled():
    assert grey_levels(np.array([0, 257, 32768, 65535], np.uint16)) == [0, 1, 128, 255]


def test_12_bit_values_fill_the_range():
    assert grey_levels(np.array([0, 2048, 4095], np.uint16)) == [0, 128, 255]


def test_integers_and_floats_are_stretched():
    assert grey_levels(np.array([-1000, 0, 1000], np.int32), "TIFF") == [0, 128, 255]
    assert grey_levels(np.array([0.25, 0.5, 0.75], np.float32), "TIFF") == [0, 128, 255]


def test_nan_and_infinity_do_not_spoil_other_pixels():
    values = np.array([0, 1, np.nan, np.inf, -np.inf], np.float32)

    assert grey_levels(values, "TIFF") == [0, 255, 0, 255, 0]


def test_flat_deep_picture_is_black():
    assert grey_levels(np.array([7, 7], np.int32), "TIFF") == [0, 0]
    assert grey_levels(np.array([np.nan, np.nan], np.float32), "TIFF") == [0, 0]


def test_transparent_pixels_are_white():
    rgba = np.array([[[0, 0, 0, 0], [0, 0, 0, 255], [0, 0, 0, 128], [255, 0, 0, 0]]], np.uint8)

    for kind in ("PNG", "TIFF"):
        decoded = pixels_of(encoded(Image.fromarray(rgba), kind))
        assert decoded[0].tolist() == [[255] * 3, [0] * 3, [127] * 3, [255] * 3]


def test_transparent_palette_colour_is_white():
    image = Image.new("P", (2, 1))
    image.putpalette([10, 20, 30, 40, 50, 60])
    image.putdata([0, 1])

    decoded = pixels_of(encoded(image, "PNG", transparency=0))

    assert decoded[0].tolist() == [[255, 255, 255], [40, 50, 60]]


def test_cmyk_is_converted_as_ink_on_paper():
    inks = np.zeros(
        (16, 64, 4), np.uint8
    )  # 16 px for each colour, so that JPEG's blocks do not mix them
    inks[:, 16:32, 0] = inks[:, 32:48, 3] = 255
    inks[:, 48:, 1:3] = 255

    decoded = pixels_of(encoded(Image.fromarray(inks, "CMYK"), "JPEG", quality=95))

    expected = [[255, 255, 255], [0, 255, 255], [0, 0, 0], [255, 0, 0]]
    assert decoded[8, 8::16].astype(int) == pytest.approx(np.array(expected), abs=6)


def test_first_frame_of_an_animation_is_used():
    frames = [Image.new("RGB", (4, 3), colour) for colour in ("red", "blue")]

    for kind in ("GIF", "PNG", "TIFF"):
        decoded = pixels_of(encoded(frames[0], kind, save_all=True, append_images=frames[1:]))
        assert decoded[0, 0].tolist() == [255, 0, 0]


def test_pixel_limit_is_checked_before_decoding():
    data = encoded(Image.new("RGB", (10, 11)), "PNG")
    cut = data[:60]  # the complete header, but not all pixels

    assert pictures.open_source(cut, max_pixels=110).upright_size == (10, 11)
    with pytest.raises(Refusal) as refused:
        pictures.open_source(cut, max_pixels=109)
    assert refused.value.status == 413
