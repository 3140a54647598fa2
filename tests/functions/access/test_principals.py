"""Test what is kept of the sender of a request, and what it may do in a minute."""

import pytest

from tests.functions.pictures import jpeg, png


@pytest.fixture
def anna(create):
    """Return the header of a token of anna."""
    return {"Authorization": f"Bearer {create('all', name='anna')[0]}"}


@pytest.fixture
def bo(create):
    """Return the header of a token of bo."""
    return {"Authorization": f"Bearer {create('all', name='bo')[0]}"}


def send(client, headers, data=None, **more):
    content = {"data": data or png(), "content_type": "image/png"}
    return client.post("/images/", headers={**headers, **more}, **content)


def test_image_correction_and_scale_name_their_principal(closed, anna, bo):
    upload, detail = closed("upload"), closed("detail")
    image = send(upload, anna).json
    path = f"/images/{image['image_id']}"
    body = {"based_on": image["served"], "objects": []}
    upload.post(f"{path}/detections", json=body, headers={**bo, "If-Match": "*"})
    upload.put(f"{path}/scale", json={"mm_per_px": 0.5}, headers=bo)

    record = detail.get(path, headers=anna).json
    runs = detail.get(f"{path}/detections", headers=anna).json

    assert (image["created_by"], record["created_by"]) == ("anna", "anna")
    assert record["scale"]["created_by"] == "bo"
    assert [run["created_by"] for run in runs] == ["bo", None]


def test_open_access_names_nobody(load):
    assert send(load("upload"), {}).json["created_by"] is None


def test_each_principal_has_its_own_idempotency_keys(closed, anna, bo, volume):
    upload = closed("upload")
    first = send(upload, anna, **{"Idempotency-Key": "k"})
    again = send(upload, anna, **{"Idempotency-Key": "k"})
    other = send(upload, bo, jpeg(), **{"Idempotency-Key": "k"})
    reused = send(upload, bo, png(), **{"Idempotency-Key": "k"})

    assert again.json["image_id"] == first.json["image_id"] != other.json["image_id"]
    assert (other.status_code, reused.status_code) == (200, 422)
    assert len(volume.blobs()) == 2


def test_corrections_have_keys_by_principal_too(closed, anna, bo):
    upload = closed("upload")
    image = send(upload, anna).json
    path = f"/images/{image['image_id']}/detections"
    body = {"based_on": image["served"], "objects": []}
    headers = {"Idempotency-Key": "k", "If-Match": "*"}
    runs = [
        upload.post(path, json=body, headers={**headers, **who}).json["detection_id"]
        for who in (anna, anna, bo)
    ]

    assert runs[0] == runs[1] != runs[2]


def statuses(asked, count=4):
    return [asked().status_code for _ in range(count)]


def test_uploads_over_the_limit_are_429_and_leave_nothing(closed, anna, bo, volume):
    upload = closed("upload", uploads_per_minute=1)

    answers = [send(upload, anna) for _ in range(4)]
    refused = [answer for answer in answers if answer.status_code == 429]

    assert len(refused) >= 2  # one is allowed, or two if a minute ends in between
    assert all(0 < int(answer.headers["Retry-After"]) <= 60 for answer in refused)
    assert "1 uploads a minute" in refused[0].json["detail"]
    assert len(volume.blobs()) == len(volume.rows("images")) == 4 - len(refused)
    assert send(upload, bo).status_code == 200


def test_detections_over_the_limit_are_429(closed, anna, load):
    upload = closed("upload", detections_per_minute=1)
    path = f"/images/{send(upload, anna).json['image_id']}/detections"

    found = statuses(lambda: upload.post(path, headers=anna))

    assert set(found) == {200, 429} and found.count(429) >= 2
    assert statuses(lambda: load("upload", access="open").post(path)) == [200] * 4


def test_stored_content_is_sandboxed(closed, anna):
    image = send(closed("upload"), anna).json
    response = closed("detail").get(f"/images/{image['image_id']}/content", headers=anna)

    assert response.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
