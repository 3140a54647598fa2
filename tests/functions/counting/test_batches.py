"""Test batches, filters, order and backpressure over HTTP."""

from urllib.parse import quote

import pytest

from tests.functions.pictures import png
from tests.functions.predictors import answer_objects, answer_text

SURE = {"bbox": [10, 10, 20, 20], "centroid": [20, 20], "radius": 10.0, "score": 0.97}
FOUND = {"bbox": [40, 10, 20, 20], "centroid": [50, 20], "radius": 10.0, "score": 0.9}
FAINT = {"bbox": [70, 10, 20, 20], "centroid": [80, 20], "radius": 10.0, "score": 0.5}


def send(client, shade=0, batch=None, **headers):
    query = "" if batch is None else f"?batch={quote(batch)}"
    return client.post(
        f"/images/{query}", data=png(shade), content_type="image/png", headers=headers
    )


def rows(response, name):
    assert response.status_code == 200
    return response.json[name]


def found(objects, query):
    return [image["image_id"] for image in rows(objects.get(f"/images/?{query}"), "images")]


# Batches


def test_upload_names_its_batch(upload, objects, detail):
    image = send(upload, batch="Münzen 7").json
    assert image["batch"] == "Münzen 7"
    assert detail.get(f"/images/{image['image_id']}").json["batch"] == "Münzen 7"

    [batch] = rows(objects.get("/batches/"), "batches")
    assert batch == {
        "batch": "Münzen 7",
        "revision": 0,
        "open": True,
        "pending": 0,
        "detected": 1,
        "failed": 0,
        "created_at": image["created_at"],
        "arrived_at": image["created_at"],
        "completed_at": None,
    }


BAD_NAMES = [
    "",
    ".",
    "..",
    "a%2Fb",
    "..%2F..%2Fetc",
    "a%5Cb",
    "a%00",
    "a%0Ab",
    "%1B[31m",
    "%E2%80%AEa",
    "a" * 101,
    "a" * 1000,
    "a&batch=b",
]


@pytest.mark.parametrize("name", BAD_NAMES)
def test_invalid_name_of_a_batch_is_refused(upload, objects, volume, name):
    sent = upload.post(f"/images/?batch={name}", data=png(), content_type="image/png")
    listed = objects.get(f"/images/?batch={name}")

    for response in (sent, listed):
        assert response.status_code == 400
        assert "batch" in response.json["detail"]
    assert volume.is_empty()


def test_same_key_with_another_batch_is_refused(upload):
    first = send(upload, batch="a", **{"Idempotency-Key": "k"})
    again = send(upload, batch="a", **{"Idempotency-Key": "k"})
    other = send(upload, batch="b", **{"Idempotency-Key": "k"})

    assert (first.status_code, again.json) == (200, first.json)
    assert (other.status_code, "another batch" in other.json["detail"]) == (422, True)


def test_pages_of_batches_list_each_once(upload, objects):
    for number in range(5):
        send(upload, batch=f"b {number}")
    url, names = "/batches/?limit=2", []
    while url:
        page = objects.get(url).json
        names += [batch["batch"] for batch in page["batches"]]
        url = page["next"]

    assert names == [f"b {number}" for number in (4, 3, 2, 1, 0)]


WRONG = [
    "/batches/?limit=0",
    "/batches/?limit=201",
    "/batches/?cursor=x",
    "/batches/?status=open",
    "/refusals?key=",
    "/refusals?key=" + "a" * 1025,
    "/refusals?since=yesterday",
    "/refusals?cursor=%00",
    "/refusals?reason=x",
]


@pytest.mark.parametrize("url", WRONG)
def test_invalid_page_is_refused_with_a_reason(objects, url):
    response = objects.get(url)

    assert response.status_code == 400
    assert url.partition("?")[2].partition("=")[0] in response.json["detail"]


# Filters and order


@pytest.fixture
def images(predicted, predictor):
    """Store four images: of one sure circle, of a found one, of a candidate, and a pending one."""
    client, ids = predicted(), []
    for shade, circles in enumerate(([SURE], [SURE, FOUND], [FAINT, FOUND])):
        predictor.answer = answer_objects(*circles, threshold=0.87)
        ids.append(send(client, shade, batch="a").json["image_id"])
    predictor.answer = answer_text("", 500)
    return [*ids, send(client, 3).json["image_id"]]


def test_filters_select_images(objects, images):
    sure, found_one, faint, pending = images
    every = [pending, faint, found_one, sure]

    assert found(objects, "") == every
    assert found(objects, "batch=a") == every[1:]
    assert found(objects, "batch=b") == []
    assert found(objects, "source=upload") == every
    assert found(objects, "source=s3") == []
    assert found(objects, "min_count=2") == [found_one]
    assert found(objects, "max_count=1") == [faint, sure]
    assert found(objects, "min_count=1&max_count=1&batch=a") == [faint, sure]
    assert found(objects, "review=none") == every
    assert found(objects, "review=corrected") == []
    assert found(objects, "until=2999-01-01T00:00:00Z&status=pending") == [pending]
    assert found(objects, "until=2020-01-01T00:00:00Z") == []
    [version] = {each["model_version"] for each in objects.get("/images/?batch=a").json["images"]}
    assert found(objects, f"model_version={quote(version)}") == every[1:]
    assert found(objects, "model_version=other") == []


def test_until_excludes_its_moment(objects, images):
    moments = {
        each["image_id"]: each["created_at"] for each in objects.get("/images/").json["images"]
    }

    assert found(objects, f"until={moments[images[1]]}") == [images[0]]
    assert found(objects, f"since={moments[images[1]]}&until={moments[images[2]]}") == [images[1]]


def test_most_doubtful_images_come_first(objects, images):
    sure, found_one, faint, pending = images
    records = rows(objects.get("/images/?order=doubt"), "images")

    assert [each["image_id"] for each in records] == [faint, found_one, sure, pending]
    assert [(each["sure_count"], each["doubtful_count"]) for each in records] == [
        (0, 2),
        (1, 1),
        (1, 0),
        (None, None),
    ]
    url, ids = "/images/?order=doubt&limit=1", []
    while url:
        page = objects.get(url).json
        ids += [each["image_id"] for each in page["images"]]
        url = page["next"]
    assert ids == [faint, found_one, sure, pending]


def test_sure_score_is_a_setting(predicted, predictor):
    predictor.answer = answer_objects(SURE, FOUND, FAINT, threshold=0.87)
    records = [send(predicted(sure_score=score), shade=7).json for score in (0.5, 0.98)]

    assert [each["sure_count"] for each in records] == [2, 0]
    assert [each["doubtful_count"] for each in records] == [1, 3]


def test_foreign_predictor_has_no_doubt(predicted, predictor):
    predictor.answer = answer_objects(SURE, FOUND)
    record = send(predicted()).json

    assert (record["object_count"], record["sure_count"], record["doubtful_count"]) == (
        2,
        None,
        None,
    )


def test_cursor_of_another_order_is_refused(objects, images):
    by_time = objects.get("/images/?limit=1").json["next"].partition("cursor=")[2]
    by_doubt = objects.get("/images/?limit=1&order=doubt").json["next"].partition("cursor=")[2]

    for query in (f"order=doubt&cursor={by_time}", f"cursor={by_doubt}"):
        response = objects.get(f"/images/?{query}")
        assert (response.status_code, "cursor" in response.json["detail"]) == (400, True)
    for path in ("/batches/", "/refusals"):
        assert objects.get(f"{path}?cursor={by_time}").status_code == 400


# Backpressure


def test_uploads_are_only_stored_while_too_many_are_pending(predicted, predictor):
    predictor.answer = answer_text("", 500)
    client = predicted(max_pending=1)
    assert [send(client, shade).status_code for shade in range(2)] == [202, 202]
    predictor.requests.clear()

    response = send(client, 2)
    assert (response.status_code, response.json["status"]) == (202, "pending")
    assert response.json["attempts"] == 0
    assert predictor.requests == []
