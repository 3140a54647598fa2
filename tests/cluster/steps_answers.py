"""The deployed system answers: warm, from zero, to many at once."""

import subprocess
import time

import requests
from load import upload, upload_many
from steps import step

from cluster import ANSWERING_PODS, bucket_and_catalogue, get, kubectl, wait_for_zero


@step("server-side dry run of what is deployed")
def dry_run(system):
    rendered = subprocess.run(["kubectl", "kustomize", ".work/deploy"], capture_output=True, text=True, check=True)
    kubectl("apply", "--server-side", "--force-conflicts", "--dry-run=server", "-f", "-", stdin=rendered.stdout)
    return "accepted"


@step("every pod is admitted under restricted")
def restricted(system):
    labels = get("namespace", "circles")["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted", labels
    refused = [each["message"] for each in get("events")["items"] if "violates PodSecurity" in each.get("message", "")]
    assert not refused, refused
    return f"{len(get('pods')['items'])} pods now, none was refused"


@step("a photo through the gateway")
def photo(system):
    record = upload(system.gateway, system.picture).json()
    assert record["status"] == "detected" and record["object_count"] > 15, record
    objects = requests.get(f"{system.gateway}/images/{record['image_id']}/objects", timeout=90).json()
    path = f"/images/{record['image_id']}/objects/{objects[0]['object_id']}"
    one = requests.get(system.gateway + path, timeout=90).json()
    assert one["bbox"] == objects[0]["bbox"] and one["radius"] > 10, one
    content = requests.get(f"{system.gateway}/images/{record['image_id']}/content", timeout=90).content
    assert content == system.picture
    newest = requests.get(f"{system.gateway}/images/?limit=1", timeout=90).json()["images"]
    assert [each["image_id"] for each in newest] == [record["image_id"]], newest
    return f"{record['object_count']} objects, content byte for byte"


@step("the same through each function's own Knative route; a host that no route knows is 404")
def routes(system):
    sent = system.ask_route(
        "upload", "/images/", method="POST", data=system.picture, headers={"Content-Type": "image/png"}
    )
    assert sent.status_code == 200, sent.text
    image_id = sent.json()["image_id"]
    objects = system.ask_route("list", f"/images/{image_id}/objects")
    assert len(objects.json()) == sent.json()["object_count"]
    assert system.ask_route("detail", f"/images/{image_id}/content").content == system.picture
    unknown = requests.get(
        (system.ingress or system.gateway) + "/images/", headers={"Host": "nobody.circles.example.com"}, timeout=30
    )
    assert not system.ingress or unknown.status_code == 404, unknown.status_code
    return f"{len(objects.json())} objects"


@step("from zero: list, then upload with the predictor at zero too")
def from_zero(system):
    image_id = upload(system.gateway, system.picture).json()["image_id"]
    zero_s = wait_for_zero()
    began = time.monotonic()
    assert requests.get(f"{system.gateway}/images/{image_id}/objects", timeout=90).status_code == 200
    list_s = time.monotonic() - began
    began = time.monotonic()
    response = upload(system.gateway, system.picture)
    assert response.status_code == 200, response.text
    return f"zero after {zero_s:.0f} s; list {list_s:.1f} s; upload {time.monotonic() - began:.1f} s"


@step("50 uploads at once from zero, 16 clients; bucket and catalogue hold each once")
def burst(system):
    before = bucket_and_catalogue(system.gateway)
    wait_for_zero()
    answers = upload_many(system.gateway, system.picture, 50, 16)
    statuses = [answer.status_code for answer in answers]
    assert set(statuses) <= {200, 202} and statuses.count(200) >= 45, statuses
    assert len({answer.json()["image_id"] for answer in answers}) == 50
    after = bucket_and_catalogue(system.gateway)
    new_rows = {key for key, _ in after["rows"]} - {key for key, _ in before["rows"]}
    new_blobs = set(after["blobs"]) - set(before["blobs"])
    assert len(new_rows) == 50 and new_rows == new_blobs, (len(new_rows), len(new_blobs))
    return f"{statuses.count(200)} × 200, {statuses.count(202)} × 202, 50 rows, 50 blobs"


@step("everything at zero after the last request")
def zero(system):
    upload(system.gateway, system.picture)
    took_s = wait_for_zero(90)
    assert not get("pods", "-l", ANSWERING_PODS, "--field-selector", "status.phase=Pending")["items"]
    assert took_s <= 60, f"{took_s:.0f} s"
    return f"{took_s:.0f} s"
