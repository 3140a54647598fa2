"""Requests to the deployed system: warm, from zero, in parallel."""

import re
import subprocess
import time

import requests
from load import upload_many
from steps import step

from cluster import ANSWERING_PODS, bucket_and_catalogue, get, kubectl, wait_for_zero


@step("server-side dry run of what is deployed")
def dry_run(system):
    rendered = subprocess.run(
        ["kubectl", "kustomize", ".work/deploy"], capture_output=True, text=True, check=True
    )
    kubectl(
        "apply",
        "--server-side",
        "--force-conflicts",
        "--dry-run=server",
        "-f",
        "-",
        stdin=rendered.stdout,
    )
    return "accepted"


@step("every pod is admitted under the restricted Pod Security level")
def restricted(system):
    labels = get("namespace", "circles")["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted", labels
    messages = [each.get("message", "") for each in get("events")["items"]]
    refused = [each for each in messages if "violates PodSecurity" in each]
    assert not refused, refused
    return f"{len(get('pods')['items'])} pods now, none was refused"


@step("the page: compressed in advance, known on the next visit, there for each script")
def page(system):
    if system.gateway is None:
        return "not asked: there is no gateway"
    headers = {"Accept-Encoding": "br"}
    first = requests.head(f"{system.gateway}/", headers=headers, timeout=30)
    assert first.headers.get("Content-Encoding") == "br", first.headers
    headers["If-None-Match"] = first.headers["ETag"]
    again = requests.head(f"{system.gateway}/", headers=headers, timeout=30)
    assert again.status_code == 304, again.status_code
    scripts = re.findall(
        r'(?:href|src)="(/console/[^"]+)"', requests.get(system.gateway, timeout=30).text
    )
    for path in scripts:
        assert requests.get(f"{system.gateway}{path}", timeout=30).status_code == 200, path
    return f"{len(scripts)} files"


@step("a photo: record, objects, one object, content, list")
def photo(system):
    record = system.upload().json()
    assert record["status"] == "detected" and record["object_count"] > 15, record
    objects = system.get(f"/images/{record['image_id']}/objects").json()
    path = f"/images/{record['image_id']}/objects/{objects[0]['object_id']}"
    one = system.get(path).json()
    assert one["bbox"] == objects[0]["bbox"] and one["radius"] > 10, one
    content = system.get(f"/images/{record['image_id']}/content").content
    assert content == system.picture
    newest = system.get("/images/?limit=1").json()["images"]
    assert [each["image_id"] for each in newest] == [record["image_id"]], newest
    return f"{record['object_count']} objects, content byte for byte"


@step("the same by each function's own Knative route; an unknown host is 404")
def routes(system):
    sent = system.ask_route(
        "upload", "/images/", "POST", data=system.picture, headers={"Content-Type": "image/png"}
    )
    assert sent.status_code == 200, sent.text
    image_id = sent.json()["image_id"]
    objects = system.ask_route("list", f"/images/{image_id}/objects")
    assert len(objects.json()) == sent.json()["object_count"]
    assert system.ask_route("detail", f"/images/{image_id}/content").content == system.picture
    if system.ingress is None:  # the unknown host would not resolve
        return f"{len(objects.json())} objects"
    unknown = requests.get(
        f"{system.ingress}/images/", headers={"Host": "unknown.circles.example.com"}, timeout=30
    )
    assert unknown.status_code == 404, unknown.status_code
    return f"{len(objects.json())} objects"


@step("from zero: list, then upload with the predictor at zero too")
def from_zero(system):
    image_id = system.upload().json()["image_id"]
    zero_s = wait_for_zero()
    began = time.monotonic()
    assert system.get(f"/images/{image_id}/objects").status_code == 200
    list_s = time.monotonic() - began
    began = time.monotonic()
    response = system.upload()
    assert response.status_code == 200, response.text
    return (
        f"zero after {zero_s:.0f} s; list {list_s:.1f} s; upload {time.monotonic() - began:.1f} s"
    )


@step("50 uploads from zero by 16 parallel clients; bucket and catalogue have each once")
def burst(system):
    before = bucket_and_catalogue(system)
    wait_for_zero()
    answers = upload_many(system, 50, 16)
    statuses = [answer.status_code for answer in answers]
    assert set(statuses) <= {200, 202} and statuses.count(200) >= 45, statuses
    assert len({answer.json()["image_id"] for answer in answers}) == 50
    after = bucket_and_catalogue(system)
    new_rows = {key for key, _ in after["rows"]} - {key for key, _ in before["rows"]}
    new_blobs = set(after["blobs"]) - set(before["blobs"])
    assert len(new_rows) == 50 and new_rows == new_blobs, (len(new_rows), len(new_blobs))
    return f"{statuses.count(200)} × 200, {statuses.count(202)} × 202, 50 rows, 50 blobs"


@step("everything at zero after the last request")
def zero(system):
    system.upload()
    took_s = wait_for_zero(90)
    assert not get("pods", "-l", ANSWERING_PODS, "--field-selector", "status.phase=Pending")[
        "items"
    ]
    assert took_s <= 60, f"{took_s:.0f} s"
    return f"{took_s:.0f} s"
