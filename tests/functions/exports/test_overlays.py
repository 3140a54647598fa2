"""Test overlays: circles where the API says they are, in SVG and in PNG, and what is kept."""

import json
from base64 import b64decode
from io import BytesIO
from xml.etree import ElementTree

import numpy
import pytest
from PIL import Image, ImageDraw

from tests.functions.pictures import encode, png, turned
from tests.functions.predictors import answer_objects, answer_text, dark_disc

UNKNOWN = "01890a5d-ac96-774b-bcce-b302099a8057"
COIN = {"bbox": [10, 20, 30, 30], "centroid": [25, 35], "radius": 15.0, "score": 0.97}
BUTTON = {"bbox": [60, 20, 20, 20], "centroid": [70, 30], "radius": 10.0, "score": 0.9}
FAINT = {"bbox": [90, 50, 10, 10], "centroid": [95, 55], "radius": 5.0, "score": 0.4}
BLUE, YELLOW, ORANGE, PINK = "#56B4E9", "#F0E442", "#E69F00", "#CC79A7"
SVG = "{http://www.w3.org/2000/svg}"
HREF = "{http://www.w3.org/1999/xlink}href"


@pytest.fixture
def export(load):
    return load("export")


@pytest.fixture
def send(predicted, predictor):
    """Return a function that uploads a picture in which circles are found."""

    def post(data=None, name="a.png", answer=None, **settings):
        predictor.answer = answer or answer_objects(COIN, BUTTON, FAINT, threshold=0.87)
        given = {"file": (BytesIO(data or png()), name)}
        return predicted(**settings).post("/images/", data=given).json

    return post


@pytest.fixture
def overlay(export):
    """Return a function that asks for an overlay."""

    def get(record, query=""):
        return export.get(f"/images/{record['image_id']}/overlay?{query}")

    return get


def read_png(response):
    assert (response.status_code, response.content_type) == (200, "image/png"), response.text
    return Image.open(BytesIO(response.data))


def read_svg(response):
    assert (response.status_code, response.content_type.partition(";")[0]) == (200, "image/svg+xml")
    return ElementTree.fromstring(response.data)


def find_ring(picture):
    """Return centre and radius of the only ring, which is the only colour of a grey picture."""
    values = numpy.asarray(picture.convert("RGB")).astype(int)
    y, x = numpy.nonzero(values[:, :, 2] - values[:, :, 0] > 60)
    centre = x.mean() + 0.5, y.mean() + 0.5
    return *centre, numpy.hypot(x + 0.5 - centre[0], y + 0.5 - centre[1]).mean()


def rings_of(svg):
    """Return centre, radius, colour and whether it is dashed of each ring."""
    found = []
    for group in svg.iter(f"{SVG}g"):
        for circle in group.findall(f"{SVG}circle"):
            if circle.get("stroke") != "#000":
                numbers = [float(circle.get(name)) for name in ("cx", "cy", "r")]
                found.append((*numbers, circle.get("stroke"), "stroke-dasharray" in group.attrib))
    return found


def texts_of(svg):
    return [text.text for text in svg.iter(f"{SVG}text")]


def large_disc():
    """Draw a dark disc of 600 px around (1220, 1020) on 4800 x 3200."""
    picture = Image.new("RGB", (4800, 3200), "white")
    ImageDraw.Draw(picture).ellipse((620, 420, 1819, 1619), fill="black")
    return encode(picture, "PNG")


@pytest.mark.parametrize("size", ["2048", "full"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_ring_is_where_the_api_says(load, send, overlay, orientation, size):
    record = send(turned(orientation), answer=dark_disc)
    path = f"/images/{record['image_id']}/objects?fields=full"
    [circle] = load("list").get(path).json
    picture = read_png(overlay(record, f"format=png&size={size}"))

    assert picture.size == (120, 80)
    assert circle["centroid"] == pytest.approx([30.5, 25.5], abs=1)
    expected = (*circle["centroid"], circle["radius"])
    assert find_ring(picture) == pytest.approx(expected, abs=1)


@pytest.mark.parametrize("size, width", [("2048", 2048), ("full", 4800)])
def test_ring_of_a_large_picture(send, overlay, size, width):
    record = send(large_disc(), answer=dark_disc)
    picture = read_png(overlay(record, f"format=png&size={size}"))
    scale = width / 4800

    assert picture.size == (width, round(3200 * scale))
    expected = (1220 * scale, 1020 * scale, 600 * scale)
    assert find_ring(picture) == pytest.approx(expected, abs=1)


def test_svg_has_the_numbers_of_the_api(load, send, overlay):
    record = send()
    svg = read_svg(overlay(record))
    listed = load("list").get(f"/images/{record['image_id']}/objects?fields=full").json

    assert (svg.get("width"), svg.get("height"), svg.get("viewBox")) == ("120", "80", "0 0 120 80")
    assert [ring[:3] for ring in rings_of(svg)] == [
        (*each["centroid"], each["radius"]) for each in listed
    ]
    assert [ring[3:] for ring in rings_of(svg)] == [(BLUE, False), (YELLOW, False)]
    assert texts_of(svg) == ["1", "2"]


def test_svg_embeds_a_picture_of_2048_pixels(send, overlay):
    [image] = read_svg(overlay(send(large_disc()))).iter(f"{SVG}image")
    head, _, text = image.get(HREF).partition(",")
    picture = Image.open(BytesIO(b64decode(text)))

    assert head == "data:image/jpeg;base64"
    assert (picture.format, picture.size) == ("JPEG", (2048, 1365))
    assert (image.get("width"), image.get("height")) == ("4800", "3200")


def test_candidates_are_dashed_and_revealed_by_min_score(send, overlay):
    record = send()

    assert [ring[3:] for ring in rings_of(read_svg(overlay(record, "min_score=0.3")))] == [
        (BLUE, False),
        (YELLOW, False),
        (ORANGE, True),
    ]
    assert len(rings_of(read_svg(overlay(record, "min_score=0.95")))) == 1
    assert len(rings_of(read_svg(overlay(record, "min_score=1")))) == 0


def test_circles_of_people_are_marked(load, send, overlay):
    record = send()
    first, *_ = load("list").get(f"/images/{record['image_id']}/objects").json
    correct(load, record, [{"object_id": first["object_id"]}, {"centroid": [50, 40], "radius": 7}])
    svg = read_svg(overlay(record))

    assert [ring[3] for ring in rings_of(svg)] == [BLUE, PINK]
    [diamond] = svg.iter(f"{SVG}polygon")
    assert diamond.get("fill") == PINK
    assert len(rings_of(read_svg(overlay(record, f"detection={record['served']}")))) == 2
    assert read_png(overlay(record, "format=png")).size == (120, 80)


@pytest.mark.parametrize("radius", [0.01, 70, 1e5, 1e8])
def test_radius_of_any_size_can_be_drawn(load, send, overlay, radius):
    record = send()
    correct(load, record, [{"centroid": [119.5, 79.5], "radius": radius}])

    for query in ("", "format=png", "format=png&size=full"):
        assert overlay(record, query).status_code == 200
    assert texts_of(read_svg(overlay(record))) == ["1"]


def correct(load, record, objects):
    response = load("upload").post(
        f"/images/{record['image_id']}/detections",
        data=json.dumps({"based_on": record["served"], "objects": objects}),
        content_type="application/json",
        headers={"If-Match": f'"{record["served"]}"'},
    )
    assert response.status_code == 201, response.text


def test_names_are_escaped(send, overlay):
    name = "<script>alert('1')&amp;<!-- ]]> \u202e<b>.png"
    response = overlay(send(name=name))
    svg = read_svg(response)
    known = {"svg", "title", "image", "g", "circle", "text"}

    assert {each.tag.removeprefix(SVG) for each in svg.iter()} == known
    assert svg.find(f"{SVG}title").text == name.replace("\u202e", "")
    assert b"<script" not in response.data


def test_opened_overlay_runs_nothing(send, overlay):
    headers = overlay(send()).headers

    assert headers["Content-Security-Policy"] == "sandbox; default-src 'none'; img-src data:"
    assert headers["X-Content-Type-Options"] == "nosniff"


GIVEN_UP = {"max_attempts": 1, "give_up_after_s": 0.001}


@pytest.mark.parametrize("status, settings", [("pending", {}), ("failed", GIVEN_UP)])
def test_picture_without_a_detection_says_so(send, overlay, status, settings):
    record = send(answer=answer_text("", 503), **settings)
    assert record["status"] == status
    svg, picture = read_svg(overlay(record)), read_png(overlay(record, "format=png"))

    [caption] = texts_of(svg)
    assert caption.startswith(status.capitalize())
    assert rings_of(svg) == []
    assert numpy.asarray(picture.convert("L"))[-4:, :4].max() < 100  # the bar of the caption


def test_overlay_without_circles_has_no_caption(send, overlay):
    assert texts_of(read_svg(overlay(send(answer=answer_objects(threshold=0.8))))) == []


WRONG = [
    "format=gif",
    "size=1024",
    "size=full",
    "format=svg&size=full",
    "min_score=2",
    "min_score=nan",
    "detection=x",
    "width=256",
    "format=png&format=png",
]


@pytest.mark.parametrize("query", WRONG)
def test_wrong_query_is_malformed(send, overlay, query):
    assert overlay(send(), query).status_code == 400


def test_unknown_run_is_not_found(send, overlay):
    response = overlay(send(), f"detection={UNKNOWN}")

    assert (response.status_code, response.json["detail"]) == (404, "This image has no such run.")


def kept(volume):
    return [path for path in volume.blobs() if path.name.startswith("overlay-")]


def test_overlay_of_the_served_run_is_kept(load, send, overlay, volume):
    record = send()
    first = overlay(record, "format=png")
    [file] = kept(volume)
    assert file.read_bytes() == first.data == overlay(record, "format=png").data

    correct(load, record, [{"centroid": [50, 40], "radius": 7}])
    second = overlay(record, "format=png")
    [file] = kept(volume)
    assert file.read_bytes() == second.data != first.data
    assert second.headers["ETag"] != first.headers["ETag"]


def test_changed_overlay_is_drawn_anew(send, overlay, volume):
    record = send()
    first = overlay(record, "format=png")
    [file] = kept(volume)
    file.write_bytes(file.read_bytes()[:-30] + bytes(30))

    assert overlay(record, "format=png").data == first.data
    assert [each.read_bytes() for each in kept(volume)] == [first.data]


def test_other_overlays_are_not_kept(send, overlay, volume):
    record = send()
    for query in ("min_score=0.5", f"detection={record['served']}", "size=full"):
        assert overlay(record, f"format=png&{query}").status_code == 200

    assert kept(volume) == []


def test_overlay_has_no_metadata(send, overlay):
    exif = Image.Exif()
    exif[0x010E] = "a secret place"
    picture = Image.new("RGB", (64, 48), "grey")
    data = encode(picture, "JPEG", exif=exif, comment=b"a secret place")
    record = send(data)
    answers = [overlay(record, query) for query in ("", "format=png", "format=png&size=full")]

    assert all(b"secret" not in answer.data for answer in answers)
    assert set(read_png(answers[1]).info) == {"srgb"}


def test_overlay_of_a_deleted_image(load, send, overlay):
    record = send()
    tag = overlay(record).headers["ETag"]
    load("upload").delete(f"/images/{record['image_id']}")

    assert overlay(record).status_code == 404
    response = load("export").get(
        f"/images/{record['image_id']}/overlay", headers={"If-None-Match": tag}
    )
    assert response.status_code == 404


@pytest.mark.parametrize("orientation", range(1, 9))
def test_crop_is_the_bbox_upright(load, send, export, orientation):
    record = send(turned(orientation), answer=dark_disc)
    [circle] = load("list").get(f"/images/{record['image_id']}/objects").json
    path = f"/images/{record['image_id']}/objects/{circle['object_id']}/crop"
    crop = Image.open(BytesIO(export.get(path).data))
    x, y, width, height = circle["bbox"]
    expected = Image.open(BytesIO(turned(1))).crop((x, y, x + width, y + height))

    assert (crop.format, crop.size) == ("JPEG", (width, height))
    difference = numpy.asarray(crop.convert("L")).astype(int) - numpy.asarray(expected.convert("L"))
    assert numpy.abs(difference).mean() < 4


def test_crop_of_an_unknown_object(send, export):
    response = export.get(f"/images/{send()['image_id']}/objects/{UNKNOWN}/crop")

    assert (response.status_code, response.json["detail"]) == (
        404,
        "This image has no such object.",
    )
