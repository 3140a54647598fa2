"""
Make the pictures of docs/using.md: python -m tests.browser.screenshots URL.

It draws its own scenes and uploads them to a server that has no picture yet, such as that of
`make run CIRCLES_DATA_DIR=somewhere`.
"""

import argparse
import io
import math
import random

from PIL import Image, ImageDraw, ImageFilter
from playwright.sync_api import expect, sync_playwright

from tests.browser.actions import Api, open_picture
from tests.browser.conftest import CHROMIUM
from tests.system.processes import ROOT

FOLDER = ROOT / "docs/pictures"
MM_PX = 6.0
COINS_MM = [23.25, 25.75, 24.25, 22.25, 21.25, 19.75]
METALS = [(192, 168, 104), (178, 178, 184), (184, 122, 78)]


def draw_disc(drawing, x, y, r, colour):
    """Draw a coin: a rim, a face and a soft light."""
    for share, change in ((1, -46), (0.96, 14), (0.86, -8), (0.8, 6)):
        box = [2 * each for each in (x - r * share, y - r * share, x + r * share, y + r * share)]
        drawing.ellipse(box, fill=tuple(max(0, min(255, each + change)) for each in colour))


def draw_doubtful(drawing, number, x, y, r, colour):
    """Draw a coin of seven corners, or one of which a sheet of paper covers a part."""
    if number % 2 == 0:
        turns = [2 * math.pi * corner / 7 for corner in range(7)]
        corners = [(2 * (x + r * math.cos(turn)), 2 * (y + r * math.sin(turn))) for turn in turns]
        drawing.polygon(corners, fill=colour, outline=(96, 90, 84))
        return
    draw_disc(drawing, x, y, r, colour)
    cover = [2 * each for each in (x - r - 8, y - r - 8, x - 0.1 * r, y + r + 8)]
    drawing.rectangle(cover, fill=(246, 245, 242))


def draw_tray(seed, coins, doubtful=0):
    """Return a PNG of coins on a table, some of which are doubtful."""
    at_random = random.Random(seed)
    picture = Image.new("RGB", (2160, 1440), (226, 222, 214))
    drawing = ImageDraw.Draw(picture)
    places = [(150 + 195 * column, 140 + 215 * row) for column in range(5) for row in range(3)]
    at_random.shuffle(places)
    for number, (x, y) in enumerate(places[: coins + doubtful]):
        r = MM_PX * COINS_MM[number % len(COINS_MM)] / 2
        x, y = x + at_random.uniform(-22, 22), y + at_random.uniform(-22, 22)
        if number < coins:
            draw_disc(drawing, x, y, r, METALS[number % 3])
        else:
            draw_doubtful(drawing, number, x, y, r, METALS[number % 3])
    small = picture.resize((1080, 720), Image.Resampling.LANCZOS)
    png = io.BytesIO()
    small.filter(ImageFilter.GaussianBlur(0.6)).save(png, "PNG")
    return png.getvalue()


def upload(api, tmp, name, png, **query):
    (tmp / name).write_bytes(png)
    return api.upload(tmp / name, **query)


class Site:
    def __init__(self, url):
        self.url = url.rstrip("/")


def take(page, name):
    """Save what the page shows, with at most 256 colours."""
    page.wait_for_timeout(600)
    shown = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    shown.quantize(256, dither=Image.Dither.NONE).save(FOLDER / f"{name}.png", optimize=True)


def main():
    import tempfile
    from pathlib import Path

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    site = Site(parser.parse_args().url)
    api, tmp = Api(site), Path(tempfile.mkdtemp())
    for number in (1, 2):
        upload(api, tmp, f"tray-{number}.png", draw_tray(number, 6 + 2 * number), batch="d7")
    image_id = upload(api, tmp, "tray-3.png", draw_tray(3, 9, doubtful=4), batch="d7")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = browser.new_context(viewport={"width": 1280, "height": 760})

        def open_page(address):
            page = context.new_page()
            page.goto(f"{site.url}/{address}")
            return page

        page = open_page("#/?batch=d7")
        expect(page.locator(".card img")).to_have_count(3)
        for picture in page.locator(".card img").all():
            picture.evaluate("image => image.decode()")
        take(page, "gallery")
        page = open_picture(open_page, image_id)
        page.get_by_label("Score").fill("0.5")
        page.get_by_role("button", name="to check").click()
        take(page, "picture")
        [first, *_] = api.objects(image_id)
        page = open_picture(open_page, image_id)
        page.get_by_role("button", name="Circle 1", exact=True).click()
        page.get_by_role("button", name="Measure by it").click()
        take(page, "millimetres")
        browser.close()


if __name__ == "__main__":
    main()
