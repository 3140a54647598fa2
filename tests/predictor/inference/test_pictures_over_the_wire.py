"""Test that every kind of picture has the same disc at the same place, or is refused."""

import numpy as np
import pytest
from PIL import Image

from predictor.errors import Refusal
from predictor.inference.pictures import open_source
from tests.predictor.asking import assert_answer, assert_disc_found, assert_refused
from tests.predictor.drawing import (
    HEIGHT,
    STORED,
    WIDTH,
    disc,
    encoded,
    many_scans,
    oriented,
    png_bomb,
)


def sixteen_bit(top):
    return Image.fromarray((np.asarray(disc("L"), np.float64) / 255 * top).astype(np.uint16))


def transparent():
    """Return a black disc without a ground. It is visible on white, and would not be on black."""
    image = Image.new("RGBA", (WIDTH, HEIGHT), (0, 0, 0, 0))
    image.putalpha(disc("L"))
    return image


def palette_with_transparency():
    image = (
        disc("L")
        .point(lambda grey: 255 * (grey > 127))
        .convert("P", palette=Image.Palette.ADAPTIVE, colors=2)
    )
    index = image.getpixel((0, 0))
    image.putpalette([0, 0, 0] * 2)
    return encoded(image, "PNG", transparency=index)


def animation(kind):
    blank = [Image.new("RGB", (WIDTH, HEIGHT), grey) for grey in ("black", "gray")]
    return encoded(disc(), kind, save_all=True, append_images=blank, duration=50, loop=0)


PICTURES = {
    "jpeg": encoded(disc()),
    "progressive jpeg": encoded(disc(), progressive=True),
    "grey jpeg": encoded(disc("L")),
    "cmyk jpeg": encoded(disc("CMYK")),
    "multi-picture jpeg": encoded(disc(), "MPO", save_all=True, append_images=[disc(ink="black")]),
    "png": encoded(disc(), "PNG"),
    "one-bit png": encoded(disc("1"), "PNG"),
    "palette png": encoded(disc("P"), "PNG"),
    "palette png with transparency": palette_with_transparency(),
    "grey png with alpha": encoded(transparent().convert("LA"), "PNG"),
    "colour png with alpha": encoded(transparent(), "PNG"),
    "16-bit png": encoded(sixteen_bit(65535), "PNG"),
    "12 bits in a 16-bit png": encoded(sixteen_bit(4095), "PNG"),
    "animated png": animation("PNG"),
    "webp": encoded(disc(), "WEBP"),
    "lossless webp with alpha": encoded(transparent(), "WEBP", lossless=True),
    "animated webp": animation("WEBP"),
    "gif": encoded(disc(), "GIF"),
    "animated gif": animation("GIF"),
    "bmp": encoded(disc(), "BMP"),
    "tiff": encoded(disc(), "TIFF"),
    "lzw tiff": encoded(disc(), "TIFF", compression="tiff_lzw"),
    "16-bit tiff": encoded(sixteen_bit(65535), "TIFF"),
    "32-bit integer tiff": encoded(
        Image.fromarray(np.asarray(disc("L"), np.int32) * 90_000 - 10**6), "TIFF"
    ),
    "float tiff": encoded(Image.fromarray(np.asarray(disc("L"), np.float32) / 255 - 0.5), "TIFF"),
    "tiff of several pages": encoded(
        disc(), "TIFF", save_all=True, append_images=[disc(ink="black")]
    ),
}


@pytest.mark.parametrize("name", PICTURES)
def test_disc_is_found_in_every_format(server, name):
    reply = server.raw(PICTURES[name], "image/x")

    assert reply.status_code == 200, reply.text
    assert_disc_found(reply.json()["predictions"][0])


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", STORED)
def test_coordinates_are_those_of_the_upright_picture(server, orientation, kind):
    reply = server.raw(oriented(orientation, kind), "image/x")

    assert reply.status_code == 200, reply.text
    assert_disc_found(reply.json()["predictions"][0])


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_invalid_orientation_counts_as_upright(server, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation

    assert_disc_found(server.raw(encoded(disc(), exif=exif)).json()["predictions"][0])


def test_damaged_exif_is_ignored(server):
    damaged = encoded(disc(), exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + b"\x01" * 50)

    assert_disc_found(server.raw(damaged).json()["predictions"][0])


FIRST_OF_SEVERAL = {
    "multi-picture jpeg",
    "tiff of several pages",
    "animated png",
    "animated gif",
    "animated webp",
}


@pytest.mark.parametrize("name", PICTURES)
def test_picture_truncated_early_is_422(server, name):
    data = PICTURES[name]

    assert_refused(server.raw(data[: len(data) // 10], "image/x"), 422, "cut off or damaged")


@pytest.mark.parametrize("name", [name for name in PICTURES if name not in FIRST_OF_SEVERAL])
def test_picture_truncated_in_the_middle_is_422(server, name):
    data = PICTURES[name]

    assert_refused(server.raw(data[: len(data) // 2], "image/x"), 422, "cut off or damaged")


def test_picture_without_its_last_bytes_is_422(server):
    for name in ("jpeg", "16-bit png", "webp", "bmp"):
        assert_refused(server.raw(PICTURES[name][:-40], "image/x"), 422, "cut off or damaged")


@pytest.mark.parametrize(
    "data",
    [
        b"not a picture",
        b"<svg/>",
        b"%PDF-1.7",
        b"\x00" * 5000,
        b"\xff\xfe\xfd",
        b"RIFF\x00\x00\x00\x00AVI LIST",
    ],
)
def test_non_picture_is_415_with_the_known_formats(server, data):
    reply = server.raw(data)

    assert_refused(reply, 415, "JPEG, PNG, WebP, GIF, BMP, TIFF, HEIC or AVIF")


def test_other_picture_format_is_415(server):
    """Pillow could read these formats, but they are not on the list."""
    assert_refused(server.raw(encoded(disc(), "PPM")), 415, "not a picture that is read here")
    assert_refused(server.raw(encoded(disc(), "ICO")), 415, "not a picture that is read here")


def test_header_without_pixels_is_422(server):
    assert_refused(server.raw(b"\xff\xd8\xff\xe0"), 422, "cut off or damaged")
    assert_refused(server.raw(b"\x89PNG\r\n\x1a\n"), 422, "cut off or damaged")


@pytest.mark.parametrize(
    ("width", "height"), [(10_000, 6_000), (20_000, 20_000), (2**31 - 1, 2**31 - 1)]
)
def test_bomb_is_413_by_its_header(server, width, height):
    bomb = png_bomb(width, height, rows=100)
    assert len(bomb) < 10_000

    for reply in (server.raw(bomb, "image/png"), server.predict(bomb)):
        assert_refused(reply, 413, "pixels; at most")


def test_real_60_megapixel_bomb_is_413(server):
    bomb = png_bomb(10_000, 6_000, rows=6_000)
    assert len(bomb) < 30_000

    assert_refused(server.raw(bomb, "image/png"), 413, "pixels; at most")


def test_webp_is_limited_by_what_its_decoder_takes():
    """It holds sixteen bytes a pixel."""
    bomb = encoded(Image.new("L", (7_000, 5_000)), "WEBP", method=0)

    with pytest.raises(Refusal, match="MiB of memory") as refused:
        open_source(bomb, max_pixels=50_000_000)

    assert refused.value.status == 413


def test_jpeg_of_a_thousand_scans_is_422(server):
    assert_refused(server.raw(many_scans(1000)), 422, "scans")


@pytest.mark.parametrize(
    ("width", "height"), [(1, 1), (1, 300), (8, 20_000), (20_000, 8), (2, 2), (3000, 10)]
)
@pytest.mark.parametrize("filling", ["black", "white", "noise"])
def test_odd_sizes_are_answered(server, width, height, filling):
    image = Image.new("RGB", (width, height), "black" if filling == "noise" else filling)
    if filling == "noise":
        noise = np.random.default_rng(7).integers(0, 256, (height, width, 3), np.uint8)
        image = Image.fromarray(noise)

    reply = server.raw(encoded(image, "PNG"), "image/png")

    assert reply.status_code == 200, reply.text
    assert_answer(reply.json()["predictions"][0], width, height)


@pytest.mark.parametrize("cell", [1, 2, 3, 8, 16, 32])
def test_checkerboard_has_few_circles(server, cell):
    rows, columns = np.mgrid[:600, :800]
    board = Image.fromarray((((rows // cell + columns // cell) % 2) * 255).astype(np.uint8))

    reply = server.raw(encoded(board, "PNG"), "image/png")

    # Of 1,800 and more cells. MODEL.md has the counts.
    assert len(reply.json()["predictions"][0]["objects"]) < 30


@pytest.mark.parametrize("seed", range(3))
def test_noise_has_at_most_three_circles(server, seed):
    noise = Image.fromarray(np.random.default_rng(seed).integers(0, 256, (500, 400, 3), np.uint8))

    reply = server.raw(encoded(noise, "PNG"), "image/png")

    assert len(reply.json()["predictions"][0]["objects"]) <= 3
