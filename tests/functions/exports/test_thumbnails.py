"""Test thumbnails: size, orientation, what is kept, and what is made anew."""

from io import BytesIO

import numpy
import pytest
from PIL import Image, ImageDraw

from tests.functions.pictures import KINDS, encode, png, turned

UNKNOWN = "01890a5d-ac96-774b-bcce-b302099a8057"
LIGHT = 130
"""Between the shades of the disc and of the ground."""


@pytest.fixture
def send(upload):
    """Return a function that uploads a picture and returns the path of its image."""

    def post(data, name="münzen.png"):
        answer = upload.post("/images/", data={"file": (BytesIO(data), name)})
        return f"/images/{answer.json['image_id']}"

    return post


@pytest.fixture
def export(load):
    return load("export")


def read(response):
    assert response.status_code == 200, response.text
    return Image.open(BytesIO(response.data))


def large_png():
    """Draw a dark disc of 600 px around (1220, 1020) on 4800 x 3200."""
    picture = Image.new("RGB", (4800, 3200), "white")
    ImageDraw.Draw(picture).ellipse((620, 420, 1819, 1619), fill="black")
    return encode(picture, "PNG")


def find_disc(picture):
    """Return centre and radius of the dark disc. That of draw(): 30.5, 25.5 and 15.5."""
    dark = numpy.asarray(picture.convert("L")) < LIGHT
    y, x = numpy.nonzero(dark)
    return x.mean() + 0.5, y.mean() + 0.5, (dark.sum() / numpy.pi) ** 0.5


@pytest.mark.parametrize("width", [256, 1024, 2048])
def test_thumbnail_has_the_width_and_shows_the_disc(export, send, width):
    picture = read(export.get(f"{send(large_png())}/thumbnail?width={width}"))
    x, y, radius = find_disc(picture)
    scale = width / 4800

    assert picture.format == "JPEG"
    assert picture.size == (width, round(3200 * scale))
    assert (x, y) == pytest.approx((1220 * scale, 1020 * scale), abs=1)
    assert radius == pytest.approx(600 * scale, abs=1)


@pytest.mark.parametrize("kind", KINDS)
def test_small_picture_is_not_enlarged(export, send, kind):
    picture = read(export.get(f"{send(KINDS[kind][0]())}/thumbnail?width=2048"))

    assert (picture.format, picture.mode, picture.size) == ("JPEG", "RGB", (120, 80))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_thumbnail_is_upright_and_without_exif(export, send, orientation):
    picture = read(export.get(f"{send(turned(orientation))}/thumbnail"))

    assert picture.size == (120, 80)
    assert find_disc(picture) == pytest.approx((30.5, 25.5, 15.5), abs=1)
    assert not picture.getexif()
    assert "icc_profile" not in picture.info and "comment" not in picture.info


def test_default_width_is_256(export, send):
    picture = read(export.get(f"{send(large_png())}/thumbnail"))

    assert picture.width == 256


@pytest.mark.parametrize("query", ["width=0", "width=300", "width=256.0", "width=", "size=1"])
def test_width_that_is_not_offered(export, send, query):
    response = export.get(f"{send(png())}/thumbnail?{query}")

    assert response.status_code == 400
    assert query.partition("=")[0] in response.json["detail"]


def test_kept_thumbnail_is_sent_again(export, send, volume, monkeypatch):
    path = send(png())
    first = export.get(f"{path}/thumbnail")
    [kept] = derived(volume)
    [blob] = [each for each in volume.blobs() if each != kept]
    blob.unlink()  # what is kept does not need it
    second = export.get(f"{path}/thumbnail")

    assert kept.read_bytes() == first.data == second.data
    assert first.headers["ETag"] == second.headers["ETag"]


@pytest.mark.parametrize("other", [b"", b"other bytes", png()])
def test_changed_thumbnail_is_made_anew(export, send, volume, other):
    path = send(png())
    first = export.get(f"{path}/thumbnail")
    [kept] = derived(volume)
    kept.write_bytes(other)
    second = export.get(f"{path}/thumbnail")

    assert second.data == first.data
    assert [each.read_bytes() for each in derived(volume)] == [first.data]


def test_foreign_names_are_left_alone(export, send, volume):
    path = send(png())
    export.get(f"{path}/thumbnail")
    [kept] = derived(volume)
    for name in ("notes.txt", "thumbnail-256", "thumbnail-2560-x-y.jpg"):
        (kept.parent / name).write_bytes(b"x")
    (kept.parent / kept.name.replace(".jpg", ".exe")).write_bytes(kept.read_bytes())

    assert export.get(f"{path}/thumbnail").status_code == 200


def test_full_volume_keeps_nothing_and_answers(export, send, volume):
    path = send(png())
    (volume.folder / "blobs/derived").write_text("a file where the folder should be")

    assert export.get(f"{path}/thumbnail").status_code == 200


def test_thumbnails_are_deleted_with_their_image(export, send, upload, volume):
    path = send(png())
    for width in (256, 1024):
        assert export.get(f"{path}/thumbnail?width={width}").status_code == 200
    assert len(derived(volume)) == 2

    assert upload.delete(path).status_code == 204
    assert volume.blobs() == []
    assert export.get(f"{path}/thumbnail").status_code == 404


def test_current_copy_is_304_and_makes_nothing(export, send, volume):
    path = send(png())
    tag = export.head(f"{path}/thumbnail").headers["ETag"]
    response = export.get(f"{path}/thumbnail", headers={"If-None-Match": tag})

    assert (response.status_code, response.data) == (304, b"")
    assert derived(volume) == []


def test_opened_thumbnail_runs_nothing(export, send):
    response = export.get(f"{send(png())}/thumbnail")

    assert response.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "m%C3%BCnzen-256.jpg" in response.headers["Content-Disposition"]


def test_unknown_image_has_no_thumbnail(export):
    response = export.get(f"/images/{UNKNOWN}/thumbnail")

    assert (response.status_code, response.json["detail"]) == (404, "There is no such image.")


def derived(volume):
    """Return the files of kept renditions."""
    return [path for path in volume.blobs() if "derived" in path.parts]
