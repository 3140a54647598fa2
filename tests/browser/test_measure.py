"""Measure in millimetres, take away, delete and undo."""

import csv
import io
import json

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import expect

from tests.browser.actions import Api, open_picture, to_screen


@pytest.fixture
def image_id(site, coins):
    return Api(site).upload(coins)


@pytest.fixture
def purse(tmp_path):
    """Return a drawing of a 1 € and a 2 € coin from straight above, with 6 px to a millimetre."""
    large = Image.new("RGB", (1600, 1000), (92, 84, 76))
    for x, y, diameter_mm, rim, core in (
        (480, 500, 23.25, (196, 170, 96), (178, 178, 182)),
        (1140, 470, 25.75, (176, 176, 180), (192, 164, 92)),
    ):
        for share, shade in ((1, rim), (0.97, tuple(each - 24 for each in rim)), (0.72, core)):
            r = 12 * diameter_mm / 2 * share
            ImageDraw.Draw(large).ellipse((x - r, y - r, x + r, y + r), fill=shade)
    large.resize((800, 500), Image.Resampling.LANCZOS).save(tmp_path / "purse.png")
    return tmp_path / "purse.png"


def mark(page, circle, diameter_mm):
    page.get_by_role("button", name="Millimetres").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("The known thing is").select_option(circle["object_id"])
    dialog.get_by_label("Its diameter in millimetres").fill(diameter_mm)
    dialog.get_by_role("button", name="Measure").click()
    expect(dialog).to_be_hidden()


def test_a_coin_of_known_size_gives_millimetres(open_page, site, image_id):
    api = Api(site)
    first, second, *_ = api.objects(image_id)
    page = open_picture(open_page, image_id)

    mark(page, first, "23,25")

    expect(page.locator("table.circles thead")).to_contain_text("Diameter (mm)")
    rows = page.locator("table.circles tbody tr td:nth-child(2)").all_inner_texts()
    measured = [found["diameter_mm"] for found in api.objects(image_id)]
    assert float(rows[0]) == pytest.approx(23.25, rel=0.005)
    assert [float(row) for row in rows] == pytest.approx(measured, rel=0.006)
    assert measured[1] == pytest.approx(23.25 * second["radius"] / first["radius"], abs=0.001)
    other = open_picture(open_page, image_id)
    expect(other.locator("table.circles tbody tr").first).to_contain_text("23.3")


def test_a_euro_measures_the_coin_beside_it(open_page, site, purse):
    """Check 4 of a user, without the photo that was taken aslant."""
    api = Api(site)
    image_id = api.upload(purse)
    euro, other = sorted(api.objects(image_id), key=lambda found: found["centroid"][0])
    page = open_picture(open_page, image_id)
    page.mouse.click(*to_screen(page, *euro["centroid"]))
    page.get_by_role("button", name="Measure by it").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("What it is").select_option(label="1 € – 23.25 mm")
    dialog.get_by_role("button", name="Measure").click()
    expect(dialog).to_be_hidden()

    page.mouse.click(*to_screen(page, *other["centroid"]))
    shown = page.locator(".chosen-says").inner_text()
    assert float(shown.split(" mm")[0].split()[-1]) == pytest.approx(25.75, rel=0.03)
    elsewhere = open_picture(open_page, image_id)
    cells = elsewhere.locator("table.circles tbody tr td:nth-child(2)").all_inner_texts()
    told = [found["diameter_mm"] for found in api.objects(image_id)]
    assert [float(cell) for cell in cells] == pytest.approx(told, abs=0.06)
    elsewhere.get_by_role("tab", name="Details").click()
    expect(elsewhere.get_by_text("from a circle of 23.25 mm")).to_be_visible()
    text = download(elsewhere, "Circles (CSV)").decode("utf-8-sig")
    rows = {row["object_id"]: row for row in csv.DictReader(io.StringIO(text)) if row["object_id"]}
    assert float(rows[other["object_id"]]["diameter_mm"]) == pytest.approx(25.75, rel=0.03)
    assert float(rows[euro["object_id"]]["diameter_mm"]) == 23.25
    scale = api.record(image_id)["scale"]
    assert (scale["origin_id"], scale["diameter_mm"]) == (euro["origin_id"], 23.25)
    assert {"created_at", "created_by"} <= scale.keys()


def test_a_batch_is_measured_at_once(open_page, site, coins):
    api = Api(site)
    first, second = (api.upload(coins, batch="tray") for _ in range(2))
    [circle, *_] = api.objects(first)
    page = open_picture(open_page, first)

    page.get_by_role("button", name="Millimetres").click()
    page.get_by_label("For the whole batch").check()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Millimetres").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("The known thing is").select_option(circle["object_id"])
    dialog.get_by_label("What it is").select_option(label="2 € – 25.75 mm")
    dialog.get_by_label("For the whole batch").check()
    dialog.get_by_role("button", name="Measure").click()
    expect(dialog).to_be_hidden()

    scale = api.record(second)["scale"]
    assert (scale["batch"], scale["diameter_mm"]) == ("tray", 25.75)


def download(page, name):
    page.get_by_role("button", name="Take away").click()
    with page.expect_download() as started:
        page.get_by_role("link", name=name).click()
    return started.value.path().read_bytes()


def test_tables_of_one_picture_are_taken_away(open_page, site, coins, image_id):
    api = Api(site)
    api.upload(coins)  # the same bytes, which another picture may have
    page = open_picture(open_page, image_id)

    text = download(page, "Circles (CSV)").decode("utf-8-sig")
    document = json.loads(download(page, "COCO"))
    drawn = download(page, "Picture with circles (SVG)").decode()

    rows = [row for row in csv.DictReader(io.StringIO(text)) if row["object_id"]]
    assert {row["object_id"] for row in rows} == {
        found["object_id"] for found in api.objects(image_id)
    }
    assert len(document["annotations"]) == 24
    assert drawn.count("<circle") >= 24


def test_a_batch_is_taken_away_from_the_gallery(open_page, site, coins, moon):
    api = Api(site)
    for path in (coins, moon):
        api.upload(path, batch="table")
    page = open_page("#/?batch=table")
    expect(page.locator(".card")).to_have_count(2)

    text = download(page, "Pictures (CSV)").decode("utf-8-sig")

    names = {row["file_name"] for row in csv.DictReader(io.StringIO(text)) if row["file_name"]}
    assert names == {"coins.png", "moon.png"}


def test_the_command_for_a_terminal_is_copied(open_page, site, moon):
    image_id = Api(site).upload(moon)
    page = open_picture(open_page, image_id)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_label("Score").fill("0.5")

    page.get_by_role("button", name="Take away").click()
    page.get_by_role("button", name="Copy as curl").click()

    expect(page.get_by_text("Copied.")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == (f"curl '{site.url}/images/{image_id}/objects?fields=full&min_score=0.5'")


def test_a_deletion_is_undone_within_eight_seconds(open_page, site, coins):
    api = Api(site)
    kept, deleted = (api.upload(coins, batch="delete") for _ in range(2))
    page = open_page("#/?batch=delete")
    cards = page.locator(".card")
    expect(cards).to_have_count(2)
    for image_id, undo in ((kept, True), (deleted, False)):
        page.goto(f"{site.url}/#/images/{image_id}")
        page.get_by_role("button", name="Take away").click()
        page.get_by_role("button", name="Delete the picture").click()
        expect(page.get_by_text("coins.png is deleted.")).to_be_visible()
        expect(cards).to_have_count(1)
        if undo:
            page.get_by_role("button", name="Undo").click()
            expect(cards).to_have_count(2)

    page.close()  # what waits to be deleted is deleted now

    left = api.get("/images/", batch="delete")["images"]
    assert [image["image_id"] for image in left] == [kept]
