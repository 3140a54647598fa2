"""Hundreds of files at once. The API is stood in for: this is about the page."""

import pytest
from playwright.sync_api import expect

from tests.browser.actions import Api, choose

PAGE = 48  # pictures that the gallery asks for, and shows, at a time


@pytest.fixture
def record(site, coins):
    return Api(site).record(Api(site).upload(coins))


@pytest.fixture
def answer(record):
    """Return a function that answers a page's uploads, and the Idempotency-Keys it saw."""

    def answer_uploads(page, **changed):
        keys = []

        def fulfil(route):
            keys.append(route.request.headers["idempotency-key"])
            new = {"image_id": keys[-1], "file_name": f"{len(keys)}.png"}
            route.fulfill(json={**record, **new, **changed})

        page.route("**/images/", fulfil)
        page.route("**/images/?batch=*", fulfil)
        page.route("**/thumbnail?*", lambda route: route.abort())
        return keys

    return answer_uploads


def files(count, coins):
    content = coins.read_bytes()[:2000]
    return [
        {"name": f"{index}.png", "mimeType": "image/png", "buffer": content}
        for index in range(count)
    ]


def test_500_files_at_once_are_each_sent_once(open_page, site, coins, record, answer):
    page = open_page()
    keys = answer(page)

    choose(page, "Choose pictures", files(500, coins))
    page.goto(f"{site.url}/#/images/{record['image_id']}")  # whose circles are looked at meanwhile

    expect(page.get_by_text("500 pictures added")).to_be_visible(timeout=200_000)
    assert len(keys) == len(set(keys)) == 500


def test_gallery_shows_the_newest_and_stays_small(open_page, coins, answer):
    page = open_page("#/?review=none")
    expect(page.locator(".card").first).to_be_visible()
    answer(page)

    choose(page, "Choose pictures", files(60, coins))

    expect(page.get_by_text("60 pictures added")).to_be_visible(timeout=60_000)
    cards = page.locator(".card")
    expect(cards.first).to_contain_text("60.png")
    expect(cards).to_have_count(PAGE)
    page.get_by_role("button", name="Show more").scroll_into_view_if_needed()
    expect(page.locator(".card").filter(has_text="12.png")).to_be_visible()


def test_gallery_shows_only_what_its_selection_has(open_page, coins, answer):
    page = open_page("#/?batch=empty&min_count=3")
    expect(page.get_by_text("No picture is like that.")).to_be_visible()
    for changed in ({"batch": "other"}, {"batch": "empty", "object_count": 2}):
        answer(page, **changed)
        choose(page, "Choose pictures", files(1, coins))
    expect(page.locator(".upload-done")).to_have_count(2)
    answer(page, batch="empty", file_name="right.png")

    choose(page, "Choose pictures", files(1, coins))

    expect(page.locator(".card-name")).to_have_text(["right.png"])


def test_what_changes_often_is_gathered(open_page):
    ran = open_page().evaluate("""async () => {
        const { gather } = await import('/console/page/state.js');
        let ran = 0;
        const acts = gather(() => ran++, 20);
        for (let round = 0; round < 100; round++) acts.soon();
        await new Promise((resolve) => setTimeout(resolve, 100));
        acts.soon();
        acts.stop();
        await new Promise((resolve) => setTimeout(resolve, 100));
        return ran;
    }""")

    assert ran == 1
