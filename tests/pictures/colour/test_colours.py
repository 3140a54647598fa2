"""Test that renditions are sRGB: real profiles in every format, compared with computed numbers."""

import io
import struct
import zlib
from pathlib import Path

import numpy
import pillow_heif
import pytest
from PIL import Image

from circles_pictures.limits import MAX_PROFILE_BYTES
from circles_pictures.opening import open_picture
from circles_pictures.renditions.cropping import read_part
from circles_pictures.renditions.shrinking import read_shrunk, read_whole
from tests.pictures.colour import profiles

PATCH_PX = 32
RED, GREEN, SKIN, GREY, WHITE = (
    (255, 0, 0), (90, 190, 100), (224, 172, 144), (128, 128, 128), (255, 255, 255))  # fmt: skip
COLOURS = (RED, GREEN, SKIN, GREY, WHITE)
ROUNDED = 1.5
LOSSY = 5
P3 = profiles.rgb(profiles.P3_PRIMARIES, profiles.parametric(*profiles.SRGB_CURVE),
                  version=profiles.V4)  # fmt: skip
ADOBE = profiles.rgb(profiles.ADOBE_PRIMARIES, profiles.power(563 / 256))


def decode_adobe(value):
    return value ** (563 / 256)


IN_P3 = [
    profiles.rgb_to_srgb(each, profiles.P3_PRIMARIES, profiles.decode_srgb) for each in COLOURS
]
IN_ADOBE = [profiles.rgb_to_srgb(each, profiles.ADOBE_PRIMARIES, decode_adobe) for each in COLOURS]


def draw(colours=COLOURS, mode="RGB"):
    """Draw a row of patches."""
    picture = Image.new(mode, (PATCH_PX * len(colours), PATCH_PX))
    for number, colour in enumerate(colours):
        picture.paste(colour, (PATCH_PX * number, 0, PATCH_PX * (number + 1), PATCH_PX))
    return picture


def encode(picture, file_format, profile=P3, **options):
    file = io.BytesIO()
    picture.save(file, file_format, icc_profile=profile, **options)
    return file.getvalue()


def jpeg(picture, profile=P3, **options):
    return encode(picture, "JPEG", profile, quality=100, subsampling=0, **options)


def heic(picture):
    made = pillow_heif.from_pillow(picture)
    made.info["icc_profile"], made.info["icc_profile_type"] = P3, "prof"
    file = io.BytesIO()
    made.save(file, quality=-1)
    return file.getvalue()


def bmp(picture):
    """Return a BITMAPV5HEADER, its pixels and an embedded profile."""
    rows = picture.transpose(Image.Transpose.FLIP_TOP_BOTTOM).tobytes("raw", "BGR")
    size = picture.size
    head = struct.pack("<IiiHHIIiiII", 124, *size, 1, 24, 0, len(rows), 0, 0, 0, 0).ljust(56, b"\0")
    head = (head + b"DEBM").ljust(112, b"\0") + struct.pack("<III", 124 + len(rows), len(P3), 0)
    return b"BM" + struct.pack("<IxxxxI", 14 + 124 + len(rows) + len(P3), 138) + head + rows + P3


def read_patches(image, count=5):
    """Return the colour in the middle of each patch."""
    assert image.mode == "RGB"
    pixels, side = numpy.asarray(image).astype(float), image.width / count
    middle = slice(image.height // 4, -image.height // 4)
    return [
        pixels[middle, int((number + 0.25) * side) : int((number + 0.75) * side)].mean((0, 1))
        for number in range(count)
    ]


def agree(found, expected, tolerance):
    numpy.testing.assert_allclose(found, expected, atol=tolerance)


FORMATS = {
    "JPEG": (jpeg, 2),
    "a progressive JPEG": (lambda it: jpeg(it, progressive=True), 2),
    "PNG": (lambda it: encode(it, "PNG"), ROUNDED),
    "a palette's PNG": (lambda it: encode(it.quantize(8), "PNG"), ROUNDED),
    "a transparent PNG": (lambda it: encode(it.convert("RGBA"), "PNG"), ROUNDED),
    "WebP": (lambda it: encode(it, "WEBP", lossless=True), ROUNDED),
    "TIFF": (lambda it: encode(it, "TIFF", compression="tiff_lzw"), ROUNDED),
    "HEIC": (heic, LOSSY),
    "AVIF": (lambda it: encode(it, "AVIF", quality=100, subsampling="4:4:4"), LOSSY),
    "BMP": (bmp, ROUNDED),
}


@pytest.mark.parametrize("name", FORMATS)
def test_profile_counts_in_every_format(name):
    write, tolerance = FORMATS[name]
    source = open_picture(write(draw()))

    agree(read_patches(read_whole(source)), IN_P3, tolerance)
    assert abs(IN_P3[1] - GREEN).max() > 30  # a colour that shows whether it was converted


@pytest.mark.parametrize("factor", [1, 4, 16])
def test_smaller_pictures_and_parts_are_srgb(factor):
    picture = draw().resize((160 * factor, 32 * factor), Image.Resampling.NEAREST)
    data = jpeg(picture, ADOBE)

    agree(read_patches(read_shrunk(open_picture(data), 160)), IN_ADOBE, 2)
    box = (32 * factor, 0, 64 * factor, 32 * factor)
    agree(read_patches(read_part(open_picture(data), box), 1), IN_ADOBE[1:2], 2)


def test_turned_picture_is_srgb():
    exif = Image.Exif()
    exif[0x0112] = 6
    stored = draw().transpose(Image.Transpose.ROTATE_90)

    agree(read_patches(read_whole(open_picture(jpeg(stored, exif=exif)))), IN_P3, 2)


@pytest.mark.parametrize("version", [profiles.V2, profiles.V4])
@pytest.mark.parametrize("file_format", ["JPEG", "TIFF"])
def test_inks_have_the_colours_of_their_profile(file_format, version):
    shown = ["", "C", "M", "Y", "K", "MY", "CY"]
    full = [tuple(255 * (ink in inks) for ink in "CMYK") for inks in shown]
    options = {"quality": 100, "subsampling": 0} if file_format == "JPEG" else {}
    data = encode(draw(full, "CMYK"), file_format, profiles.cmyk(version=version), **options)
    expected = [profiles.lab_to_srgb(*profiles.mix(inks)) for inks in shown]

    agree(read_patches(read_whole(open_picture(data)), len(shown)), expected, LOSSY)
    plain = encode(draw(full, "CMYK"), file_format, None, **options)
    [_, cyan, *_] = read_patches(read_whole(open_picture(plain)), len(shown))
    assert abs(cyan - expected[1]).max() > 30  # without a profile it is pure


@pytest.mark.parametrize("gamma", [1.0, 1.5, 2.2])
@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "TIFF"])
def test_grey_has_the_gamma_of_its_profile(file_format, gamma):
    levels = [0, 20, 60, 128, 200, 255]
    data = encode(draw(levels, "L"), file_format, profiles.grey(gamma))
    expected = [profiles.xyz_to_srgb(profiles.D50 * (each / 255) ** gamma) for each in levels]

    agree(read_patches(read_whole(open_picture(data)), len(levels)), expected, 2)


def test_pixels_in_srgb_stay_as_they_are():
    noise = numpy.random.default_rng(7).integers(0, 256, (64, 64, 3)).astype(numpy.uint8)
    curve = profiles.parametric(*profiles.SRGB_CURVE)
    for version in (profiles.V2, profiles.V4):
        profile = profiles.rgb(profiles.SRGB_PRIMARIES, curve, version=version)
        source = open_picture(encode(Image.fromarray(noise), "PNG", profile))

        assert (numpy.asarray(read_whole(source)) == noise).all()


def test_detectors_get_pixels_as_they_are():
    source = open_picture(encode(draw(), "PNG"))
    [(_, band)] = source.bands()

    agree(read_patches(band), COLOURS, 0)


BROKEN = {
    "nothing": b"",
    "noise": bytes(range(256)) * 8,
    "cut off in its header": P3[:100],
    "cut off in its tags": P3[:150],
    "cut off in its curves": P3[:-40],
    "of another colour space": profiles.grey(2.2),
    "of inks": profiles.cmyk(),
    "of version 5": P3[:8] + b"\5" + P3[9:],
    "a link of devices": P3[:12] + b"link" + P3[16:],
    "without a signature": P3[:36] + b"\0\0\0\0" + P3[40:],
    "without tags": P3[:128] + bytes(4),
    "of a billion tags": P3[:128] + b"\x40\0\0\0" + P3[132:],
    "too large": P3.ljust(MAX_PROFILE_BYTES + 1, b"\0"),
}


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_broken_profile_leaves_pixels_as_they_are(file_format, name):
    options = {"JPEG": {"quality": 100, "subsampling": 0}, "WEBP": {"lossless": True}}
    data = encode(draw(), file_format, BROKEN[name], **options.get(file_format, {}))

    agree(read_patches(read_whole(open_picture(data))), COLOURS, 2)


def test_large_profile_counts():
    padded = P3.ljust(MAX_PROFILE_BYTES, b"\0")
    source = open_picture(jpeg(draw(), padded))

    agree(read_patches(read_whole(source)), IN_P3, 2)


def test_profile_in_parts_must_be_complete():
    data = jpeg(draw(), P3.ljust(200_000, b"\0"))  # four parts
    at = data.index(b"ICC_PROFILE\0\2")
    for changed in (b"ICC_PROFILE\0\7", b"ICC_PROFILE\0\1", b"ICC_PROFILX\0\2"):
        other = data[:at] + changed + data[at + len(changed) :]
        assert open_picture(other).read_profile() == b""
    assert len(open_picture(data).read_profile()) == 200_000


@pytest.mark.parametrize("size_bytes", [MAX_PROFILE_BYTES + 1, 300 * 1024 * 1024])
def test_packed_profile_is_not_unpacked_beyond_the_limit(size_bytes):
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(bytes(1 << 20)) for _ in range(size_bytes >> 20))
    data = encode(draw(), "PNG", None)
    body = b"iCCP" + b"name\0\0" + packed + packer.compress(b"\0") + packer.flush()
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    source = open_picture(data[:33] + chunk + data[33:])

    assert source.read_profile() == b""
    agree(read_patches(read_whole(source)), COLOURS, 0)


def test_multi_process_elements_do_not_count():
    elements = {b"D2B0": profiles.inverting(), b"D2B1": profiles.inverting()}
    curve = profiles.parametric(*profiles.SRGB_CURVE)
    profile = profiles.rgb(profiles.P3_PRIMARIES, curve, version=profiles.V4, more=elements)

    agree(read_patches(read_whole(open_picture(encode(draw(), "PNG", profile)))), IN_P3, ROUNDED)


def test_damaged_profiles_end_neither_process_nor_picture():
    """Change bytes of real profiles; whatever LittleCMS makes of them is an RGB picture."""
    random = numpy.random.default_rng(11)
    samples = {"RGB": [P3, ADOBE], "CMYK": [profiles.cmyk()], "L": [profiles.grey(2.2)]}
    for mode, originals in samples.items():
        picture = Image.new(mode, (8, 8))
        for number in range(60):
            changed = bytearray(originals[number % len(originals)])
            for at in random.integers(40, len(changed), 4):
                changed[at] = random.integers(256)
            source = open_picture(encode(picture, "TIFF", bytes(changed)))
            assert read_whole(source).size == (8, 8)


def test_only_renditions_import_littlecms():
    """It would cost the cold start of every function, and no detection needs it."""
    library = Path(__file__).parents[3] / "lib/circles_pictures"
    found = [path.name for path in library.rglob("*.py") if "ImageCms" in path.read_text()]

    assert found == ["colour.py"]
