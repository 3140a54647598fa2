"""Test circles upload --direct: into the bucket, past the functions."""

import pytest

from circles import bootstrap
from circles.usecases.register import register_object
from tests.client.conftest import documents
from tests.client.pictures import fill, picture

LIMIT = 100_000


@pytest.fixture
def services(site, seaweedfs):
    """Use a bucket that clients reach, and return the services of upload."""
    site.add(
        "upload", "list", "detail", **seaweedfs.settings,
        s3_public_endpoint=seaweedfs.url, s3_bucket="direct", max_upload_bytes=LIMIT,
    )  # fmt: skip
    services = bootstrap.load_services()
    services.store.put("images/any.png", b"x", media_type="image/png", sha256="0" * 64)
    yield services
    services.store._connections.clear()


def arrive(services, key):
    """Do what ingest does on the event of an object."""
    stored = services.store.stat(key)
    return register_object(stored.bucket, key, stored.etag, stored.size_bytes, services)


def test_direct_file_is_an_image_once_its_event_came(run, site, services, tmp_path):
    path = fill(tmp_path, 1)[0].rename(tmp_path / 'm\u00fc"nze.png')
    first = run("upload", path, "--direct", "--batch", "d7", "--json")
    [stored] = documents(first)
    arrive(services, stored["key"])
    second = run("upload", path, "--direct", "--batch", "d7")

    assert first.exit_code == 8
    assert (stored["state"], stored["image"]) == ("stored", None)
    assert stored["key"].startswith("incoming/d7/")
    assert second.exit_code == 0
    assert second.stdout.startswith("already there  ")
    assert site.count("POST", "/images/") == 0


def test_repeat_before_its_event_came_is_one_image(run, services, client, tmp_path):
    path = fill(tmp_path, 1)[0]
    keys = [documents(run("upload", path, "--direct", "--json"))[0]["key"] for _ in range(2)]
    for key in keys:
        arrive(services, key)

    assert len(set(keys)) == len(list(client.images())) == 1


def test_direct_upload_waits_for_its_image(run, services, client, tmp_path):
    key = client.upload_direct(fill(tmp_path, 1)[0])
    assert client.wait_for_key(key, timeout_s=0) is None
    arrive(services, key)

    assert client.wait_for_key(key, timeout_s=5)["status"] == "detected"


def test_too_large_a_file_is_not_put_there(run, services, tmp_path):
    (tmp_path / "a.png").write_bytes(picture(1) + bytes(LIMIT))
    done = run("upload", tmp_path / "a.png", "--direct")

    assert done.exit_code == 1
    assert "It has more than 100,000 bytes." in done.stderr


def test_server_without_it_says_so(run, tmp_path):
    done = run("upload", *fill(tmp_path, 1), "--direct")

    assert done.exit_code == 1
    assert "send them to /images/" in done.stderr
