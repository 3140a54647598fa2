"""Add pictures, find them in the gallery, and see their circles where the API has them."""

import pytest
from playwright.sync_api import expect

from tests.browser.actions import Api, choose, open_picture


def test_two_photographs_are_counted(open_page, site, coins, moon):
    page = open_page()

    choose(page, "Choose pictures", [coins, moon])

    expect(page.locator(".upload-done")).to_have_count(2)
    links = page.locator(".upload-done a").all()
    found = {link.get_attribute("href").split("/")[-1]: link.inner_text() for link in links}
    for image_id, says in found.items():
        assert says == f"{Api(site).record(image_id)['object_count']} circles"
    page.locator(".card").filter(has_text="coins.png").first.click()
    expect(page.locator("[data-count]")).to_have_text("24")


def test_circles_stand_where_the_api_says(open_page, site, coins):
    api = Api(site)
    image_id = api.upload(coins)

    page = open_picture(open_page, image_id)

    drawn = page.locator("g.circle[data-id]").all()
    shown = {
        each.get_attribute("data-id"): [
            float(each.locator(".line").get_attribute(name)) for name in ("cx", "cy", "r")
        ]
        for each in drawn
    }
    record, objects = api.record(image_id), api.objects(image_id)
    assert shown == {found["object_id"]: [*found["centroid"], found["radius"]] for found in objects}
    picture, svg = (page.locator(f".sheet {tag}").bounding_box() for tag in ("img", "svg"))
    assert picture == pytest.approx(svg, abs=1)
    assert picture["width"] / picture["height"] == pytest.approx(
        record["width"] / record["height"], abs=0.01
    )


def test_a_row_and_its_circle_are_marked_together(open_page, site, coins):
    page = open_picture(open_page, Api(site).upload(coins))

    page.locator("table.circles tbody tr").nth(4).hover()
    expect(page.locator("g.circle.hovered text")).to_have_text("5")
    page.locator("table.circles tbody tr").nth(6).click()
    expect(page.locator("g.circle.selected text")).to_have_text("7")
    page.locator("g.circle.selected").hover(force=True)
    expect(page.locator("tr.hovered th")).to_have_text("7")


def test_slider_reveals_what_the_api_counts(open_page, site, moon):
    """Check 1 of a user."""
    api = Api(site)
    image_id = api.upload(moon)
    record = api.record(image_id)
    page = open_picture(open_page, image_id)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    slider = page.get_by_label("Score")

    slider.fill("0.5")
    revealed = api.objects(image_id, min_score=0.5)
    expect(page.locator("[data-count]")).to_have_text(str(len(revealed)))
    expect(page.locator("g.circle[data-id]")).to_have_count(len(revealed))
    page.get_by_role("button", name="Back to").click()

    expect(page.locator("[data-count]")).to_have_text(str(record["object_count"]))
    assert len(revealed) > record["object_count"]
    assert asked == []


def test_sizes_are_a_table_too(open_page, site, coins):
    page = open_picture(open_page, Api(site).upload(coins))

    page.get_by_role("tab", name="Sizes").click()
    page.get_by_role("button", name="Show as a table").click()

    rows = page.locator("table.plain tbody tr td:last-child").all_inner_texts()
    assert sum(map(int, rows)) == 24


def test_gallery_is_filtered_and_ordered_by_doubt(open_page, site, coins, moon):
    api = Api(site)
    records = {path.name: api.record(api.upload(path, batch="doubts")) for path in (moon, coins)}
    counts, doubts = (
        {name: record[field] for name, record in records.items()}
        for field in ("object_count", "doubtful_count")
    )
    fuller = max(counts, key=counts.get)
    assert (
        len({*counts.values()}) == len({*doubts.values()}) == 2
    )  # which is which differs by weights
    page = open_page("#/?batch=doubts")
    names = page.locator(".card-name")
    expect(names).to_have_text(["coins.png", "moon.png"])

    page.locator("select").and_(page.get_by_label("Order")).select_option("doubt")
    expect(names).to_have_text(sorted(doubts, key=doubts.get, reverse=True))
    page.get_by_label("Circles from").fill(str(counts[fuller]))
    page.get_by_label("Circles from").press("Enter")
    expect(names).to_have_text([fuller])
    page.get_by_label("Circles from").fill("2000")
    page.get_by_label("Circles from").press("Enter")
    expect(page.get_by_text("No picture is like that.")).to_be_visible()
