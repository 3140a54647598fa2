"""Findings of axe-core, phone width, /docs, and what the page asks of others: nothing."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.actions import Api, choose, open_picture

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
LOOKS = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark", "reduced_motion": "reduce"},
    "phone": PHONE,
}


def findings(page):
    """Return axe-core's serious and critical findings with the elements they are about."""
    found = Axe().run(page).response["violations"]
    return [
        (each["id"], [node["html"][:120] for node in each["nodes"]])
        for each in found
        if each["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize("look", LOOKS)
def test_axe_finds_nothing_serious(look, open_page, site, coins, moon):
    api = Api(site)
    api.upload(coins, batch="axe")
    image_id = api.upload(moon, batch="axe")
    gallery = open_page("#/?batch=axe", **LOOKS[look])
    expect(gallery.locator(".card")).not_to_have_count(0)
    assert findings(gallery) == []

    page = open_picture(open_page, image_id, **LOOKS[look])
    page.locator("table.circles button").first.click()
    page.get_by_role("button", name="Draw circles").click()
    assert findings(page) == []
    for tab in ("Sizes", "Runs", "Details"):
        page.get_by_role("tab", name=tab).click()
        assert findings(page) == []
    for name in ("Millimetres", "Keys and gestures"):
        page.get_by_role("button", name=name).click()
        expect(page.get_by_role("dialog")).to_be_visible()
        assert findings(page) == []
        page.keyboard.press("Escape")
    page.get_by_role("button", name="Take away").click()
    assert findings(page) == []


def test_a_phone_shows_everything_in_its_width(open_page, site, coins):
    image_id = Api(site).upload(coins)
    fits = "document.documentElement.scrollWidth <= innerWidth"
    assert open_page(**PHONE).evaluate(fits)
    page = open_picture(open_page, image_id, **PHONE)

    assert page.evaluate(fits)
    assert misplaced(page) == []


def misplaced(page):
    """Return buttons and links of a phone that are cut off, or too small for a finger."""
    boxes = {
        each.evaluate("each => each.outerHTML"): each.bounding_box()
        for each in page.locator("button:visible, a:visible").all()
    }
    return [
        html
        for html, box in boxes.items()
        if box["x"] < 0 or box["x"] + box["width"] > 390 or min(box["width"], box["height"]) < 24
    ]  # 24: WCAG 2.2, 2.5.8


def test_a_queue_with_failures_on_a_phone(open_page, site, coins, tmp_path):
    (tmp_path / "notes.png").write_bytes(b"hello" * 99)
    page, held = open_page(**PHONE), []
    page.route("**/images/", lambda route: answer_eight(route, held))

    choose(page, "Choose pictures", [coins, coins, *[tmp_path / "notes.png"] * 2, *[coins] * 6])

    says = page.locator(".upload-failed .upload-state")
    expect(says).to_have_count(2)
    expect(page.get_by_role("button", name="Hide what is done")).to_be_visible()
    page.locator(".panel ul").evaluate("list => list.scrollTop = list.scrollHeight")
    assert misplaced(page) == []
    for each in says.all():  # not as it looked while it was sent
        expect(each).to_have_css("text-align", "left")


def answer_eight(route, held):
    held.append(route)
    if len(held) <= 8:
        route.continue_()


def test_everything_is_reached_by_tab(open_page, site, coins):
    page = open_picture(open_page, Api(site).upload(coins))
    reached = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.add(
            page.evaluate("document.activeElement.innerText || document.activeElement.ariaLabel")
        )

    assert {"Skip to the content", "Take away", "Confirm and next", "Circles", "Zoom in"} <= reached


@pytest.mark.parametrize(("look", "other"), [("light", "dark"), ("dark", "light")])
def test_docs_have_the_colours_of_the_page(look, other, open_page):
    page = open_page("docs/", color_scheme=look)
    root = page.locator("html")

    expect(root).to_have_css("color-scheme", look)
    page.evaluate("other => localStorage.setItem('circles:theme', JSON.stringify(other))", other)
    page.reload()
    expect(root).to_have_css("color-scheme", other)


def test_docs_show_the_contract(open_page, site):
    """Check 10 of a user: open_page reaches no other host."""
    page = open_page("docs/")

    expect(page.get_by_text("Store a picture and detect its circles").first).to_be_visible()
    page.get_by_text("All images, newest or most doubtful first, in pages").first.click()
    page.get_by_role("button", name="Execute").first.click()
    expect(page.locator(".response-col_status", has_text="200").first).to_be_visible()
    assert page.locator("img[src*='validator']").count() == 0
