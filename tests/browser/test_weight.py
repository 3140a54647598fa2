"""What Chromium transfers when the page opens."""

from playwright.sync_api import expect

from tests.browser.actions import Api, open_picture

BODIES = """
    performance.getEntries()
        .filter((each) => ["navigation", "resource"].includes(each.entryType))
        .map((each) => [new URL(each.name).pathname, each.encodedBodySize])
"""
EVERYTHING_BYTES, CONTRACT_BYTES = 60_000, 16_000


def test_page_and_contract_arrive_compressed(open_page, site, coins):
    page = open_picture(open_page, Api(site).upload(coins))
    expect(page.locator("[data-count]")).to_have_text("24")

    sizes = dict(page.evaluate(BODIES))
    page_s = [size for path, size in sizes.items() if path == "/" or path.startswith("/console/")]
    assert len(page_s) > 30
    assert sum(page_s) <= EVERYTHING_BYTES
    assert 0 < sizes["/openapi.json"] <= CONTRACT_BYTES
