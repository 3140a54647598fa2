"""Test reading pictures: formats, damage, orientations and decompression bombs."""

import json
import os
import struct
import subprocess
import sys
import tracemalloc
import zlib
from io import BytesIO
from pathlib import Path
from random import Random

import numpy
import pillow_heif
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageSequence

from circles.adapters.pillow.pictures import PillowPictures
from circles.adapters.pillow.reading import Reading
from circles.domain.errors import CirclesError, TooLarge, UndecodablePicture, UnsupportedPicture
from circles.domain.pictures import EXTENSIONS
from tests.functions.pictures import encode, png_bomb

LIB = Path(__file__).resolve().parents[3] / "lib"
PICTURES = PillowPictures(Reading(max_pixels=1_000_000))
SIZE = (64, 48)
NOISE = Image.frombytes("RGB", SIZE, Random(1).randbytes(64 * 48 * 3))


def frames():
    """
    Return two new pictures.

    Pillow stores on a picture how it was last encoded.
    """
    return [Image.frombytes("RGB", SIZE, Random(seed).randbytes(64 * 48 * 3)) for seed in (2, 3)]


def grey16():
    return Image.fromarray(numpy.random.default_rng(4).integers(0, 65536, SIZE[::-1], numpy.uint16))


def heic(picture):
    file = BytesIO()
    pillow_heif.from_pillow(picture).save(file, quality=70)
    return file.getvalue()


KINDS = {
    "JPEG": ("image/jpeg", lambda: encode(NOISE, "JPEG")),
    "progressive JPEG": ("image/jpeg", lambda: encode(NOISE, "JPEG", progressive=True)),
    "grey JPEG": ("image/jpeg", lambda: encode(NOISE.convert("L"), "JPEG")),
    "CMYK JPEG": ("image/jpeg", lambda: encode(NOISE.convert("CMYK"), "JPEG")),
    "MPO": ("image/jpeg", lambda: encode(NOISE, "MPO", save_all=True, append_images=frames())),
    "PNG": ("image/png", lambda: encode(NOISE, "PNG")),
    "grey PNG": ("image/png", lambda: encode(NOISE.convert("L"), "PNG")),
    "16-bit PNG": ("image/png", lambda: encode(grey16(), "PNG")),
    "1-bit PNG": ("image/png", lambda: encode(NOISE.convert("1"), "PNG")),
    "palette PNG": ("image/png", lambda: encode(NOISE.quantize(16), "PNG")),
    "palette PNG with a transparent colour": (
        "image/png",
        lambda: encode(NOISE.quantize(16), "PNG", transparency=3),
    ),
    "PNG with alpha": ("image/png", lambda: encode(NOISE.convert("RGBA"), "PNG")),
    "grey PNG with alpha": ("image/png", lambda: encode(NOISE.convert("LA"), "PNG")),
    "animated PNG": (
        "image/png",
        lambda: encode(NOISE, "PNG", save_all=True, append_images=frames()),
    ),
    "lossy WebP": ("image/webp", lambda: encode(NOISE, "WEBP")),
    "lossless WebP": ("image/webp", lambda: encode(NOISE, "WEBP", lossless=True)),
    "WebP with alpha": ("image/webp", lambda: encode(NOISE.convert("RGBA"), "WEBP")),
    "animated WebP": (
        "image/webp",
        lambda: encode(NOISE, "WEBP", save_all=True, append_images=frames()),
    ),
    "GIF": ("image/gif", lambda: encode(NOISE.quantize(64), "GIF")),
    "animated GIF": (
        "image/gif",
        lambda: encode(NOISE, "GIF", save_all=True, append_images=frames()),
    ),
    "BMP": ("image/bmp", lambda: encode(NOISE, "BMP")),
    "palette BMP": ("image/bmp", lambda: encode(NOISE.quantize(16), "BMP")),
    "TIFF": ("image/tiff", lambda: encode(NOISE, "TIFF")),
    "LZW TIFF": ("image/tiff", lambda: encode(NOISE, "TIFF", compression="tiff_lzw")),
    "CMYK TIFF": ("image/tiff", lambda: encode(NOISE.convert("CMYK"), "TIFF")),
    "16-bit TIFF": ("image/tiff", lambda: encode(grey16(), "TIFF")),
    "float TIFF": ("image/tiff", lambda: encode(NOISE.convert("F"), "TIFF")),
    "HEIC": ("image/heic", lambda: heic(NOISE)),
    "AVIF": ("image/avif", lambda: encode(NOISE, "AVIF")),
    "TIFF of several pages": (
        "image/tiff",
        lambda: encode(NOISE.copy(), "TIFF", save_all=True, append_images=frames()),
    ),
}
every_kind = pytest.mark.parametrize("kind", KINDS)


def draw(kind):
    return KINDS[kind][1]()


@every_kind
def test_media_type_is_read_from_the_content(kind):
    data = draw(kind)
    picture = PICTURES.read(data)

    assert (picture.media_type, picture.width, picture.height, picture.orientation) == (
        KINDS[kind][0],
        *SIZE,
        1,
    )
    assert picture.data is data
    assert picture.media_type in EXTENSIONS


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("HEIC", "AVIF")])
def test_upright_picture_is_returned_as_it_is(kind):
    picture = PICTURES.read(draw(kind))

    assert PICTURES.upright(picture) is picture


@pytest.mark.parametrize("kind", ["HEIC", "AVIF"])
def test_formats_that_few_read_become_a_jpeg(kind):
    upright = PICTURES.upright(PICTURES.read(draw(kind)))

    assert (upright.media_type, upright.width, upright.height) == ("image/jpeg", *SIZE)
    assert PICTURES.read(upright.data) == upright


def test_test_pictures_cover_all_media_types():
    assert {media_type for media_type, _ in KINDS.values()} == set(EXTENSIONS)


@pytest.mark.parametrize("size", [(1, 1), (1, 50), (50, 1), (7, 7), (8, 8), (9, 15)])
@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"])
def test_tiny_pictures_are_read(size, file_format):
    picture = PICTURES.read(encode(NOISE.resize(size), file_format))

    assert (picture.width, picture.height) == size


# Not a picture


OTHERS = {
    "nothing": lambda: b"",
    "a zero": lambda: b"\0",
    "text": lambda: b"these are my coins\n" * 100,
    "HTML": lambda: b"<!doctype html><img src=coins.jpg>",
    "JSON": lambda: b'{"image": "coins"}',
    "SVG": lambda: (
        b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'
    ),
    "PDF": lambda: encode(NOISE, "PDF"),
    "EPS": lambda: encode(NOISE, "EPS"),
    "an icon": lambda: encode(NOISE, "ICO"),
    "PPM": lambda: encode(NOISE, "PPM"),
    "TGA": lambda: encode(NOISE, "TGA"),
    "PCX": lambda: encode(NOISE, "PCX"),
    "JPEG 2000": lambda: b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(100),
    "a film": lambda: b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41" + bytes(100),
    "a ZIP archive": lambda: b"PK\x03\x04" + bytes(100),
    "a sound": lambda: b"RIFF\x24\0\0\0WAVEfmt " + bytes(100),
    "zeros": lambda: bytes(10_000),
    "noise": lambda: b"\x01" + Random(9).randbytes(10_000),
    "a JPEG behind text": lambda: b"coins:" + draw("JPEG"),
}


@pytest.mark.parametrize("kind", OTHERS)
def test_other_content_is_unsupported(kind):
    with pytest.raises(
        UnsupportedPicture, match="send a JPEG, PNG, WebP, GIF, BMP, TIFF, HEIC or AVIF"
    ):
        PICTURES.read(OTHERS[kind]())


# Damaged pictures


STILL = [
    kind
    for kind in KINDS
    if "animated" not in kind and kind not in ("MPO", "TIFF of several pages")
]


@pytest.mark.parametrize("part", [0.2, 0.5, 0.8, 0.95])
@pytest.mark.parametrize("kind", STILL)
def test_truncated_picture_is_undecodable(kind, part):
    data = draw(kind)
    with pytest.raises(UndecodablePicture):
        PICTURES.read(data[: int(len(data) * part)])


@pytest.mark.parametrize("size", [20, 30, 50])
@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "GIF", "TIFF"])
def test_picture_truncated_in_its_header_is_undecodable(size, file_format):
    with pytest.raises(UndecodablePicture):
        PICTURES.read(encode(NOISE, file_format)[:size])


def test_wrong_checksum_is_undecodable():
    data = bytearray(draw("PNG"))
    data[len(data) // 2] ^= 0xFF
    with pytest.raises(UndecodablePicture):
        PICTURES.read(bytes(data))


@pytest.mark.parametrize(
    "kind", ["animated GIF", "animated WebP", "animated PNG", "TIFF of several pages"]
)
def test_animation_truncated_in_frame_1_is_undecodable(kind):
    data = draw(kind)
    with pytest.raises(UndecodablePicture):
        PICTURES.read(data[: len(data) // 6])


def test_trailing_bytes_are_kept():
    data = draw("JPEG") + b"a camera maker's own notes"

    assert PICTURES.read(data).data == data


def test_messages_show_no_bytes_or_internals():
    for data in (b"secret", draw("PNG")[:40], draw("JPEG")[:300]):
        with pytest.raises(CirclesError) as raised:
            PICTURES.read(data)
        assert not any(
            word in str(raised.value) for word in ("secret", "PIL", "Error", "BytesIO", "0x")
        )


# Orientation


QUADRANTS = {
    (0, 0): (230, 30, 30),
    (1, 0): (30, 200, 30),
    (0, 1): (30, 30, 220),
    (1, 1): (220, 220, 40),
}
TURNED_BACK = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def scene():
    """Draw 96 x 64 px with a colour in each quarter."""
    picture = Image.new("RGB", (96, 64))
    for (column, row), colour in QUADRANTS.items():
        picture.paste(colour, (48 * column, 32 * row, 48 * column + 48, 32 * row + 32))
    return picture


def as_held(orientation, file_format, mode="RGB", **options):
    """Encode the scene with turned pixels and an EXIF orientation."""
    picture = scene()
    if orientation in TURNED_BACK:
        picture = picture.transpose(TURNED_BACK[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "A Camera Maker"
    return encode(picture.convert(mode), file_format, exif=exif, **options)


def quarters(data):
    """Return size and colour of each quarter, without applying EXIF."""
    with Image.open(BytesIO(data)) as picture:
        assert picture.getexif().get(0x0112, 1) == 1
        pixels = picture.convert("RGB")
        across, down = picture.size
        return picture.size, {
            (column, row): pixels.getpixel(
                (across * (1 + 2 * column) // 4, down * (1 + 2 * row) // 4)
            )
            for column, row in QUADRANTS
        }


CARRIERS = [
    ("JPEG", {"quality": 95}),
    ("PNG", {}),
    ("WEBP", {"lossless": True}),
    ("TIFF", {}),
    ("TIFF", {"compression": "tiff_lzw"}),
    ("MPO", {"quality": 95}),
]


@pytest.mark.parametrize(("file_format", "options"), CARRIERS, ids=str)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_is_turned_upright(orientation, file_format, options):
    picture = PICTURES.read(as_held(orientation, file_format, **options))
    upright = PICTURES.upright(picture)
    size, colours = quarters(upright.data)

    assert (picture.width, picture.height, picture.orientation) == (96, 64, orientation)
    assert (upright.width, upright.height, upright.orientation) == (96, 64, 1)
    assert size == (96, 64)
    for quarter, colour in QUADRANTS.items():
        assert colours[quarter] == pytest.approx(colour, abs=12)


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_upright_copy_has_no_exif(file_format):
    upright = PICTURES.upright(PICTURES.read(as_held(6, file_format)))
    with Image.open(BytesIO(upright.data)) as picture:
        exif = dict(picture.getexif())

    assert 0x0112 not in exif and 0x010F not in exif
    assert PICTURES.read(upright.data) == upright


@pytest.mark.parametrize(
    "mode",
    ["1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr", "LAB", "I", "I;16", "F"],
)
def test_tiff_of_any_mode_is_turned_upright(mode):
    """Cameras write JPEG. Scanners and editors write TIFF in any mode."""
    exif = Image.Exif()
    exif[0x0112] = 8
    picture = PICTURES.read(encode(Image.new(mode, (20, 10)), "TIFF", exif=exif))
    upright = PICTURES.upright(picture)

    assert (picture.width, picture.height) == (upright.width, upright.height) == (10, 20)
    assert PICTURES.read(upright.data) == upright


OTHER_MODES = [
    ("JPEG", "CMYK"),
    ("JPEG", "L"),
    ("PNG", "P"),
    ("PNG", "LA"),
    ("PNG", "1"),
    ("PNG", "RGBA"),
    ("PNG", "I;16"),
    ("WEBP", "RGBA"),
]


@pytest.mark.parametrize(("file_format", "mode"), OTHER_MODES)
def test_other_modes_are_turned_upright(file_format, mode):
    exif = Image.Exif()
    exif[0x0112] = 5
    picture = PICTURES.read(encode(Image.new(mode, (20, 10)), file_format, exif=exif))

    assert PICTURES.read(PICTURES.upright(picture).data).orientation == 1


@pytest.mark.parametrize("orientation", [0, 9, 255, 65535])
def test_invalid_orientation_counts_as_upright(orientation):
    assert PICTURES.read(as_held(orientation, "JPEG")).orientation == 1


def test_animation_is_read_by_its_first_frame():
    with Image.open(BytesIO(draw("animated GIF"))) as animation:
        assert len(list(ImageSequence.Iterator(animation))) == 3
    assert PICTURES.read(draw("animated GIF")).media_type == "image/gif"


# Size limits


def with_size(file_format, width, height):
    """Encode a small picture whose header claims another size."""
    data = bytearray(
        encode(
            NOISE,
            file_format,
            **({"save_all": True, "append_images": frames()} if file_format == "WEBP" else {}),
        )
    )
    if file_format == "JPEG":
        at = data.index(b"\xff\xc0")
        data[at + 5 : at + 9] = struct.pack(">HH", height, width)
    elif file_format == "GIF":
        data[6:10] = struct.pack("<HH", width, height)
    elif file_format == "BMP":
        data[18:26] = struct.pack("<ii", width, height)
    elif file_format == "WEBP":
        at = data.index(b"VP8X")
        data[at + 12 : at + 18] = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(
            3, "little"
        )
    elif file_format == "TIFF":
        for tag, value in ((256, width), (257, height)):
            at = next(
                at for at in range(10, len(data), 12) if data[at : at + 2] == struct.pack("<H", tag)
            )
            data[at + 2 : at + 12] = struct.pack("<HII", 4, 1, value)
    return bytes(data)


READ_IN_A_PROCESS = """
import json, resource, sys
from circles.adapters.pillow.pictures import PillowPictures
from circles.adapters.pillow.reading import Reading
from circles.domain.errors import CirclesError
small, bomb = (open(path, "rb").read() for path in sys.argv[1:])
pictures = PillowPictures(Reading(max_pixels=50_000_000))
pictures.read(small)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    pictures.read(bomb)
    outcome = "accepted"
except CirclesError as error:
    outcome = error.code
grown_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
print(json.dumps([outcome, grown_kib]))
"""


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF"])
def test_bomb_is_rejected_by_its_header(tmp_path, file_format):
    """Decoding its 60 megapixels would take at least 60 MB."""
    bomb = (
        png_bomb(10_000, 6_000) if file_format == "PNG" else with_size(file_format, 10_000, 6_000)
    )
    assert len(bomb) < 40_000
    (tmp_path / "small").write_bytes(encode(NOISE, file_format))
    (tmp_path / "bomb").write_bytes(bomb)
    run = subprocess.run(
        [sys.executable, "-c", READ_IN_A_PROCESS, tmp_path / "small", tmp_path / "bomb"],
        env={**os.environ, "PYTHONPATH": str(LIB)},
        capture_output=True,
        check=True,
    )
    outcome, grown_kib = json.loads(run.stdout)

    assert outcome == "too-large"
    assert grown_kib < 10_000


def test_pixel_limit_is_inclusive():
    data = encode(NOISE, "PNG")

    assert PillowPictures(Reading(max_pixels=64 * 48)).read(data).width == 64
    with pytest.raises(TooLarge, match="64 x 48 pixels; at most 3,071 are taken"):
        PillowPictures(Reading(max_pixels=64 * 48 - 1)).read(data)


def test_webp_is_limited_by_what_its_decoder_takes():
    """It holds sixteen bytes a pixel, so 35 megapixels are more than a container has."""
    data = encode(Image.new("L", (7_000, 5_000)), "WEBP", method=0)

    with pytest.raises(TooLarge, match="MiB of memory"):
        PillowPictures(Reading(max_pixels=50_000_000)).read(data)


def test_png_text_bomb_is_not_decompressed():
    """A text chunk holds 50 MB compressed to 50 kB."""
    packer = zlib.compressobj(9)
    text = b"".join(packer.compress(bytes(1_000_000)) for _ in range(50)) + packer.flush()
    body = b"zTXtcoins\0\0" + text
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    data = draw("PNG")
    tracemalloc.start()
    try:
        assert PICTURES.read(data[:33] + chunk + data[33:]).width == SIZE[0]
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak_bytes < 10_000_000


# Arbitrary input


SEEDS = [
    *(as_held(6, file_format, **options) for file_format, options in CARRIERS),
    as_held(6, "TIFF", "CMYK"),
    as_held(6, "TIFF", "F"),
    *(
        draw(kind)
        for kind in (
            "progressive JPEG",
            "palette PNG",
            "lossy WebP",
            "animated WebP",
            "animated GIF",
            "BMP",
            "palette BMP",
            "LZW TIFF",
            "MPO",
        )
    ),
]
edits = st.lists(
    st.tuples(st.floats(0, 1, exclude_max=True), st.binary(min_size=1, max_size=4)), max_size=6
)


@pytest.mark.filterwarnings(
    "ignore"
)  # a decoder may warn, and pytest would turn that into an error
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    seed=st.sampled_from(SEEDS),
    edits=edits,
    near_the_start=st.booleans(),
    cut=st.floats(0, 1) | st.none(),
)
def test_changed_picture_is_turned_or_refused(seed, edits, near_the_start, cut):
    data = bytearray(seed)
    for place, content in edits:
        at = int(place * (min(len(data), 200) if near_the_start else len(data)))
        data[at : at + len(content)] = content
    if cut is not None:
        del data[int(len(data) * cut) :]
    try:
        picture = PICTURES.read(bytes(data))
        upright = PICTURES.upright(picture)
    except CirclesError:
        return
    assert picture.width * picture.height <= 1_000_000
    assert (upright.width, upright.height, upright.orientation) == (
        picture.width,
        picture.height,
        1,
    )


BEGINNINGS = [
    b"\xff\xd8\xff",
    b"\x89PNG\r\n\x1a\n",
    b"GIF89a",
    b"BM",
    b"II*\0",
    b"MM\0*",
    b"RIFF\0\0\0\0WEBP",
]


@pytest.mark.filterwarnings("ignore")
@settings(max_examples=100, deadline=None)
@given(start=st.sampled_from(BEGINNINGS), rest=st.binary(max_size=200))
def test_any_bytes_after_a_magic_number_are_refused(start, rest):
    with pytest.raises(CirclesError):
        PICTURES.read(start + rest)


@pytest.mark.parametrize("kept_bytes", [4_000_000, 0])
def test_heic_is_decoded_once(monkeypatch, kept_bytes):
    """A copy that is too large to be kept is made again."""
    from circles.adapters.pillow import pictures
    from circles_pictures.formats.heif import process

    started, start = [], subprocess.Popen
    monkeypatch.setattr(
        process.subprocess,
        "Popen",
        lambda *given, **more: started.append(1) or start(*given, **more),
    )
    monkeypatch.setattr(pictures, "_KEPT_COPY_BYTES", kept_bytes)

    upright = PICTURES.upright(PICTURES.read(heic(NOISE)))

    assert (upright.media_type, upright.width, upright.height) == ("image/jpeg", *SIZE)
    assert len(started) == (1 if kept_bytes else 2)


def test_damaged_tiff_writes_no_lines():
    """libtiff's line per damaged row would fill the log."""
    damaged = (
        "import io\n"
        "from PIL import Image\n"
        "from circles_pictures.opening import open_picture\n"
        "out = io.BytesIO()\n"
        "Image.effect_noise((400, 3000), 90).convert('1').save(out, 'TIFF', compression='group3')\n"
        "data = bytearray(out.getvalue())\n"
        "at = len(data) // 4\n"
        "data[at : at + 3000] = bytes(range(250)) * 12\n"
    )

    def lines(read):
        code = f"{damaged}try:\n    {read}\nexcept Exception as error:\n    print(error)\n"
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONPATH": str(LIB)},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stderr.splitlines()

    assert len(lines("Image.open(io.BytesIO(data)).load()")) > 10, "Pillow alone lets them through"
    assert lines("open_picture(bytes(data)).check()") == []
