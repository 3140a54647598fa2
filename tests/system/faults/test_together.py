"""Test several processes on one volume."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256

import pytest
from PIL import Image, ImageDraw

from tests.functions.conftest import Volume
from tests.functions.pictures import encode, png
from tests.system.clients import Client
from tests.system.processes import Function

CLIENTS = 16
UPLOADS = 50


@pytest.fixture(scope="module")
def uploads(run, tmp_path_factory):
    """Yield clients of two upload processes on one volume."""
    log = tmp_path_factory.mktemp("second") / "log"
    second = Function(
        "upload", log, data_dir=run.volume, predictor_url=f"http://127.0.0.1:{run.port + 5}"
    )
    try:
        second.wait_until_ready()
        yield Client(f"http://127.0.0.1:{run.port + 1}", "upload"), Client(second.url, "upload")
    finally:
        second.stop()


def coin_at(x):
    """Draw a dark disc (radius 40 px) on 320 x 160 px."""
    picture = Image.new("RGB", (320, 160), (210, 205, 200))
    ImageDraw.Draw(picture).ellipse((x - 40, 40, x + 40, 120), fill=(90, 80, 70))
    return encode(picture, "PNG")


@pytest.fixture
def volume(run):
    return Volume(run.volume)


@pytest.mark.timeout(120)
def test_concurrent_uploads_over_two_processes_succeed(run, gateway, uploads, volume):
    pictures = [coin_at(100 + 2 * i) for i in range(UPLOADS)]
    before = len(volume.rows("images")), len(volume.blobs())

    with ThreadPoolExecutor(CLIENTS) as clients:
        responses = list(clients.map(lambda i: uploads[i % 2].upload(pictures[i]), range(UPLOADS)))

    images = [response.json() for response in responses]
    assert {response.status_code for response in responses} == {200}
    assert {image["status"] for image in images} == {"detected"}
    assert {image["attempts"] for image in images} == {1}
    assert [image["sha256"] for image in images] == [
        sha256(picture).hexdigest() for picture in pictures
    ]
    assert len({image["image_id"] for image in images}) == UPLOADS
    assert (len(volume.rows("images")), len(volume.blobs())) == (
        before[0] + UPLOADS,
        before[1] + UPLOADS,
    )
    assert "locked" not in run.log and "busy" not in run.log
    for image, picture in zip(images, pictures, strict=True):
        assert gateway.get(f"/images/{image['image_id']}").json() == image
        assert gateway.get(f"/images/{image['image_id']}/content").content == picture
        assert (
            len(gateway.get(f"/images/{image['image_id']}/objects").json())
            == image["object_count"]
            == 1
        )


@pytest.mark.parametrize("round_", range(10))
def test_same_key_sent_concurrently_is_one_image(uploads, volume, round_):
    picture, key = png(shade=100 + round_), f"at-once-{round_}"
    before = len(volume.rows("images")), len(volume.blobs())
    barrier = threading.Barrier(2)

    def send(client):
        barrier.wait(10)
        return client.upload(picture, **{"Idempotency-Key": key})

    with ThreadPoolExecutor(2) as clients:
        responses = list(clients.map(send, uploads))

    assert {response.status_code for response in responses} <= {200, 202}
    assert 200 in {response.status_code for response in responses}
    assert len({response.json()["image_id"] for response in responses}) == 1
    assert (len(volume.rows("images")), len(volume.blobs())) == (before[0] + 1, before[1] + 1)
    image_id = responses[0].json()["image_id"]
    assert [row["image_id"] for row in volume.rows("detections")].count(image_id) == 1
    again = uploads[0].upload(picture, **{"Idempotency-Key": key})
    assert (again.status_code, again.json()["image_id"], again.json()["status"]) == (
        200,
        image_id,
        "detected",
    )


def test_same_key_with_other_bytes_is_refused_once(uploads, volume):
    before = len(volume.rows("images")), len(volume.blobs())
    barrier = threading.Barrier(2)

    def send(asked):
        client, picture = asked
        barrier.wait(10)
        return client.upload(picture, **{"Idempotency-Key": "two-pictures"})

    with ThreadPoolExecutor(2) as clients:
        responses = list(
            clients.map(send, zip(uploads, (png(shade=200), png(shade=201)), strict=True))
        )

    assert sorted(response.status_code for response in responses) == [200, 422]
    [refused] = [json.loads(response.text) for response in responses if response.status_code == 422]
    assert refused["type"] == "urn:circles:problem:key-reused"
    assert (len(volume.rows("images")), len(volume.blobs())) == (before[0] + 1, before[1] + 1)
