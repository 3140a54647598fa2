"""Correct circles by mouse, by keyboard and by touch; two pages at once; nothing is lost."""

import pytest
from playwright.sync_api import expect

from tests.browser.actions import Api, drag, open_picture, select, to_screen


@pytest.fixture
def image_id(site, coins):
    return Api(site).upload(coins)


def served(api, image_id):
    """Return the served run and its circles."""
    [run] = [run for run in api.get(f"/images/{image_id}/detections") if run["served"]]
    return run, api.objects(image_id)


def save(page):
    page.get_by_role("button", name="Save ", exact=False).first.click()
    expect(page.get_by_text("Saved:", exact=False)).to_be_visible()


def test_add_move_and_drop_with_the_mouse(open_page, site, image_id):
    """Check 2 of a user."""
    api = Api(site)
    moved, dropped, *_ = api.objects(image_id)
    page = open_picture(open_page, image_id)

    page.get_by_role("button", name="Draw circles").click()
    drag(page, (20, 20), (32, 20))
    page.get_by_role("button", name="Select and move").click()
    select(page, moved)
    x, y = moved["centroid"]
    drag(page, (x, y), (x + 9, y - 6))
    select(page, dropped)
    page.get_by_role("button", name="Drop").click()
    save(page)

    run, circles = served(api, image_id)
    ids = {found["origin_id"]: found for found in circles}
    drawn = [found for found in circles if found["score"] is None]
    assert (run["kind"], run["review"], len(circles)) == ("human", "corrected", 24)
    assert dropped["origin_id"] not in ids
    assert ids[moved["origin_id"]]["centroid"] == pytest.approx([x + 9, y - 6], abs=1)
    assert ids[moved["origin_id"]]["radius"] == pytest.approx(moved["radius"], abs=0.01)
    [added] = [found for found in drawn if found["origin_id"] != moved["origin_id"]]
    assert (*added["centroid"], added["radius"]) == pytest.approx((20, 20, 12), abs=1)


def test_add_move_resize_and_drop_with_keys(open_page, site, image_id):
    """Check 2 of a user."""
    api = Api(site)
    moved, dropped, *_ = api.objects(image_id)
    page = open_picture(open_page, image_id)
    press = page.keyboard.press

    press("n")
    page.locator("table.circles button", has_text="1").first.focus()
    press("Enter")
    page.locator("[data-stage]").focus()
    for key in ("Shift+ArrowRight", "ArrowUp", "ArrowUp", "+", "+", "+", "-"):
        press(key)
    page.get_by_role("button", name="Circle 2", exact=True).focus()
    press("Enter")
    page.locator("[data-stage]").focus()
    press("x")
    press("Enter")
    expect(page.get_by_text("Saved:", exact=False)).to_be_visible()

    run, circles = served(api, image_id)
    ids = {found["origin_id"]: found for found in circles}
    x, y = moved["centroid"]
    assert (run["kind"], len(circles)) == ("human", 24)
    assert dropped["origin_id"] not in ids
    assert ids[moved["origin_id"]]["centroid"] == pytest.approx([x + 10, y - 2], abs=0.01)
    assert ids[moved["origin_id"]]["radius"] == pytest.approx(moved["radius"] + 2, abs=0.01)
    [added] = [found for found in circles if found["origin_id"] == found["object_id"]]
    record = api.record(image_id)
    assert added["centroid"] == pytest.approx([record["width"] / 2, record["height"] / 2], abs=2)


def test_touch_draws_and_resizes(open_page, site, image_id):
    page = open_picture(
        open_page, image_id, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    page.get_by_role("button", name="Draw circles").tap()
    page.touchscreen.tap(*to_screen(page, 192, 20))
    expect(page.locator("[data-count]")).to_have_text("25")
    page.get_by_role("button", name="Undo").tap()
    expect(page.locator("[data-count]")).to_have_text("24")


def test_undo_and_redo_go_step_by_step(open_page, site, image_id):
    page = open_picture(open_page, image_id)
    numbers = page.locator("[data-count]")
    press = page.keyboard.press

    press("n")
    press("n")
    expect(numbers).to_have_text("26")
    press("Control+z")
    expect(numbers).to_have_text("25")
    press("Control+z")
    expect(numbers).to_have_text("24")
    expect(page.get_by_role("button", name="Undo")).to_be_disabled()
    press("Control+y")
    press("Control+Shift+z")
    expect(numbers).to_have_text("26")


def test_doubtful_circles_are_decided_by_keys(open_page, site, moon):
    api = Api(site)
    image_id = api.upload(moon)
    page = open_picture(open_page, image_id)
    todo = page.locator(".doubts")
    before = int(todo.inner_text().split()[0])

    page.keyboard.press("j")
    after_sure = api.record(image_id)["sure_count"] + 1
    expect(page.locator(".chosen-says strong")).to_have_text(f"Circle {after_sure}")
    page.keyboard.press("a")
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("k")

    expect(todo).to_have_text(f"{before - 2} to check")
    expect(page.locator("[data-count]")).to_have_text(str(api.record(image_id)["object_count"] - 1))


def test_a_confirmation_opens_the_next_picture(open_page, site, image_id, moon):
    other = Api(site).upload(moon)
    page = open_picture(open_page, image_id)

    page.keyboard.press("Enter")

    expect(page.get_by_text("Confirmed: 24 circles.")).to_be_visible()
    expect(page.locator(".viewer-name h1")).not_to_have_text("coins.png")
    assert Api(site).record(image_id)["review"] == "confirmed"
    assert Api(site).record(other)["review"] == "none"


def test_a_stale_page_loses_nothing(open_page, site, image_id):
    """Check 2 of a user: the second page that saves."""
    api = Api(site)
    first, second = (open_picture(open_page, image_id) for _ in range(2))
    first.keyboard.press("n")
    save(first)
    second.keyboard.press("n")
    second.keyboard.press("n")
    second.get_by_role("button", name="Save 26 circles").click()

    dialog = second.get_by_role("dialog")
    expect(dialog).to_contain_text("it has 25 circles now")
    expect(dialog).to_contain_text("You have 26 circles")
    dialog.get_by_role("button", name="Close").click()
    expect(second.locator("[data-count]")).to_have_text("26")
    second.get_by_role("button", name="Choose", exact=True).click()
    second.get_by_role("dialog").get_by_role("button", name="Save mine").click()
    expect(second.get_by_text("Saved: 26 circles.")).to_be_visible()

    assert len(api.objects(image_id)) == 26
    assert [run["kind"] for run in api.get(f"/images/{image_id}/detections")] == [
        "human", "human", "machine",
    ]  # fmt: skip


def test_saving_is_undone_and_runs_are_brought_back(open_page, site, image_id):
    """Check 2 of a user: undo brings the model's run back."""
    api = Api(site)
    page = open_picture(open_page, image_id)
    page.keyboard.press("n")
    save(page)
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(page.locator("[data-count]")).to_have_text("24")
    assert served(api, image_id)[0]["kind"] == "machine"

    page.get_by_role("tab", name="Runs").click()
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_text("24 in both, 0 only in yours, 1 only in this run")).to_be_visible()
    expect(page.locator("circle.other")).to_have_count(25)
    page.get_by_role("button", name="Use this one").click()
    expect(page.locator("[data-count]")).to_have_text("25")
    assert served(api, image_id)[0]["kind"] == "human"


def test_unsaved_changes_come_back_after_the_page_was_closed(open_page, site, image_id):
    page = open_picture(open_page, image_id)
    page.keyboard.press("n")
    expect(page.locator("[data-count]")).to_have_text("25")
    context = page.context
    page.close()

    again = open_picture(open_page, image_id, context=context)

    expect(again.locator("[data-count]")).to_have_text("25")
    again.get_by_role("button", name="Discard them").click()
    expect(again.locator("[data-count]")).to_have_text("24")
