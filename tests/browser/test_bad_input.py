"""What people and networks do to the page."""

import shutil
import sys

import pytest
import requests
from PIL import Image, ImageDraw
from playwright.sync_api import expect

from tests.browser.actions import Api, choose, open_picture
from tests.system.processes import Process, free_port, wait_for

HTML_NAME = "<img src=x onerror=alert(1)><b>'\"&amp;.png"
HTML_SHOWN = HTML_NAME.replace('"', "%22")  # browsers write it so (HTML, multipart/form-data)
NAMES = [
    HTML_NAME,
    "\u202egnp.exe\u202c photo\u2066.png",
    f"{'a' * 251}.png",
    "=HYPERLINK(1).png",
]


def test_names_are_shown_as_text(open_page, site, coins, tmp_path):
    """Check 5 of a user: the page."""
    files = [tmp_path / name for name in NAMES]
    for file in files:
        shutil.copy(coins, file)
    page = open_page("#/?batch=names")
    page.get_by_label("Batch").first.fill("names")

    choose(page, "Choose pictures", files)

    expect(page.locator(".upload-done")).to_have_count(len(NAMES))
    shown = page.locator(".card-name").all_inner_texts()
    assert sorted(shown) == sorted(
        image["file_name"] for image in Api(site).get("/images/", batch="names")["images"]
    )
    assert HTML_SHOWN in shown
    assert page.locator(".card-name img, .card-name b").count() == 0
    page.locator(".card").filter(has_text="onerror").click()
    expect(page.locator(".viewer-name h1")).to_have_text(HTML_SHOWN)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def draw(path, index):
    picture = Image.new("RGB", (160, 120), "white")
    ImageDraw.Draw(picture).ellipse((40, 20, 100 + index % 9, 80 + index % 9), fill="navy")
    picture.save(path)
    return path


def test_a_network_that_goes_away_sends_each_file_once(open_page, site, tmp_path):
    files = [draw(tmp_path / f"{index}.png", index) for index in range(24)]
    page = open_page("#/?batch=network")
    page.get_by_label("Batch").first.fill("network")
    choose(page, "Choose pictures", files)
    expect(page.locator(".upload-done").nth(2)).to_be_attached()

    page.context.set_offline(True)
    expect(page.get_by_text("Trying again soon").first).to_be_visible()
    page.context.set_offline(False)

    expect(page.locator(".upload-done")).to_have_count(len(files), timeout=90_000)
    images = Api(site).get("/images/", batch="network", limit=200)["images"]
    assert sorted(image["file_name"] for image in images) == sorted(file.name for file in files)


def test_what_is_no_picture_is_refused_in_words(open_page, tmp_path):
    files = {
        "notes.txt": (b"hello" * 99, "This is no picture that can be read"),
        "empty.png": (b"", "The file is empty."),
        "large.png": (bytes(33 * 1024 * 1024), "The picture is too large"),
    }
    for name, (content, _) in files.items():
        (tmp_path / name).write_bytes(content)
    page = open_page()

    choose(page, "Choose pictures", [tmp_path / name for name in files])

    for name, (_, says) in files.items():
        row = page.locator(".upload").filter(has_text=name)
        expect(row).to_contain_text(says)
        expect(row.get_by_role("button", name="Try again")).to_have_count(0)


def test_a_large_photograph_is_shown(open_page, site, tmp_path):
    picture = Image.new("RGB", (8000, 6250), "white")
    ImageDraw.Draw(picture).ellipse((1000, 1000, 4000, 4000), fill="darkred")
    picture.save(tmp_path / "large.jpg", quality=70)
    page = open_page()

    choose(page, "Choose pictures", [tmp_path / "large.jpg"])
    page.locator(".upload-done a").click()

    expect(page.locator("[data-count]")).to_have_text("1", timeout=60_000)
    assert page.locator(".sheet img").evaluate("image => image.decode().then(() => true)")
    [circle] = page.locator("g.circle .line").all()
    assert float(circle.get_attribute("r")) == pytest.approx(1500, rel=0.03)


def test_a_picture_that_was_deleted_is_told(open_page, site, coins):
    image_id = Api(site).upload(coins)
    page = open_picture(open_page, image_id)
    page.keyboard.press("n")
    requests.delete(f"{site.url}/images/{image_id}", timeout=30)

    page.get_by_role("button", name="Save 25 circles").click()

    expect(page.get_by_text("This picture is not here any more")).to_be_visible()
    page.get_by_role("link", name="Back to the pictures").click()
    expect(page.locator(".drop")).to_be_visible()


def test_a_picture_deleted_meanwhile_is_told_on_return(open_page, site, coins):
    image_id = Api(site).upload(coins)
    page = open_picture(open_page, image_id)
    requests.delete(f"{site.url}/images/{image_id}", timeout=30)

    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

    expect(page.get_by_text("This picture is not here any more")).to_be_visible()


def test_an_answer_that_is_lost_saves_once(open_page, site, coins):
    api = Api(site)
    image_id = api.upload(coins)
    page, answers = open_picture(open_page, image_id), []

    def lose_the_first(route):
        answers.append(route.fetch())
        if len(answers) == 1:
            return route.abort("connectionreset")
        return route.fulfill(response=answers[-1])

    page.keyboard.press("n")
    page.route(f"**/images/{image_id}/detections", lose_the_first)
    page.get_by_role("button", name="Save 25 circles").click()

    expect(page.get_by_text("Saved: 25 circles.")).to_be_visible()
    assert [answer.status for answer in answers] == [201, 201]
    runs = api.get(f"/images/{image_id}/detections")
    assert [run["kind"] for run in runs] == ["human", "machine"]


STORAGE = {
    "forbidden": "Object.defineProperty(window, 'localStorage', {get() { throw new Error() }})",
    "full": "Storage.prototype.setItem = () => { throw new DOMException('', 'QuotaExceeded') }",
}


@pytest.mark.parametrize("how", STORAGE)
def test_a_browser_that_keeps_nothing(how, chromium, open_page, site, coins):
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    context.add_init_script(STORAGE[how])
    page = open_picture(open_page, Api(site).upload(coins), context=context)

    page.keyboard.press("n")
    page.get_by_role("button", name="Colours").click()
    page.get_by_role("button", name="Save 25 circles").click()

    expect(page.get_by_text("Saved: 25 circles.")).to_be_visible()
    context.close()


def test_page_stands_while_every_function_is_stopped(open_page, tmp_path):
    port, dead = free_port(), free_port()
    names = ("UPLOAD", "LIST", "DETAIL", "EXPORT")
    gateway = Process(
        [f"{sys.prefix}/bin/caddy", "run", "--config", "manifests/local/Caddyfile"]
        + ["--adapter", "caddyfile"],
        tmp_path / "log",
        PORT=str(port),
        GATEWAY_BIND="127.0.0.1",
        GATEWAY_METRICS_PORT=str(free_port()),
        **{f"{name}_ADDRESS": f"127.0.0.1:{dead}" for name in names},
    )
    try:
        wait_for(
            lambda: "alive" in answer(f"http://127.0.0.1:{port}/health/gateway"), "the gateway"
        )
        page = open_page(url=f"http://127.0.0.1:{port}")

        expect(page.get_by_role("button", name="Choose pictures")).to_be_visible()
        expect(page.get_by_text("Waking up …")).to_be_visible()
    finally:
        gateway.stop()


def answer(url):
    try:
        return requests.get(url, timeout=5).text
    except requests.ConnectionError:
        return ""
