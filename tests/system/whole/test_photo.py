"""Test a photo through all of `make run`."""

import json
import re
import shlex
import subprocess

import pytest

from circles.version import read_version
from circles.web.contract import contract
from tests.functions.pictures import jpeg
from tests.openapi import CONTRACT
from tests.system.clients import Client
from tests.system.processes import wait_for


@pytest.fixture(scope="module")
def photo(run, coins):
    response = Client(run.url).upload(coins, "coins.png")
    assert (response.status_code, response.json()["status"]) == (200, "detected"), response.text
    return response.json()


def test_coins_of_a_photo_are_listed_and_described(gateway, photo, coins):
    listed = gateway.get(f"/images/{photo['image_id']}/objects")

    assert (photo["width"], photo["height"], photo["media_type"]) == (384, 303, "image/png")
    assert listed.headers["Image-Status"] == "detected"
    assert len(listed.json()) == photo["object_count"]
    assert 15 <= photo["object_count"] <= 40  # there are 24 coins
    for found in listed.json():
        response = gateway.get(f"/images/{photo['image_id']}/objects/{found['object_id']}")
        assert response.status_code == 200
        assert_plausible(response.json(), found, photo)


def assert_plausible(shown, found, photo):
    """Assert that an object is round, centred and inside."""
    x, y, width, height = shown["bbox"]
    radius = shown["radius"]
    assert shown["bbox"] == found["bbox"]
    assert x + width <= photo["width"] and y + height <= photo["height"]
    assert 5 < radius < 60
    inside = x > 0 and y > 0 and x + width < photo["width"] and y + height < photo["height"]
    if inside:
        assert shown["centroid"] == pytest.approx(
            [x + width / 2, y + height / 2], abs=0.25 * radius + 1
        )
        assert [width, height] == pytest.approx([2 * radius] * 2, rel=0.25, abs=2)
    assert shown["model"] == photo["model"] and shown["model_version"] == photo["model_version"]


def test_coins_do_not_overlap(gateway, photo):
    boxes = [found["bbox"] for found in gateway.get(f"/images/{photo['image_id']}/objects").json()]
    centres = {(x + width // 2, y + height // 2) for x, y, width, height in boxes}

    near = [
        (a, b)
        for a in centres
        for b in centres
        if a < b and abs(a[0] - b[0]) + abs(a[1] - b[1]) < 10
    ]

    assert len(centres) == len(boxes)
    assert near == []


def test_content_is_the_photo(gateway, photo, coins):
    response = gateway.get(f"/images/{photo['image_id']}/content")

    assert (response.status_code, response.content) == (200, coins)
    assert response.headers["ETag"] == f'"{photo["sha256"]}"'
    again = gateway.get(
        f"/images/{photo['image_id']}/content", headers={"If-None-Match": response.headers["ETag"]}
    )
    assert (again.status_code, again.content) == (304, b"")
    part = gateway.get(f"/images/{photo['image_id']}/content", headers={"Range": "bytes=1-3"})
    assert (part.status_code, part.content) == (206, b"PNG")


def test_record_equals_the_upload_answer(gateway, photo):
    response = gateway.get(f"/images/{photo['image_id']}")

    assert (response.status_code, response.json()) == (200, photo)


@pytest.mark.parametrize("way", ["raw", "chunked"])
def test_photo_may_be_sent_raw_or_chunked(gateway, way):
    data = jpeg()

    response = gateway.request(
        "POST",
        "/images/",
        data=data if way == "raw" else iter([data[:100], data[100:]]),
        headers={"Content-Type": "image/jpeg"},
    )

    assert (response.status_code, response.json()["status"]) == (200, "detected")
    assert response.json()["size_bytes"] == len(data)


def test_trailing_slash_is_optional(gateway, coins):
    response = gateway.request("POST", "/images", files={"file": ("coins.png", coins)})

    assert (response.status_code, response.json()["status"]) == (200, "detected")


def test_printed_curl_command_works(run):
    [line] = re.findall(r"curl .+", run.log)

    out = subprocess.run(
        [*shlex.split(line), "-s", "-w", "\n%{http_code}"],
        capture_output=True,
        text=True,
        timeout=60,
    )

    body, _, status = out.stdout.rpartition("\n")
    assert (out.returncode, status) == (0, "200"), out.stderr
    assert json.loads(body)["status"] == "detected"
    assert json.loads(body)["object_count"] >= 1
    assert (json.loads(body)["width"], json.loads(body)["height"]) == (480, 320)


ID = "01890a5d-ac96-774b-bcce-b302099a8057"
PARAMETERS = {
    **dict.fromkeys(("image_id", "object_id", "event_id", "export_id"), ID),
    "token_id": "0" * 16,
    "batch": "b",
}
ROUTES = [
    (method.upper(), path, operation["tags"][0])
    for path, item in CONTRACT["paths"].items()
    for method, operation in item.items()
    if method in ("get", "post", "put", "delete") and operation["tags"] != ["all"]
]
STATUSES = {
    ("GET", "/images/"): 200,
    ("GET", "/batches/"): 200,
    ("GET", "/refusals"): 200,
    ("GET", "/deliveries"): 200,
    ("GET", "/export"): 400,
    ("POST", "/exports"): 400,
    ("POST", "/uploads"): 400,
    ("POST", "/images/"): 400,
    ("GET", "/whoami"): 200,
    ("POST", "/session"): 403,
    ("DELETE", "/session"): 204,
    ("GET", "/tokens/"): 200,
    ("POST", "/tokens/"): 400,
    ("GET", "/stats"): 200,
    ("PUT", "/images/{image_id}/scale"): 400,
    ("PUT", "/batches/{batch}/scale"): 400,
}
"""Statuses of requests without a body. All others are 404 for an unknown image or batch."""


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route[0]} {route[1]}")
@pytest.mark.parametrize("asked_as", ["it is", "with PATCH"])
def test_gateway_routes_as_the_contract_says(run, gateway, route, asked_as):
    method, path, function = route
    request_id = f"{method}-{path}-{asked_as}".replace(" ", "-")

    response = gateway.request(
        method if asked_as == "it is" else "PATCH",
        path.format(
            image_id=ID, object_id=ID, event_id=ID, export_id=ID, token_id="0" * 16, batch="b"
        ),
        headers={"X-Request-Id": request_id},
    )

    assert response.status_code == (
        405 if asked_as == "with PATCH" else STATUSES.get((method, path), 404)
    )
    assert response.headers["X-Request-Id"] == request_id
    line = wait_for(
        lambda: re.search(rf".*{re.escape(request_id)}$", run.log, re.M), "the line in the log"
    )[0]
    # Any function with this path may refuse a method that none has.
    wanted = {function} if asked_as == "it is" else {tag for _, same, tag in ROUTES if same == path}
    assert re.search(rf" ({'|'.join(wanted)})\.1 +\| ", line), line


def test_request_is_logged_once(run, gateway):
    response = gateway.get("/nothing/of/the/kind", headers={"X-Request-Id": "one-line"})

    assert (response.status_code, response.json()["status"]) == (404, 404)
    wait_for(lambda: "one-line" in run.log, "the line in the log")
    [line] = [line for line in run.log.splitlines() if "one-line" in line]
    assert re.search(
        r"detail\.1 +\| \S+ \S+ INFO GET /nothing/of/the/kind 404 \d+ ms one-line$", line
    ), line


ABSENT = (
    "/robots.txt",
    "/favicon.ico",
    "/images/a/b/c/d",
    "/%2e%2e/etc/passwd",
    "/images//objects",
    "/static/x",
    "/metrics",
)


@pytest.mark.parametrize("path", ABSENT)
@pytest.mark.parametrize("method", ["GET", "TRACE", "OPTIONS", "DELETE"])
def test_unknown_path_is_a_problem_behind_the_gateway(gateway, method, path):
    response = gateway.request(method, path)

    assert response.status_code == 404
    assert response.json()["type"].startswith("urn:circles:problem:")


@pytest.mark.parametrize("method", ["TRACE", "OPTIONS", "DELETE", "PUT", "PATCH"])
@pytest.mark.parametrize("path", ["/images", "/images/"])
def test_wrong_method_is_405_with_all_methods(gateway, method, path):
    response = gateway.request(method, path)

    assert response.status_code == 405
    assert response.json()["type"].startswith("urn:circles:problem:")
    assert response.headers["Allow"] == "GET, HEAD, POST"


def test_openapi_contract_is_served(gateway):
    response = gateway.get("/openapi.json")

    assert (response.status_code, response.json()) == (200, json.loads(contract()))
    assert response.json()["info"]["version"] == read_version()


def test_probes_answer(gateway):
    assert gateway.get("/health/liveness").json() == {"status": "alive"}
    assert gateway.get("/health/readiness").json() == {"status": "ready"}
