"""Test that files in the bucket of `make run STORE=s3` become images."""

import contextlib
import io
import re

import pytest
import requests

from tests.functions.pictures import png
from tests.system.clients import Client, storage
from tests.system.processes import Run, wait_for


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    started = Run(tmp_path_factory.mktemp("run") / "events", STORE="s3")
    with contextlib.ExitStack() as stack:
        stack.callback(started.kill_all)
        yield started.wait_until_ready()


@pytest.fixture(scope="module")
def s3(run):
    client = storage(run)
    yield client
    client.close()


def images(run, **wanted):
    listed = Client(run.url).get("/images/", params={"limit": "200"}).json()["images"]
    return [
        image for image in listed if all(image[name] == value for name, value in wanted.items())
    ]


def ingested(run):
    """Return the number of events that ingest has answered."""
    return len(re.findall(r"ingest\.1 +\| .* POST / \d+", run.log))


def dropped(run, s3, key, data, **options):
    """Put a file and wait until it is a detected image."""
    s3.put_object(Bucket="circles", Key=key, Body=data, **options)
    name = key.rpartition("/")[2]
    wait_for(lambda: images(run, file_name=name, status="detected"), f"{name} to be detected", 30)
    return images(run, file_name=name)


def test_dropped_photo_is_detected_like_an_upload(run, s3, coins):
    [image] = dropped(run, s3, "incoming/coins.png", coins)
    client = Client(run.url)
    uploaded = client.upload(coins, "uploaded.png").json()

    assert image["source"] == "s3"
    for name in (
        "object_count",
        "width",
        "height",
        "media_type",
        "size_bytes",
        "sha256",
        "model_version",
    ):
        assert image[name] == uploaded[name], name
    boxes = [
        [each["bbox"] for each in client.get(f"/images/{one['image_id']}/objects").json()]
        for one in (image, uploaded)
    ]
    assert boxes[0] == boxes[1]
    assert client.get(f"/images/{image['image_id']}/content").content == coins


def test_multipart_object_is_one_image(run, s3, coins):
    from boto3.s3.transfer import TransferConfig

    padded = coins + bytes(6 * 1024 * 1024)  # bytes after a PNG's end are ignored
    parts = TransferConfig(multipart_threshold=5 * 1024 * 1024, multipart_chunksize=5 * 1024 * 1024)
    s3.upload_fileobj(io.BytesIO(padded), "circles", "incoming/parts.png", Config=parts)
    wait_for(
        lambda: images(run, file_name="parts.png", status="detected"),
        "parts.png to be detected",
        30,
    )

    [image] = images(run, file_name="parts.png")
    assert image["size_bytes"] == len(padded)


def test_key_of_spaces_and_special_characters_works(run, s3):
    [image] = dropped(run, s3, "incoming/a b+c/ä€ %41.png", png())

    assert image["file_name"] == "ä€ %41.png"


def test_copy_is_a_new_image_and_tags_are_not(run, s3):
    before = ingested(run)
    dropped(run, s3, "incoming/original.png", png(shade=50))
    s3.put_object_tagging(
        Bucket="circles",
        Key="incoming/original.png",
        Tagging={"TagSet": [{"Key": "a", "Value": "b"}]},
    )
    s3.copy_object(
        Bucket="circles", Key="incoming/copied.png", CopySource="circles/incoming/original.png"
    )
    wait_for(
        lambda: images(run, file_name="copied.png", status="detected"),
        "the copy to be detected",
        30,
    )

    assert len(images(run, file_name="original.png")) == 1
    wait_for(lambda: ingested(run) > before + 1, "ingest to answer twice", 10)
    assert ingested(run) == before + 2


def test_new_content_under_an_old_key_is_a_second_image(run, s3):
    dropped(run, s3, "incoming/changed.png", png(shade=60))
    s3.put_object(Bucket="circles", Key="incoming/changed.png", Body=png(shade=70))
    wait_for(
        lambda: len(images(run, file_name="changed.png", status="detected")) == 2,
        "the second to be detected",
        30,
    )

    assert len({image["sha256"] for image in images(run, file_name="changed.png")}) == 2


def test_unusable_file_is_a_dead_letter_and_blocks_nothing(run, s3):
    s3.put_object(Bucket="circles", Key="incoming/notes.txt", Body=b"no picture")
    s3.put_object(Bucket="circles", Key="incoming/empty.png", Body=b"")
    dropped(run, s3, "incoming/after.png", png(shade=80))

    for name in ("notes.txt", "empty.png"):
        wait_for(
            lambda name=name: re.search(rf"dead letter: .*incoming/{name} .*answered 422", run.log),
            name,
            30,
        )
        assert images(run, file_name=name) == []


def test_upload_causes_no_ingest_event(run, s3, coins):
    before = ingested(run)
    Client(run.url).upload(coins, "mine.png")
    dropped(
        run, s3, "incoming/later.png", png(shade=90)
    )  # by then an event of the upload would have arrived

    assert len(images(run, file_name="mine.png")) == 1
    wait_for(lambda: ingested(run) > before, "ingest to answer", 10)
    assert ingested(run) == before + 1


def test_image_events_are_sent_out(run, s3):
    [image] = dropped(run, s3, "incoming/heard.png", png(shade=100))

    for what in ("uploaded", "detected"):
        line = rf"event out: dev\.circles\.image\.{what} {image['image_id']} id="
        wait_for(lambda line=line: re.search(line, run.log), f"image.{what}", 30)


def test_every_newest_version_is_an_image(run, s3):
    """SeaweedFS keeps the versions of a key as files of their own."""
    switch = {"Bucket": "circles"}
    s3.put_bucket_versioning(**switch, VersioningConfiguration={"Status": "Enabled"})
    try:
        for count, shade in enumerate((110, 120), 1):
            s3.put_object(Bucket="circles", Key="incoming/versions.png", Body=png(shade=shade))
            wait_for(
                lambda count=count: (
                    len(images(run, file_name="versions.png", status="detected")) == count
                ),
                f"version {count} to be detected",
                30,
            )
        s3.put_object(Bucket="circles", Key="incoming/versions.png", Body=png(shade=120))
        s3.delete_object(Bucket="circles", Key="incoming/versions.png")
    finally:
        s3.put_bucket_versioning(**switch, VersioningConfiguration={"Status": "Suspended"})
    dropped(run, s3, "incoming/afterwards.png", png(shade=130))

    found = images(run, file_name="versions.png")
    assert len({image["sha256"] for image in found}) == len(found) == 2
    assert not [
        image for image in images(run) if re.fullmatch("v_[0-9a-f]+", image["file_name"] or "")
    ]


def test_bridge_is_not_public_and_needs_its_token(run):
    direct = requests.post(f"http://127.0.0.1:{run.port + 4}/", data=b"{}", timeout=10)

    assert (direct.status_code, direct.content) == (401, b"")
    assert Client(run.url).request("POST", "/bridge", data=b"{}").status_code == 404
