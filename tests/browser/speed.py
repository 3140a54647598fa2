"""
Measure the page: python -m tests.browser.speed URL [--circles 1000].

Prints what it weighs on the wire, when it is painted first and when pictures are there, and what a
step of a drag costs among many circles. It uploads a picture and corrects it.
"""

import argparse
import io
import json
import random
import statistics

import requests
from PIL import Image
from playwright.sync_api import sync_playwright

from tests.browser.conftest import CHROMIUM

PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
BYTES = "performance.getEntries().reduce((sum, each) => sum + (each.encodedBodySize ?? 0), 0)"
REQUESTS = "performance.getEntriesByType('resource').length"
WORK = ("ScriptDuration", "LayoutDuration", "RecalcStyleDuration")
STEPS = 120
ROUNDS = 7


def measure_opening(browser, url, what):
    """Return the median of what opening costs in browsers without a cache."""
    rows = []
    for _ in range(ROUNDS):
        page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
        page.goto(url)
        shown = None
        if what:
            page.wait_for_selector(what)
            shown = page.evaluate("performance.now()")
        page.wait_for_timeout(300)
        rows.append((page.evaluate(PAINT), shown, page.evaluate(BYTES), page.evaluate(REQUESTS)))
        page.context.close()
    paint, shown, size, count = zip(*rows, strict=True)
    return {
        "first_paint_ms": round(statistics.median(paint)),
        "pictures_ms": round(statistics.median(shown)) if what else None,
        "bytes": round(statistics.median(size)),
        "requests": round(statistics.median(count)),
    }


def prepare(url, count):
    """Upload an empty picture, put circles on it as a person would, and return its id."""
    picture = io.BytesIO()
    Image.new("RGB", (2000, 1500), "white").save(picture, "PNG")
    image = requests.post(f"{url}/images/", data=picture.getvalue(), timeout=60).json()
    drawn = random.Random(1)
    circles = [
        {
            "centroid": [drawn.uniform(20, 1980), drawn.uniform(20, 1480)],
            "radius": drawn.uniform(8, 24),
        }
        for _ in range(count)
    ]
    answer = requests.post(
        f"{url}/images/{image['image_id']}/detections",
        json={"based_on": image["served"], "objects": circles},
        headers={"If-Match": f'"{image["served"]}"'},
        timeout=60,
    )
    assert answer.status_code == 201, answer.text
    return image["image_id"]


def measure_drag(browser, url, count):
    """Return milliseconds of script, style and layout for each step of a drag."""
    image_id = prepare(url, count)
    page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    page.goto(f"{url}/#/images/{image_id}")
    page.wait_for_selector(f"g.circle[data-id] >> nth={count - 1}")
    page.wait_for_timeout(1000)
    box = page.locator(".sheet svg").bounding_box()
    page.locator("table.circles button").nth(count // 2).click()
    page.wait_for_timeout(500)
    chosen = page.locator("g.selected .casing").bounding_box()
    x, y = chosen["x"] + chosen["width"] / 2, chosen["y"] + chosen["height"] / 2
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    page.mouse.move(x, y)
    page.mouse.down()
    steps, before = [], spent(session)
    for step in range(STEPS):
        page.mouse.move(x + (step % 40), y + (step % 25))
        page.evaluate("new Promise(requestAnimationFrame)")
        now = spent(session)
        steps.append((now - before) * 1000)
        before = now
    page.mouse.up()
    page.context.close()
    assert box["width"] > 100
    return {
        "circles": count,
        "p50_ms": round(statistics.median(steps), 2),
        "p95_ms": round(statistics.quantiles(steps, n=20)[-1], 2),
        "max_ms": round(max(steps), 2),
    }


def spent(session):
    values = {
        each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]
    }
    return sum(values[name] for name in WORK)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--circles", type=int, default=1000)
    parser.add_argument("--asleep", action="store_true", help="no function answers: paint only")
    known = parser.parse_args()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        opened = measure_opening(browser, known.url, None if known.asleep else ".card")
        print(json.dumps({"gallery": opened}))
        if not known.asleep:
            print(json.dumps({"drag": measure_drag(browser, known.url, known.circles)}))
        browser.close()


if __name__ == "__main__":
    main()
