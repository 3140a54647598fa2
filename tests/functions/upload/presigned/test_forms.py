"""Test uploads past the functions: forms that a real S3 server checks."""

import json
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
import requests

from circles.bootstrap import load_services
from circles.domain.errors import UnsupportedPicture
from circles.usecases.register import register_object
from tests.functions.pictures import png

LIMIT = 100_000


@pytest.fixture
def upload(load, seaweedfs):
    return load(
        "upload",
        **seaweedfs.settings,
        s3_public_endpoint=seaweedfs.url,
        s3_bucket="presigned",
        max_upload_bytes=LIMIT,
    )


@pytest.fixture
def services(upload):
    services = load_services()
    services.store.put("images/any.png", b"x", media_type="image/png", sha256="0" * 64)
    yield services
    services.store._connections.clear()


def ask(upload, key=None, **document):
    headers = {"Idempotency-Key": key} if key else {}
    return upload.post("/uploads", json={"file_name": "münze ü.png", **document}, headers=headers)


def post(form, data=None, key=None):
    """Send a file as a browser does, and return the status."""
    fields = {**form["fields"], **({"key": key} if key else {})}
    file = {"file": ("blob", BytesIO(png() if data is None else data))}
    with requests.Session() as session:
        return session.post(form["url"], data=fields, files=file, timeout=20).status_code


def arrive(services, key):
    """Do what ingest does on the event of an object."""
    stored = services.store.stat(key)
    return register_object(stored.bucket, key, stored.etag, stored.size_bytes, services)


def test_uploaded_file_becomes_an_image_of_its_key(upload, services, load):
    answer = ask(upload, batch="d7")
    assert answer.headers["Cache-Control"] == "no-store"
    form = answer.json
    assert form["key"].startswith("incoming/d7/") and form["key"].endswith("/münze ü.png")
    assert form["max_bytes"] == LIMIT

    assert post(form) == 204
    image = arrive(services, form["key"])

    [found] = load("list").get("/images/", query_string={"key": form["key"]}).json["images"]
    assert found["image_id"] == image.image_id
    assert (found["batch"], found["file_name"]) == ("d7", "münze ü.png")


def test_file_without_a_batch_has_none(upload, services):
    form = ask(upload).json

    assert post(form) == 204
    assert arrive(services, form["key"]).batch is None


def test_refused_file_is_found_by_its_key(upload, services, load):
    form = ask(upload, batch="d7").json

    assert post(form, b"no picture") == 204
    with pytest.raises(UnsupportedPicture):
        arrive(services, form["key"])

    [refusal] = load("list").get("/refusals", query_string={"key": form["key"]}).json["refusals"]
    assert refusal["reason"] == "unsupported-picture"


def test_form_is_for_one_key(upload, services):
    form = ask(upload, batch="d7").json

    for key in ("incoming/d7/other.png", form["key"] + "x", "images/x.png", "results/x"):
        assert post(form, key=key) == 403, key


@pytest.mark.parametrize("size_bytes", [0, LIMIT + 1])
def test_store_refuses_other_sizes(upload, services, size_bytes):
    form = ask(upload).json

    assert post(form, b"x" * size_bytes) == 400


def test_form_expires(upload, services):
    services.now = lambda: datetime.now(UTC) - timedelta(hours=2)
    form = ask(upload).json

    assert post(form) in (400, 403)


def test_changed_policy_is_refused(upload, services):
    form, other = ask(upload).json, ask(upload).json
    form["fields"]["policy"] = other["fields"]["policy"]
    form["fields"]["key"] = other["key"]

    assert post(form) == 403


def test_form_used_twice_replaces_its_own_file(upload, services, load):
    form = ask(upload, batch="d7").json
    assert post(form) == post(form) == 204
    first = arrive(services, form["key"])
    assert arrive(services, form["key"]).image_id == first.image_id

    assert post(form, png(90)) == 204
    second = arrive(services, form["key"])
    assert second.image_id != first.image_id
    found = load("list").get("/images/", query_string={"key": form["key"]}).json["images"]
    assert [each["image_id"] for each in found] == [second.image_id, first.image_id]


def test_forms_have_keys_of_their_own(upload):
    assert ask(upload, batch="d7").json["key"] != ask(upload, batch="d7").json["key"]


def test_retry_puts_its_file_to_the_same_place(upload, services, load):
    first, again = (ask(upload, key="a1", batch="d7").json for _ in range(2))
    others = [ask(upload, key="a1"), ask(upload, key="a2", batch="d7")]

    assert post(first) == post(again) == 204
    assert again["key"] == first["key"] not in [other.json["key"] for other in others]
    assert arrive(services, first["key"]).image_id == arrive(services, again["key"]).image_id
    found = load("list").get("/images/", query_string={"batch": "d7"}).json["images"]
    assert len(found) == 1
    assert ask(upload, key="a" * 256).status_code == 400


def test_file_that_was_deleted_is_put_again(upload, services):
    form = ask(upload, key="a1", batch="d7").json
    assert post(form) == 204
    image = arrive(services, form["key"])
    assert upload.delete(f"/images/{image.image_id}").status_code == 204

    assert post(ask(upload, key="a1", batch="d7").json) == 204
    assert arrive(services, form["key"]).sha256 == image.sha256


BAD_BODIES = [
    "",
    "[]",
    "{}",
    '{"file_name": ""}',
    '{"file_name": 7}',
    '{"file_name": "/"}',
    '{"file_name": "a.jpg", "batch": "a/b"}',
    '{"file_name": "a.jpg", "batch": 7}',
    '{"file_name": "a.jpg", "key": "images/x"}',
    json.dumps({"file_name": "..", "batch": "d7"}),
    json.dumps({"file_name": "𝔞" * 255, "batch": "d7"}),
    json.dumps({"file_name": "a" * 1025}),
]


@pytest.mark.parametrize("body", BAD_BODIES)
def test_wrong_request_for_a_form_is_refused(upload, body):
    response = upload.post("/uploads", data=body, content_type="application/json")

    assert response.status_code == 400


def test_path_of_a_file_is_not_part_of_its_key(upload):
    key = ask(upload, file_name="../../etc\\passwd\n", batch="d7").json["key"]

    assert key.startswith("incoming/d7/") and key.endswith("/passwd")
    assert len(key.split("/")) == 4


def test_no_secret_is_shown(upload, seaweedfs, log):
    text = ask(upload).text

    assert seaweedfs.secret_key not in text + log.getvalue()


@pytest.mark.parametrize("settings", [{}, {"s3_public_endpoint": "http://s3.example"}])
def test_without_a_public_store_forms_are_501(load, settings):
    response = ask(load("upload", **settings))

    assert response.status_code == 501
    assert "/images/" in response.json["detail"]
