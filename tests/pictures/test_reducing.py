"""Test pictures that are read smaller: the same pixels as of the whole, whatever the bands."""

from io import BytesIO
from random import Random

import numpy as np
import pytest
from PIL import Image

from circles_pictures.opening import open_picture
from circles_pictures.reducing import reduce_bands
from predictor.inference.pictures import read_pixels

WIDTH, HEIGHT = 203, 131
NOISE = Image.frombytes("RGB", (WIDTH, HEIGHT), Random(1).randbytes(WIDTH * HEIGHT * 3))


def encoded(image, kind, **options):
    out = BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


@pytest.mark.parametrize("factor", [2, 4, 8])
@pytest.mark.parametrize("rows", [1, 3, 8, 50, HEIGHT])
def test_bands_of_any_height(factor, rows):
    tops = range(0, HEIGHT, rows)
    bands = ((top, NOISE.crop((0, top, WIDTH, min(top + rows, HEIGHT)))) for top in tops)
    canvas = Image.new("RGB", (-(-WIDTH // factor), -(-HEIGHT // factor)))
    filled = 0
    for top, band in reduce_bands(bands, factor, HEIGHT):
        assert top == filled
        canvas.paste(band, (0, top))
        filled += band.height

    assert filled == canvas.height
    assert canvas.tobytes() == NOISE.reduce(factor).tobytes()


@pytest.mark.parametrize("factor", [2, 4, 8])
@pytest.mark.parametrize("orientation", [1, 6])
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_smaller_picture_is_the_mean(kind, orientation, factor):
    smooth = NOISE.resize((9, 6)).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"quality": 95, "subsampling": 0} if kind == "JPEG" else {}
    source = open_picture(encoded(smooth, kind, exif=exif, **options))

    pixels = read_pixels(source, factor).astype(int)

    upright = smooth if orientation == 1 else smooth.transpose(Image.Transpose.ROTATE_270)
    stored = np.asarray(smooth.reduce(factor)).astype(int)
    expected = stored if orientation == 1 else np.rot90(stored, -1)
    width, height = upright.size
    assert pixels.shape == (-(-height // factor), -(-width // factor), 3)
    assert abs(pixels - expected)[1:-1, 1:-1].max() <= 6


def test_jpeg_without_its_end_is_read_smaller_too():
    smooth = NOISE.resize((9, 6)).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)
    source = open_picture(encoded(smooth, "JPEG", quality=95)[:-2])

    pixels = read_pixels(source, 2).astype(int)

    assert abs(pixels - np.asarray(smooth.reduce(2)).astype(int)).max() <= 8


def test_side_below_the_factor():
    source = open_picture(encoded(NOISE.crop((0, 0, WIDTH, 3)), "JPEG"))

    assert read_pixels(source, 8).shape == (1, -(-WIDTH // 8), 3)
