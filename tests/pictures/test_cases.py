"""
Test the files that users sent: function and predictor read the same right pixels, or refuse.

Each draws its own file. Right means close to the scene's 220 and 40, or, where depth is stretched,
light and dark where the scene is.
"""

import struct
import zlib
from io import BytesIO

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from circles.adapters.pillow.pictures import PillowPictures
from circles.adapters.pillow.reading import Reading
from circles.domain.errors import CirclesError, Overloaded, UndecodablePicture, UnsupportedPicture
from predictor.errors import Refusal
from predictor.inference.pictures import open_source, read_pixels
from tests.pictures.bombs import progressive_in_tiff
from tests.pictures.drawing import (
    DISCS,
    HEIGHT,
    RED_ORIENTATION_6,
    WIDTH,
    bmp,
    chunk,
    encode,
    grey,
    png,
    scene,
    tiff,
)

FUNCTION = PillowPictures(Reading(max_pixels=50_000_000))


def read(data):
    """Return the pixels, after function and predictor agreed on size and orientation."""
    picture = FUNCTION.read(data)
    pixels = read_pixels(open_source(data, max_pixels=50_000_000))

    assert pixels.shape == (picture.height, picture.width, 3)
    return pixels


def assert_scene(data, tolerance=12):
    """Hold the pixels in the middle of each disc and in the corners to the scene's."""
    pixels = read(data).astype(int)
    expected = grey().astype(int)

    assert pixels.shape == (HEIGHT, WIDTH, 3)
    spots = [(x, y) for x, y, _ in DISCS] + [(3, 3), (236, 156), (3, 156), (236, 3), (110, 100)]
    for x, y in spots:
        assert abs(pixels[y, x] - expected[y, x]).max() <= tolerance, (x, y, pixels[y, x])


def assert_stretched(data):
    """Hold the scene to be there in its full contrast, dark and light as drawn."""
    pixels = read(data).astype(int)

    assert all(pixels[y, x].max() <= 10 for x, y, _ in DISCS)
    assert all(pixels[y, x].min() >= 245 for x, y in ((3, 3), (236, 156), (110, 100)))


def assert_refused(data, error, status):
    """Hold both to refuse, and in the same words."""
    with pytest.raises(error) as function:
        FUNCTION.read(data)
    with pytest.raises(Refusal) as predictor:
        read_pixels(open_source(data, max_pixels=50_000_000))

    assert predictor.value.status == status == function.value.http_status
    assert predictor.value.message == str(function.value)


PNG_ODDITIES = {
    "exif that is none": {"before": chunk(b"eXIf", b"this is not EXIF at all")},
    "exif with a bad checksum": {"before": chunk(b"eXIf", RED_ORIENTATION_6, crc=1)},
    "text of 1,200 kB": {"before": chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(1_200_000)))},
    "text of 200 MB": {"before": chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(10_000_000)) * 20)},
    "international text of 1,200 kB": {
        "before": chunk(b"iTXt", b"a\0\1\0\0\0" + zlib.compress(bytes(1_200_000)))
    },
    "gamma with a bad checksum": {"before": chunk(b"gAMA", bytes(4), crc=7)},
    "size too short": {"before": chunk(b"pHYs", b"\0\0\0")},
    "profile that is none": {"before": chunk(b"iCCP", b"profile\0\0no zlib here")},
    "chromaticities too short": {"before": chunk(b"cHRM", b"\0")},
    "transparency with a bad checksum": {"before": chunk(b"tRNS", bytes(6), crc=3)},
    "animation without frame control": {
        "before": chunk(b"acTL", struct.pack(">II", 2, 0)),
        "behind": chunk(b"fdAT", struct.pack(">I", 0) + b"no frame"),
    },
    "animation control too short": {"before": chunk(b"acTL", b"\0")},
    "a chunk of nobody's": {"before": chunk(b"zzZz", bytes(100), crc=9)},
}


@pytest.mark.parametrize("name", PNG_ODDITIES)
def test_png_with_odd_ancillary_chunk(name):
    assert_scene(png(**PNG_ODDITIES[name]), tolerance=0)


def test_png_without_its_end():
    assert_scene(png()[:-12], tolerance=0)


def test_png_with_damaged_critical_chunks():
    head = bytearray(png())
    head[20] ^= 1

    assert_refused(bytes(head), UndecodablePicture, 422)


def test_jpeg_without_its_end_marker():
    for options in ({}, {"progressive": True}, {"optimize": True}, {"subsampling": 0}):
        data = encode(scene(), "JPEG", **options)
        assert_scene(data[:-2])
        assert_scene(data[:-1])


@pytest.mark.parametrize("missing", [10, 25, 40, 100, 400])
def test_jpeg_that_is_cut_off(missing):
    noise = Image.fromarray(np.random.default_rng(3).integers(0, 256, (80, 120, 3), np.uint8))
    for options in ({}, {"progressive": True}):
        data = encode(noise, "JPEG", **options)
        assert_refused(data[:-missing], UndecodablePicture, 422)


def test_orientation_in_xmp_alone_does_not_turn():
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'

    assert_scene(encode(scene(), "JPEG", xmp=xmp, quality=95))


MASKS_32 = [
    (0xFF0000, 0xFF00, 0xFF),
    (0xFF, 0xFF00, 0xFF0000),
    (0xFF00, 0xFF0000, 0xFF),
    (0xFF000000, 0xFF0000, 0xFF00),
    (0x3FF00000, 0xFFC00, 0x3FF),
    (0xFF00, 0xFF, 0xFF0000),
]
MASKS_16 = [(0xF800, 0x7E0, 0x1F), (0x7C00, 0x3E0, 0x1F), (0xF00, 0xF0, 0xF), (0x1F, 0x7E0, 0xF800)]


@pytest.mark.parametrize("masks", MASKS_32, ids=str)
@pytest.mark.parametrize("top_down", [False, True])
def test_bmp_with_any_32_bit_masks(masks, top_down):
    assert_scene(bmp(masks, top_down=top_down), tolerance=1)


@pytest.mark.parametrize("masks", MASKS_16, ids=str)
def test_bmp_with_any_16_bit_masks(masks):
    assert_scene(bmp(masks, 16), tolerance=17)


def test_bmp_masks_that_overlap():
    assert_refused(bmp((0xFF0000, 0xFFFF, 0xFF)), UnsupportedPicture, 415)


def colour(kind, scale=1, offset=0):
    return (np.asarray(scene()).astype(np.int64) * scale + offset).astype(kind)


FORMS = [(order, big) for order in "<>" for big in (False, True)]


@pytest.mark.parametrize(("order", "big"), FORMS)
@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("tile", [None, 64])
@pytest.mark.parametrize("planar", [False, True])
def test_tiff_of_16_bit_colour(order, big, compressed, tile, planar):
    for channels, extra in ((3, ()), (4, (2,))):
        values = colour(np.uint16, 257)
        if channels == 4:
            values = np.dstack([values, np.full(values.shape[:2], 65535, np.uint16)])
        data = tiff(values, order=order, big=big, compressed=compressed, tile=tile, planar=planar,
                    photometric=2, extra=extra)  # fmt: skip
        assert_stretched(data)


@pytest.mark.parametrize(("order", "big"), FORMS)
@pytest.mark.parametrize("planar", [False, True])
def test_tiff_of_16_bit_ink(order, big, planar):
    inks = 255 - np.asarray(scene("RGB")).astype(np.uint16)
    values = np.dstack([inks, np.zeros_like(inks[..., 0])]) * 257

    assert_scene(tiff(values, order=order, big=big, planar=planar, photometric=5))


KINDS = {
    "uint16": (np.uint16, 100, 7),
    "int16": (np.int16, 100, -20_000),
    "uint32": (np.uint32, 15_000_000, 300_000_000),
    "int32": (np.int32, 8_000_000, -1_000_000_000),
    "float32": (np.float32, 1, 0),
    "float64": (np.float64, 1, 0),
}


@pytest.mark.parametrize(("order", "big"), FORMS)
@pytest.mark.parametrize("kind", KINDS)
def test_tiff_of_deep_grey(kind, order, big):
    number, scale, offset = KINDS[kind]
    values = (grey().astype(np.float64) * scale + offset).astype(number)

    assert_stretched(tiff(values, order=order, big=big))
    assert_stretched(tiff(values, order=order, big=big, tile=32, compressed=True))


@pytest.mark.parametrize("order", "<>")
def test_tiff_of_signed_bytes(order):
    values = (grey().astype(np.int16) - 128).astype(np.int8)

    assert_scene(tiff(values, order=order), tolerance=0)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_tiff_with_white_as_zero(kind):
    most = np.iinfo(kind).max
    values = most - (grey().astype(kind) * (most // 255))
    data = tiff(values, photometric=0)

    assert_scene(data, tolerance=0) if kind is np.uint8 else assert_stretched(data)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_tiff_with_a_predictor(kind):
    values = colour(kind, np.iinfo(kind).max // 255)
    data = tiff(values, photometric=2, compressed=True, predictor=2)

    assert_scene(data, tolerance=0) if kind is np.uint8 else assert_stretched(data)


@pytest.mark.parametrize(("order", "big"), FORMS)
def test_tiff_behind_its_thumbnail(order, big):
    data = tiff(colour(np.uint8), photometric=2, order=order, big=big, thumbnail=True)

    assert_scene(data, tolerance=0)


def test_tiff_with_a_thumbnail_alone():
    data = tiff(grey(), more=[(254, 4, [1])])

    assert_refused(data, UnsupportedPicture, 415)


def test_tiff_of_a_kind_that_is_not_read():
    for values in (grey().astype(np.float16), grey().astype(np.uint64)):
        assert_refused(tiff(values), UnsupportedPicture, 415)


def test_tiff_with_progressive_jpeg_inside():
    """It would be kept as a whole, which costs more than its pixels."""
    assert_refused(progressive_in_tiff(), UnsupportedPicture, 415)


def faint(number=np.float64):
    """Faint discs between 1,500 and 2,500, as a camera of 12 bits sees them, with noise."""
    noise = np.random.default_rng(5).normal(0, 20, (HEIGHT, WIDTH))
    return (1500 + grey().astype(np.float64) * 4 + noise).astype(number)


def assert_faint_scene(data):
    pixels = read(data).astype(int)

    assert all(pixels[y, x].max() <= 90 for x, y, _ in DISCS)
    assert all(pixels[y, x].min() >= 165 for x, y in ((3, 3), (236, 156), (110, 100)))


def test_12_bit_colour_in_16_bits():
    values = np.dstack([faint(np.uint16)] * 3)

    assert_faint_scene(tiff(values, photometric=2))
    assert_faint_scene(png(values, colour=2, depth=16))


@pytest.mark.parametrize("number", [np.uint16, np.float32, np.int32])
def test_hot_and_dead_pixels(number):
    values = faint(number)
    values[100, 7], values[20, 200] = (60_000, 0)

    assert_faint_scene(tiff(values))


def test_hot_pixel_in_a_deep_png():
    values = faint(np.uint16)
    values[100, 7] = 65_535

    assert_faint_scene(png(values, colour=0, depth=16))


@pytest.mark.parametrize("nodata", [-9999.0, -3.4e38, np.nan, np.inf, -np.inf, 1e20])
def test_nodata_far_away(nodata):
    values = faint(np.float32)
    values[:, 215:] = nodata
    values[150:] = nodata
    pixels = read(tiff(values)).astype(int)

    assert all(pixels[y, x].max() <= 90 for x, y, _ in DISCS[:2])
    assert pixels[3, 3].min() >= 165


def test_nodata_that_gdal_names():
    values = faint(np.uint16)
    values[:, :20] = 7
    pixels = read(tiff(values, more=[(42113, 2, b"7\0")])).astype(int)

    assert all(pixels[y, x].max() <= 90 for x, y, _ in DISCS)
    assert pixels[150, 120].min() >= 165


@pytest.mark.parametrize("number", [np.uint16, np.float32])
def test_small_things_on_a_plain_ground(number):
    """Less than one pixel in a thousand is not ground: it must not vanish."""
    values = np.full((400, 400), 1000, number)
    values[200:206, 200:206] = 1400
    pixels = read(tiff(values))

    assert pixels[203, 203].min() == 255 and pixels[10, 10].max() == 0


def test_heic():
    file = pillow_heif.from_pillow(scene())
    out = BytesIO()
    file.save(out, quality=80)

    assert_scene(out.getvalue(), tolerance=15)


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_turned_avif(orientation):
    exif = Image.Exif()
    exif[0x112] = orientation
    turns = {3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_90,
             8: Image.Transpose.ROTATE_270}  # fmt: skip
    stored = scene().transpose(turns[orientation])

    assert_scene(encode(stored, "AVIF", exif=exif, quality=90), tolerance=15)


def draw_heif(kind):
    noise = Image.fromarray(np.random.default_rng(3).integers(0, 256, (80, 120, 3), np.uint8))
    if kind == "AVIF":
        return encode(noise, "AVIF")
    out = BytesIO()
    pillow_heif.from_pillow(noise).save(out, quality=80)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["HEIC", "AVIF"])
def test_heif_that_is_cut_off(kind):
    whole = draw_heif(kind)
    for part in (0.1, 0.5, 0.9):
        data = whole[: int(len(whole) * part)]
        with pytest.raises(CirclesError):
            FUNCTION.read(data)
        with pytest.raises(Refusal):
            read_pixels(open_source(data, max_pixels=50_000_000))


@pytest.mark.parametrize("kind", ["HEIC", "AVIF"])
def test_heif_without_enough_of_the_cores(kind, monkeypatch):
    """That tells nothing about the picture: a later try may succeed."""
    data = draw_heif(kind)
    monkeypatch.setattr("circles_pictures.formats.heif.process._WAIT_FACTOR", 0.001)

    with pytest.raises(Overloaded):
        FUNCTION.read(data)
    with pytest.raises(Refusal) as refused:
        read_pixels(open_source(data, max_pixels=50_000_000))
    assert refused.value.status == 503
