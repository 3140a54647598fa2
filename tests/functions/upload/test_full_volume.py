"""Test reading, deleting and repair on a full volume."""

import pytest

from tests.contract.sqlite.full_disks import tiny_disk
from tests.functions.events.test_repair import tick
from tests.functions.pictures import png
from tests.functions.predictors import CIRCLE, answer_objects

MIB = 1024**2


@pytest.fixture
def disk(tmp_path):
    with tiny_disk(tmp_path / "disk", 8 * MIB) as folder:
        yield folder


@pytest.fixture
def load_small(disk, predicted, predictor):
    """Return a loader of functions on an 8 MiB volume with 1 MiB reserved."""
    predictor.answer = answer_objects(*[CIRCLE] * 500)
    return lambda name: predicted(name, data_dir=disk, reserve_bytes=MIB)


def upload(client):
    return client.post("/images/", data=png(), content_type="image/png")


def fill(disk):
    with pytest.raises(OSError, match="No space"), open(disk / "filler", "wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))


def assert_full(response):
    assert response.status_code == 503
    assert response.json["type"] == "urn:circles:problem:storage-full"
    assert "Delete" in response.json["detail"] or "full" in response.json["detail"]
    assert response.headers["Retry-After"]


def test_clients_that_fill_a_volume_can_empty_it(load_small):
    client, detail = load_small("upload"), load_small("detail")
    kept = upload(client).json
    while (response := client.post(f"/images/{kept['image_id']}/detections")).status_code == 200:
        added = upload(client)
        if added.status_code != 200:
            break
    assert_full(response if response.status_code != 200 else added)

    assert detail.get(f"/images/{kept['image_id']}/content").data == png()
    assert tick(load_small("repair")) == 204
    listed = [
        row["image_id"] for row in load_small("list").get("/images/?limit=200").json["images"]
    ]
    for image_id in listed:
        assert client.delete(f"/images/{image_id}").status_code == 204
    assert tick(load_small("repair")) == 204
    assert upload(client).status_code == 200


def test_full_volume_can_be_read_and_emptied(disk, load_small):
    image_id = upload(load_small("upload")).json["image_id"]
    fill(disk)
    client = load_small("upload")

    assert_full(upload(client))
    assert load_small("detail").get(f"/images/{image_id}").status_code == 200
    assert client.delete(f"/images/{image_id}").status_code == 204
    assert tick(load_small("repair")) == 204
    assert not list((disk / "blobs/images").iterdir())
    (disk / "filler").unlink()
    assert upload(client).status_code == 200
