"""Test `make run STORE=s3` with a second S3 client, and how it stops."""

import contextlib
import hashlib
import re

import pytest

from tests.system.clients import Client, storage
from tests.system.processes import Run, is_free, ports_from, wait_for


@pytest.fixture(scope="module")
def s3_run(tmp_path_factory):
    started = Run(tmp_path_factory.mktemp("run") / "an s3", STORE="s3")
    with contextlib.ExitStack() as stack:
        stack.callback(started.kill_all)
        yield started.wait_until_ready()


@pytest.fixture(scope="module")
def photo(s3_run, coins):
    response = Client(s3_run.url).upload(coins, "coins.png")
    assert (response.status_code, response.json()["status"]) == (200, "detected"), response.text
    return response.json()


@pytest.fixture(scope="module")
def s3(s3_run):
    client = storage(s3_run)
    yield client
    client.close()


def test_photo_is_stored_and_served_by_s3(s3_run, photo, coins):
    client = Client(s3_run.url)

    listed = client.get(f"/images/{photo['image_id']}/objects")
    first = client.get(f"/images/{photo['image_id']}/objects/{listed.json()[0]['object_id']}")
    content = client.get(f"/images/{photo['image_id']}/content")

    assert (listed.status_code, len(listed.json())) == (200, photo["object_count"])
    assert photo["object_count"] >= 15  # there are 24 coins
    assert (first.status_code, first.json()["bbox"]) == (200, listed.json()[0]["bbox"])
    assert (content.status_code, content.content) == (200, coins)


def test_s3_object_has_bytes_type_and_hash(s3_run, photo, s3, coins):
    [listed] = s3.list_objects_v2(Bucket="circles")["Contents"]
    stored = s3.get_object(Bucket="circles", Key=listed["Key"])

    assert listed["Key"] == f"images/{photo['image_id']}.png"
    with contextlib.closing(stored["Body"]) as body:
        assert body.read() == coins
    assert stored["ContentType"] == "image/png"
    assert stored["Metadata"] == {"sha256": hashlib.sha256(coins).hexdigest()}
    assert not (s3_run.volume / "blobs").exists()


def test_refused_picture_leaves_nothing_in_the_bucket(s3_run, photo, s3):
    response = Client(s3_run.url).upload(b"no picture")

    assert response.status_code == 415
    assert response.json()["type"] == "urn:circles:problem:unsupported-picture"
    assert s3.list_objects_v2(Bucket="circles")["KeyCount"] == 1


def test_object_changed_in_s3_is_not_served(s3_run, s3, coins):
    client = Client(s3_run.url)
    image = client.upload(coins).json()
    path = f"/images/{image['image_id']}"
    s3.put_object(Bucket="circles", Key=f"{path[1:]}.png", Body=b"other bytes")

    damaged = client.get(f"{path}/content")
    s3.delete_object(Bucket="circles", Key=f"{path[1:]}.png")
    gone = client.get(f"{path}/content")

    assert (damaged.status_code, damaged.json()["type"]) == (500, "urn:circles:problem:damaged")
    assert (gone.status_code, gone.json()["detail"]) == (404, "The stored picture is gone.")
    assert client.get(path).json() == image


@pytest.mark.timeout(120)
def test_ctrl_c_frees_ports_and_keeps_the_photo(s3_run, photo, coins):
    """This must be the last test, because it stops the run."""
    assert len(s3_run.descendants()) > 7  # the processes are visible

    s3_run.interrupt()

    wait_for(lambda: not s3_run.descendants(), "all processes to end", timeout_s=15)
    assert [port for port in ports_from(s3_run.port) if not is_free(port)] == []
    assert "Traceback" not in s3_run.log
    # weed takes 15 s to stop, honcho allows 5 s. All others stop on SIGTERM.
    assert set(re.findall(r"sending SIGKILL to (\w+)", s3_run.log)) <= {"s3"}

    again = Run(s3_run.volume.parent, STORE="s3")
    try:
        again.wait_until_ready()
        content = Client(again.url).get(f"/images/{photo['image_id']}/content")
        listed = Client(again.url).get(f"/images/{photo['image_id']}/objects")
    finally:
        again.kill_all()
    assert (content.status_code, content.content) == (200, coins), again.log
    assert (listed.status_code, len(listed.json())) == (200, photo["object_count"])
