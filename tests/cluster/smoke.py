"""
make smoke: the deployed system on a real cluster, whatever KUBECONFIG points at, from the first photo to killed pods.

Needs an overlay that `make deploy` has applied. Every step prints a line while it runs; a table stands at the end.
"""

import subprocess
import sys
import time
from io import BytesIO

import requests
from PIL import Image
from skimage import data

from cluster import Load, kubectl, pods, upload, upload_many, wait_for_zero, wait_until

rows: list[tuple[str, str]] = []


def step(name: str):
    """Register a step, in the order of this file."""

    def register(check):
        STEPS.append((name, check))
        return check

    return register


STEPS: list = []


@step("server-side dry run of what is deployed")
def dry_run(gateway, picture):
    rendered = subprocess.run(["kubectl", "kustomize", ".work/deploy"], capture_output=True, text=True, check=True)
    kubectl("apply", "--server-side", "--force-conflicts", "--dry-run=server", "-f", "-", stdin=rendered.stdout)
    return "accepted"


@step("a photo through the gateway")
def photo(gateway, picture):
    record = upload(gateway, picture).json()
    assert record["status"] == "detected" and record["object_count"] > 15, record
    objects = requests.get(f"{gateway}/images/{record['image_id']}/objects", timeout=90).json()
    path = f"/images/{record['image_id']}/objects/{objects[0]['object_id']}"
    one = requests.get(gateway + path, timeout=90).json()
    assert one["bbox"] == objects[0]["bbox"] and one["radius"] > 10, one
    content = requests.get(f"{gateway}/images/{record['image_id']}/content", timeout=90).content
    assert content == picture
    return f"{record['object_count']} objects, content byte for byte"


@step("from zero: list, then upload with the predictor at zero too")
def from_zero(gateway, picture):
    image_id = upload(gateway, picture).json()["image_id"]
    zero_s = wait_for_zero()
    began = time.monotonic()
    assert requests.get(f"{gateway}/images/{image_id}/objects", timeout=90).status_code == 200
    list_s = time.monotonic() - began
    began = time.monotonic()
    response = upload(gateway, picture)
    assert response.status_code == 200, response.text
    return f"zero after {zero_s:.0f} s; list {list_s:.1f} s; upload {time.monotonic() - began:.1f} s"


@step("50 uploads at once from zero, 16 clients")
def burst(gateway, picture):
    wait_for_zero()
    answers = upload_many(gateway, picture, 50, 16)
    statuses = [answer.status_code for answer in answers]
    assert set(statuses) <= {200, 202} and statuses.count(200) >= 45, statuses
    ids = {answer.json()["image_id"] for answer in answers}
    assert len(ids) == 50
    for image_id in ids:
        assert requests.get(f"{gateway}/images/{image_id}", timeout=90).status_code == 200
    return f"{statuses.count(200)} × 200, {statuses.count(202)} × 202, 50 images"


@step("rollout of each function at 20 requests a second")
def rollout(gateway, picture):
    image_id = upload(gateway, picture).json()["image_id"]
    calls = {
        "list": lambda: requests.get(f"{gateway}/images/{image_id}/objects", timeout=90),
        "detail": lambda: requests.get(f"{gateway}/images/{image_id}", timeout=90),
        "upload": lambda: upload(gateway, picture),
    }
    said = []
    for function, call in calls.items():
        with Load(call, 20 if function != "upload" else 5) as load:
            time.sleep(3)
            roll_out(function)
            time.sleep(3)
        assert set(load.results) <= {"200", "202"}, (function, load.results)
        said.append(f"{function} {sum(load.results.values())}")
    return "0 failed of " + ", ".join(said)


def roll_out(function: str) -> None:
    """Make a new revision by an annotation and wait until all traffic goes to it."""
    annotation = f'{{"spec":{{"template":{{"metadata":{{"annotations":{{"smoke":"{time.time_ns()}"}}}}}}}}}}'
    service = f"services.serving.knative.dev/{function}"
    before = kubectl("get", service, "-o", "jsonpath={.status.latestReadyRevisionName}")
    kubectl("patch", service, "--type", "merge", "-p", annotation)
    ready = ["get", service, "-o", "jsonpath={.status.latestReadyRevisionName}"]
    wait_until(f"new revision of {function}", lambda: kubectl(*ready) != before, 120)


@step("pods of upload, predictor and MinIO deleted under load")
def killed(gateway, picture):
    with Load(lambda: upload(gateway, picture), 3) as load:
        for selector in (
            "serving.knative.dev/service=upload",
            "serving.knative.dev/service=circles-predictor",
            "app=minio",
        ):
            time.sleep(4)
            for name in pods(selector)[:1]:
                kubectl("delete", "pod", name, "--wait=false", "--grace-period=1")
        time.sleep(8)
    assert set(load.results) <= {"200", "202", "503"}, load.results
    for image_id in load.accepted:
        response = requests.get(f"{gateway}/images/{image_id}/content", timeout=90)
        assert response.content == picture, (image_id, response.status_code)
    return ", ".join(f"{count} × {status}" for status, count in sorted(load.results.items())) + "; none lost"


def coins() -> bytes:
    """scikit-image's photograph of 24 coins, as PNG."""
    encoded = BytesIO()
    Image.fromarray(data.coins()).save(encoded, "PNG")
    return encoded.getvalue()


def main() -> None:
    gateway, picture, failed = sys.argv[1].rstrip("/"), coins(), 0
    for name, check in STEPS:
        print(f"… {name}", flush=True)
        began = time.monotonic()
        try:
            said = check(gateway, picture)
        except (AssertionError, RuntimeError, requests.RequestException) as error:
            failed, said = failed + 1, f"FAILED: {error!r}"[:600]
        rows.append((name, f"{said} ({time.monotonic() - began:.0f} s)"))
        print(f"  {said}", flush=True)
    width = max(len(name) for name, _ in rows)
    print("\n" + "\n".join(f"{name:<{width}}  {said}" for name, said in rows))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
