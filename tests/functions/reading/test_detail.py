"""Test GET of an image, its objects and its content."""

import hashlib
from io import BytesIO

import pytest

from tests.functions.pictures import jpeg, png

UNKNOWN = "01890a5d-ac96-774b-bcce-b302099a8057"


@pytest.fixture
def image(upload):
    return upload.post("/images/", data={"file": (BytesIO(png()), "münzen.png")}).json


@pytest.fixture
def object_ids(objects, image):
    return [each["object_id"] for each in objects.get(f"/images/{image['image_id']}/objects").json]


@pytest.fixture
def content(image):
    return f"/images/{image['image_id']}/content"


def test_record_equals_the_upload_answer(detail, image):
    response = detail.get(f"/images/{image['image_id']}")

    assert response.status_code == 200
    assert response.json == image


def test_object_shows_its_geometry_and_model(detail, image, object_ids):
    response = detail.get(f"/images/{image['image_id']}/objects/{object_ids[0]}")

    assert response.status_code == 200
    assert response.json == {
        "object_id": object_ids[0],
        "image_id": image["image_id"],
        "bbox": [10, 20, 30, 30],
        "centroid": [25.0, 35.0],
        "radius": 15.0,
        "score": 0.9,
        "label": "circle",
        "model": "fixed",
        "model_version": "1",
        "origin_id": object_ids[0],
        "edge": False,
        "diameter_mm": None,
        "diameter_error": None,
    }


def test_every_listed_object_can_be_read(detail, objects, image):
    listed = objects.get(f"/images/{image['image_id']}/objects").json
    shown = [
        detail.get(f"/images/{image['image_id']}/objects/{each['object_id']}") for each in listed
    ]

    assert [response.status_code for response in shown] == [200, 200]
    assert [
        {"object_id": each.json["object_id"], "bbox": each.json["bbox"]} for each in shown
    ] == listed


@pytest.mark.parametrize("path", ["", "/content", f"/objects/{UNKNOWN}"])
def test_paths_below_an_unknown_image_are_not_found(detail, path):
    response = detail.get(f"/images/{UNKNOWN}{path}")

    assert response.status_code == 404
    assert response.json["type"] == "urn:circles:problem:not-found"
    assert "no such" in response.json["detail"]


def test_unknown_object_is_not_found(detail, image):
    response = detail.get(f"/images/{image['image_id']}/objects/{UNKNOWN}")

    assert response.status_code == 404
    assert response.json["detail"] == "This image has no such object."


def test_object_of_another_image_is_not_found(detail, upload, object_ids):
    other = upload.post("/images/", data=png(shade=80), content_type="image/png").json

    response = detail.get(f"/images/{other['image_id']}/objects/{object_ids[0]}")

    assert response.status_code == 404
    assert response.json["detail"] == "This image has no such object."


@pytest.mark.parametrize(
    "path",
    [
        "/images/7",
        "/images/7/content",
        f"/images/7/objects/{UNKNOWN}",
        f"/images/{UNKNOWN}/objects/7",
        f"/images/{UNKNOWN.replace('-', '')}",
        f"/images/{{{UNKNOWN}}}",
    ],
)
def test_invalid_uuid_is_refused(detail, path):
    response = detail.get(path)

    assert response.status_code == 400
    assert response.json["type"] == "urn:circles:problem:malformed"
    assert "UUID" in response.json["detail"]


@pytest.mark.parametrize("path", ["", "/content", "/objects/{object_id}"])
def test_unknown_query_parameter_is_refused(detail, image, object_ids, path):
    response = detail.get(
        f"/images/{image['image_id']}{path}?size=9".format(object_id=object_ids[0])
    )

    assert response.status_code == 400
    assert response.json["detail"] == "There is no query parameter 'size' here; known: none."


@pytest.mark.parametrize("data", [png(), jpeg()], ids=["PNG", "JPEG"])
def test_content_is_the_uploaded_bytes_with_an_etag(detail, upload, data):
    image = upload.post("/images/", data={"file": (BytesIO(data), "münzen 1.x")}).json

    response = detail.get(f"/images/{image['image_id']}/content")

    assert response.status_code == 200
    assert response.data == data
    assert response.content_type == image["media_type"]
    assert response.headers["ETag"] == f'"{hashlib.sha256(data).hexdigest()}"'
    assert response.headers["Content-Length"] == str(len(data))
    assert response.headers["Accept-Ranges"] == "bytes"
    assert response.headers["Cache-Control"] == "private, no-cache"
    assert response.headers["Content-Disposition"] == "inline; filename*=UTF-8''m%C3%BCnzen%201.x"


@pytest.mark.parametrize("tags", ['"{sha256}"', 'W/"{sha256}"', '"other", "{sha256}"', "*"])
def test_matching_etag_answers_304(detail, image, content, tags):
    response = detail.get(content, headers={"If-None-Match": tags.format(**image)})

    assert (response.status_code, response.data) == (304, b"")
    assert response.headers["ETag"] == f'"{image["sha256"]}"'
    assert response.headers["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize("others", [{}, {"Range": "bytes=-1"}, {"Range": "bytes=9999-"}], ids=str)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_304_needs_no_blob(detail, volume, image, content, method, others):
    volume.blobs()[0].unlink()  # the record alone must suffice

    response = detail.open(
        content, method=method, headers={"If-None-Match": f'"{image["sha256"]}"', **others}
    )

    assert (response.status_code, response.data) == (304, b"")
    assert response.headers["ETag"] == f'"{image["sha256"]}"'


def test_other_etag_answers_the_content(detail, content):
    response = detail.get(content, headers={"If-None-Match": '"other"'})

    assert (response.status_code, response.data) == (200, png())


SIZE = len(png())
RANGES = {
    "bytes=0-9": (0, 10),
    "bytes=10-19": (10, 20),
    f"bytes={SIZE - 5}-": (SIZE - 5, SIZE),
    "bytes=-7": (SIZE - 7, SIZE),
    "bytes=0-": (0, SIZE),
    f"bytes=4-{SIZE * 2}": (4, SIZE),
}


@pytest.mark.parametrize("asked", RANGES)
def test_range_request_answers_206(detail, content, image, asked):
    first, end = RANGES[asked]

    response = detail.get(content, headers={"Range": asked})

    assert (response.status_code, response.data) == (206, png()[first:end])
    assert response.headers["Content-Range"] == f"bytes {first}-{end - 1}/{SIZE}"
    assert response.headers["ETag"] == f'"{image["sha256"]}"'


@pytest.mark.parametrize("asked", [f"bytes={SIZE}-", f"bytes={SIZE * 2}-{SIZE * 3}"])
def test_unsatisfiable_range_answers_416(detail, content, asked):
    response = detail.get(content, headers={"Range": asked})

    assert response.status_code == 416
    assert response.headers["Content-Range"] == f"bytes */{SIZE}"
    assert response.json["status"] == 416


@pytest.mark.parametrize(
    "asked",
    [
        "items=0-1",
        "lines=1-2",
        "bytes=9-3",
        "bytes=a-b",
        "0-5",
        "bytes=",
        "bytes=-",
        "bytes=0-1,5-6",
        "bytes=0-0,0-0,0-0",
        "bytes=0-1, items=2",
    ],
)
def test_invalid_range_is_ignored(detail, content, asked):
    response = detail.get(content, headers={"Range": asked})

    assert (response.status_code, response.data) == (200, png())
    assert "Content-Range" not in response.headers


def test_if_range_mismatch_answers_the_whole_content(detail, content):
    response = detail.get(content, headers={"Range": "bytes=0-9", "If-Range": '"other"'})

    assert (response.status_code, response.data) == (200, png())


@pytest.mark.parametrize("condition", ['"{sha256}"', "{modified}"])
def test_matching_if_range_answers_the_part(detail, content, image, condition):
    modified = detail.head(content).headers["Last-Modified"]
    asked = condition.format(sha256=image["sha256"], modified=modified)

    assert detail.get(content, headers={"Range": "bytes=0-9", "If-Range": asked}).status_code == 206


@pytest.mark.parametrize("condition", ['W/"{sha256}"', "Thu, 01 Jan 1970 00:00:00 GMT", "nonsense"])
def test_other_if_range_answers_the_whole(detail, content, image, condition):
    asked = condition.format(sha256=image["sha256"])

    assert detail.get(content, headers={"Range": "bytes=0-9", "If-Range": asked}).status_code == 200


@pytest.mark.parametrize(
    "given",
    [
        {"If-Match": '"other"'},
        {"If-Match": 'W/"{sha256}"'},
        {"If-Unmodified-Since": "Thu, 01 Jan 1970 00:00:00 GMT"},
    ],
    ids=str,
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_failed_precondition_is_a_problem(detail, content, image, given, method):
    headers = {name: value.format(sha256=image["sha256"]) for name, value in given.items()}

    response = detail.open(content, method=method, headers=headers)

    assert (response.status_code, response.content_type) == (412, "application/problem+json")
    assert method == "HEAD" or response.json["type"] == "urn:circles:problem:precondition-failed"


@pytest.mark.parametrize(
    "given",
    [
        {"If-Match": '"{sha256}"'},
        {"If-Match": "*"},
        {"If-Unmodified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"},
    ],
    ids=str,
)
def test_true_precondition_changes_nothing(detail, content, image, given):
    headers = {name: value.format(sha256=image["sha256"]) for name, value in given.items()}

    assert detail.get(content, headers=headers).data == png()


def test_if_modified_since_answers_304(detail, content):
    since = {"If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"}

    assert detail.get(content, headers=since).status_code == 304
    assert detail.get(content, headers={**since, "If-None-Match": '"other"'}).status_code == 200


def test_range_reads_nothing_else(detail, volume, content):
    """A blob of the right size whose other bytes are damaged shows that they were not looked at."""
    [blob] = volume.blobs()
    blob.write_bytes(png()[:10] + bytes(SIZE - 10))

    assert detail.get(content, headers={"Range": "bytes=0-9"}).data == png()[:10]
    assert detail.get(content).status_code == 500


def test_head_of_content_reads_no_blob(detail, volume, content, image):
    volume.blobs()[0].unlink()  # the record alone must suffice

    response = detail.head(content)

    assert (response.status_code, response.data) == (200, b"")
    assert response.headers["Content-Length"] == str(SIZE)
    assert response.headers["ETag"] == f'"{image["sha256"]}"'
    assert response.content_type == "image/png"


def test_head_of_the_record_matches_get(detail, image):
    path = f"/images/{image['image_id']}"
    head, get = detail.head(path), detail.get(path)

    assert (head.status_code, head.data) == (200, b"")
    assert head.headers["Content-Length"] == str(len(get.data))


def test_missing_content_is_not_found(detail, volume, content):
    volume.blobs()[0].unlink()

    response = detail.get(content)

    assert response.status_code == 404
    assert response.json["detail"] == "The stored picture is gone."


def test_damaged_content_is_not_served(detail, volume, content):
    volume.blobs()[0].write_bytes(png(shade=90))

    response = detail.get(content)

    assert response.status_code == 500
    assert response.json["type"] == "urn:circles:problem:damaged"
    assert response.json["detail"] == "The stored picture is not the one that was uploaded."
    assert "ETag" not in response.headers
    assert response.headers["Cache-Control"] == "no-store"
