"""Draw the picture that every benchmark sends, the same on every machine."""

import random
from functools import cache
from io import BytesIO

from PIL import Image, ImageDraw, ImageFilter

WIDTH, HEIGHT = 1920, 1440
SIZE_BYTES = 500_000
_GRAIN_FROM, _GRAIN_TO = 1, 60


@cache
def draw_jpeg() -> bytes:
    """Return a JPEG of 500 kB, within 2 %: 24 discs, with grain that sets the size."""
    low, high = _GRAIN_FROM, _GRAIN_TO
    while low < high:
        middle = (low + high) // 2
        data = _encode(middle)
        if abs(len(data) - SIZE_BYTES) <= SIZE_BYTES // 50:
            return data
        low, high = (middle + 1, high) if len(data) < SIZE_BYTES else (low, middle)
    raise RuntimeError("this JPEG encoder does not reach the size with any amount of grain")


@cache
def draw_small_jpeg() -> bytes:
    """Return the same picture with 1024 x 768 pixels, as a client with a slow line sends it."""
    encoded = BytesIO()
    Image.open(BytesIO(draw_jpeg())).resize((1024, 768)).save(encoded, "JPEG", quality=85)
    return encoded.getvalue()


def place_discs() -> list[tuple[int, int, int]]:
    """Return centre x, centre y and radius of the 24 discs, in pixels."""
    return [
        (160 + 320 * column, 180 + 360 * row, 60 + 4 * (6 * row + column))
        for row in range(4)
        for column in range(6)
    ]


def _encode(grain: int) -> bytes:
    noise = Image.frombytes("L", (WIDTH, HEIGHT), random.Random(1).randbytes(WIDTH * HEIGHT))
    picture = Image.new("L", (WIDTH, HEIGHT), 150)
    draw = ImageDraw.Draw(picture)
    for number, (x, y, radius) in enumerate(place_discs()):
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=40 + 8 * number)
    picture = Image.blend(picture, noise.filter(ImageFilter.GaussianBlur(1)), grain / 100)
    encoded = BytesIO()
    Image.merge("RGB", (picture,) * 3).save(encoded, "JPEG", quality=85)
    return encoded.getvalue()
