"""Findings of axe-core, phone width, /docs, and what the page asks of others: nothing."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.actions import Api, open_picture

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
    for button in page.locator("button:visible").all():
        box = button.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= 390
        assert box["width"] >= 24 and box["height"] >= 24  # WCAG 2.2, 2.5.8


def test_everything_is_reached_by_tab(open_page, site, coins):
    page = open_picture(open_page, Api(site).upload(coins))
    reached = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.add(
            page.evaluate("document.activeElement.innerText || document.activeElement.ariaLabel")
        )

    assert {"Skip to the content", "Take away", "Confirm and next", "Circles", "Zoom in"} <= reached


def test_docs_show_the_contract(open_page, site):
    """Check 10 of a user: open_page reaches no other host."""
    page = open_page("docs/")

    expect(page.get_by_text("Store a picture and detect its circles").first).to_be_visible()
    page.get_by_text("All images, newest or most doubtful first, in pages").first.click()
    page.get_by_role("button", name="Execute").first.click()
    expect(page.locator(".response-col_status", has_text="200").first).to_be_visible()
    assert page.locator("img[src*='validator']").count() == 0
