"""What the tests do with the page and ask the API."""

import requests
from playwright.sync_api import expect


class Api:
    """The API of a site, as a client sees it."""

    def __init__(self, site):
        self.url = site.url

    def upload(self, path, **query):
        with path.open("rb") as file:
            answer = requests.post(
                f"{self.url}/images/", params=query, files={"file": file}, timeout=60
            )
        assert answer.status_code == 200, answer.text
        return answer.json()["image_id"]

    def get(self, path, **query):
        answer = requests.get(self.url + path, params=query, timeout=60)
        answer.raise_for_status()
        return answer.json()

    def record(self, image_id):
        return self.get(f"/images/{image_id}")

    def objects(self, image_id, **query):
        return self.get(f"/images/{image_id}/objects", fields="full", **query)


def choose(page, button, files):
    """Choose files by a button of the page."""
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name=button).click()
    chooser.value.set_files(files)


def open_picture(open_page, image_id, **options):
    """Open a picture and wait for its circles."""
    page = open_page(f"#/images/{image_id}", **options)
    expect(page.locator("[data-count]")).to_be_visible()
    expect(page.locator(".sheet img")).to_be_visible()
    return page


def count(page):
    return int(page.locator("[data-count]").inner_text().replace(",", ""))


def to_screen(page, x, y):
    """Return where a point of the picture is on the screen."""
    box = page.locator(".sheet svg").bounding_box()
    _, _, width, height = map(float, page.locator(".sheet svg").get_attribute("viewBox").split(" "))
    return box["x"] + x * box["width"] / width, box["y"] + y * box["height"] / height


def drag(page, start, end):
    """Drag with the mouse from one point of the picture to another."""
    page.mouse.move(*to_screen(page, *start))
    page.mouse.down()
    page.mouse.move(*to_screen(page, *((a + b) / 2 for a, b in zip(start, end, strict=True))))
    page.mouse.move(*to_screen(page, *end))
    page.mouse.up()


def select(page, circle):
    """Click a circle of the API on the picture."""
    page.mouse.click(*to_screen(page, *circle["centroid"]))
    expect(page.locator(f"g.selected[data-id='{circle['object_id']}']")).to_be_visible()
