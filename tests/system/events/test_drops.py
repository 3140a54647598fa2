"""
Test many files with doubled events and killed processes.

`make soak` uses 1,000 files and five kills, `make test` fewer files.
"""

import json
import sqlite3
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from io import BytesIO
from urllib.parse import parse_qs, urlsplit

import pytest
from PIL import Image, ImageDraw

from tests.system.clients import Client
from tests.system.processes import wait_for
from tests.system.site import Site


def picture(number):
    """Draw a disc on a background unique to the number."""
    drawn = Image.new("RGB", (96, 72), (220, number % 256, number // 256))
    ImageDraw.Draw(drawn).ellipse((20, 14, 60, 54), fill=(40, 40, 40))
    file = BytesIO()
    drawn.save(file, "PNG")
    return file.getvalue()


def all_images(client):
    """Return the images of all pages of GET /images/."""
    images, query = [], {"limit": "200"}
    while True:
        page = client.get("/images/", params=query).json()
        images += page["images"]
        if not page["next"]:
            return images
        query = parse_qs(urlsplit(page["next"]).query)


def statuses(site):
    """Return the number of images by status, read without our code."""
    with closing(
        sqlite3.connect(site.settings["data_dir"] / "catalogue.db", timeout=30)
    ) as connection:
        return dict(connection.execute("SELECT status, count(*) FROM images GROUP BY status"))


@pytest.mark.timeout(1800)
def test_every_file_becomes_one_image_despite_kills(tmp_path, pytestconfig):
    count, kills = pytestconfig.getoption("drops"), 5
    with (
        Site(tmp_path) as site,
        closing(site.s3.boto3_client()) as s3,
        ThreadPoolExecutor(16) as pool,
    ):
        s3.create_bucket(Bucket="circles")
        began = time.monotonic()
        drops = [
            pool.submit(
                s3.put_object, Bucket="circles", Key=f"incoming/{n:04}.png", Body=picture(n)
            )
            for n in range(count)
        ]
        for kill in range(kills):
            seen = count * kill // (kills + 1)
            wait_for(lambda seen=seen: sum(statuses(site).values()) >= seen, f"{seen} images", 600)
            site.ingest.kill()
            if kill == 1:
                site.predictor.kill()
            if kill == 3:
                site.start_predictor()
            site.start_ingest()
        for drop in drops:
            drop.result()
        try:
            wait_for(lambda: statuses(site) == {"detected": count}, f"{count} detected images", 900)
        finally:
            print(f"after {time.monotonic() - began:.0f} s: {statuses(site)}")
        site.ingest.stop()

        client = Client(site.list.url, "list")
        images = all_images(client)
        assert sorted(image["file_name"] for image in images) == [
            f"{n:04}.png" for n in range(count)
        ]
        assert {image["status"] for image in images} == {"detected"}
        for image in images[:: max(count // 40, 1)]:
            assert (
                len(client.get(f"/images/{image['image_id']}/objects").json())
                == image["object_count"]
                == 1
            )
        check_events(site, {image["image_id"] for image in images})
        assert "dead letter" not in (tmp_path / "loopback_broker.log").read_text()


def check_events(site, image_ids):
    """Check that each image was announced as uploaded and detected."""
    expected = Counter(
        {
            (f"dev.circles.image.{what}", each): 1
            for what in ("uploaded", "detected")
            for each in image_ids
        }
    )

    def told():
        return Counter(
            dict.fromkeys(
                (headers["ce-type"], json.loads(body)["image_id"]) for headers, body in received()
            )
        )

    def received():
        return list(site.receiver.received)

    wait_for(lambda: {key for key in told()} == set(expected), "all events to arrive", 120)
    ids = {
        (headers["ce-type"], json.loads(body)["image_id"], headers["ce-id"])
        for headers, body in received()
    }
    assert len(ids) == len(expected)
