"""Test GET /images/: pages, filters and invalid queries."""

import hashlib

import pytest

from tests.functions.pictures import png


@pytest.fixture
def stored(upload):
    """Upload five images and return their records, newest first."""
    records = [
        upload.post("/images/", data=png(shade), content_type="image/png").json
        for shade in range(5)
    ]
    return sorted(records, key=lambda each: (each["created_at"], each["image_id"]), reverse=True)


def ids(page):
    return [image["image_id"] for image in page["images"]]


def test_empty_catalogue_is_an_empty_page(objects):
    response = objects.get("/images/")

    assert response.json == {"images": [], "next": None}
    assert "Link" not in response.headers


def test_images_are_listed_newest_first(objects, stored):
    response = objects.get("/images")

    assert response.json == {"images": stored, "next": None}


@pytest.mark.parametrize("limit", [1, 2, 4])
def test_next_links_visit_every_image_once(objects, stored, limit):
    url, seen = f"/images/?limit={limit}", []
    while url:
        response = objects.get(url)
        page = response.json
        assert len(page["images"]) == limit or page["next"] is None
        assert page["next"] is None or response.headers["Link"] == f'<{page["next"]}>; rel="next"'
        seen += ids(page)
        url = page["next"]

    assert seen == [image["image_id"] for image in stored]


def test_last_page_has_no_next(objects, stored):
    assert objects.get("/images/?limit=5").json["next"] is None


def test_next_keeps_the_filters(objects, stored):
    page = objects.get("/images/?limit=2&status=detected&since=2020-01-01T00:00:00%2B01:00").json

    parts = ("limit=2", "status=detected", "since=2020-01-01T00%3A00%3A00%2B01%3A00")
    assert all(part in page["next"] for part in parts)
    assert ids(objects.get(page["next"]).json) == [image["image_id"] for image in stored[2:4]]


def test_new_image_does_not_shift_later_pages(objects, upload, stored):
    following = objects.get("/images/?limit=2").json["next"]
    upload.post("/images/", data=png(9), content_type="image/png")

    assert ids(objects.get(following).json) == [image["image_id"] for image in stored[2:4]]


def test_filter_by_sha256(objects, stored):
    sha256 = hashlib.sha256(png(3)).hexdigest()

    for text in (sha256, sha256.upper()):
        assert [
            image["sha256"] for image in objects.get(f"/images/?sha256={text}").json["images"]
        ] == [sha256]
    assert objects.get(f"/images/?sha256={'0' * 64}").json["images"] == []


def test_filter_by_status(objects, stored):
    assert len(objects.get("/images/?status=detected").json["images"]) == 5
    assert objects.get("/images/?status=pending").json["images"] == []


def test_filter_since_includes_that_moment(objects, stored):
    middle = stored[2]["created_at"]
    found = [image["image_id"] for image in objects.get(f"/images/?since={middle}").json["images"]]

    assert set(found) >= {image["image_id"] for image in stored[:2]}
    assert objects.get("/images/?since=2999-01-01T00:00:00Z").json["images"] == []


def test_default_limit_is_50_images(objects, upload):
    for shade in range(51):
        upload.post("/images/", data=png(shade), content_type="image/png")

    page = objects.get("/images/").json
    assert len(page["images"]) == 50
    assert len(objects.get(page["next"]).json["images"]) == 1
    assert len(objects.get("/images/?limit=200").json["images"]) == 51


WRONG = [
    "limit=0",
    "limit=201",
    "limit=-1",
    "limit=x",
    "limit=1.5",
    "limit=",
    "limit=%D9%A1",
    "limit=99999999999999",
    "status=new",
    "status=",
    "status=DETECTED",
    "sha256=ab",
    "sha256=" + "g" * 64,
    "sha256=",
    "since=yesterday",
    "since=2026-11-24",
    "since=2026-11-24T06:30:00",
    "since=2026-13-24T06:30:00Z",
    "since=2026-11-24T06:30:00+01:00",
    "since=",
    "since=2026-W48-2T06:30:00Z",
    "since=0000-01-01T00:00:00Z",
    "cursor=",
    "cursor=x",
    "cursor=%00",
    "cursor=MjAyNi0xMS0yNA",
    "cursor=\u00e4",
    "cursor=" + "A" * 5000,
    "page=2",
    "limit=1&limit=2",
]


WRONG_FILTERS = [
    "until=yesterday",
    "until=2026-11-24",
    "source=mail",
    "source=",
    "key=",
    "key=" + "a" * 1025,
    "model_version=",
    "model_version=" + "a" * 101,
    "review=maybe",
    "min_count=-1",
    "min_count=1.5",
    "max_count=1e3",
    "max_count=9999999999",
    "order=oldest",
    "order=newest&order=doubt",
    "min_count=2&max_count=1",
    "since=2026-01-01T00:00:00Z&until=2026-01-01T00:00:00Z",
    "since=2026-01-02T00:00:00Z&until=2026-01-01T00:00:00Z",
    "min_count=1&status=pending",
    "max_count=1&status=failed",
    "model_version=7&status=pending",
    "review=corrected&status=failed",
]


@pytest.mark.parametrize("query", [*WRONG, *WRONG_FILTERS])
def test_invalid_query_parameter_is_named(objects, query):
    response = objects.get(f"/images/?{query}")

    assert response.status_code == 400
    assert query.partition("=")[0] in response.json["detail"]


def test_head_has_no_body(objects, stored):
    response = objects.head("/images/")

    assert (response.status_code, response.data) == (200, b"")


@pytest.mark.parametrize("function", ["list", "upload"])
def test_allow_names_methods_of_other_functions(load, function):
    response = load(function).put("/images/")

    assert response.status_code == 405
    assert response.headers["Allow"] == "GET, HEAD, POST"
