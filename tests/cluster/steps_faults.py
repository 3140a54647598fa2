"""Operator errors: each is reported, answered, and repaired without loss."""

import json
import time
from contextlib import contextmanager

from steps import step

from cluster import SERVING, get, kubectl, of_service, pods, program, wait_until

CONTAINER = "/spec/template/spec/containers/0"


@step("the predictor is deleted: 202 and pending; once it is back, repair detects")
def no_predictor(system):
    service = get("inferenceservices", "circles")
    kubectl("delete", "inferenceservice", "circles")
    wait_until("predictor gone", lambda: not pods(of_service("circles-predictor"), going=True), 120)
    try:
        answer = system.upload()
        assert answer.status_code == 202 and answer.json()["status"] == "pending", answer.text
    finally:
        kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=bare(service))
        kubectl("wait", "--for=condition=Ready", "--timeout=180s", "inferenceservice", "circles")
    took_s = wait_until(
        "detected by repair", lambda: status(system, answer.json()["image_id"]) == "detected", 300
    )
    return f"202, detected {took_s:.0f} s after the predictor was back"


@step("the predictor starts after the deadline: 202 and pending; repair detects")
def slow_predictor(system):
    with changed("upload", {"name": "CIRCLES_PREDICTOR_TIMEOUT_S", "value": "0.3"}):
        kubectl("wait", "--for=condition=Ready", "--timeout=120s", SERVING, "upload")
        wait_until("predictor at zero", lambda: not pods(of_service("circles-predictor")), 120)
        answer = system.upload()
        assert answer.status_code == 202 and answer.json()["status"] == "pending", answer.text
    took_s = wait_until(
        "detected by repair", lambda: status(system, answer.json()["image_id"]) == "detected", 400
    )
    return f"202, detected after {took_s:.0f} s"


def status(system, image_id: str) -> str:
    """Return an image's status."""
    return system.get(f"/images/{image_id}").json().get("status", "")


def bare(document) -> str:
    """Return an object as JSON that can be applied again."""
    kept = {
        key: document["metadata"].get(key) for key in ("name", "namespace", "labels", "annotations")
    }
    return json.dumps({**document, "metadata": kept, "status": None})


@step("a revision with wrong S3 credentials is not ready; the previous one serves")
def wrong_credentials(system):
    before = get(SERVING, "upload")["status"]["latestReadyRevisionName"]
    with changed("upload", {"name": "CIRCLES_S3_SECRET_KEY", "value": "wrong-on-purpose"}):
        wait_until(
            "the new revision's pod",
            lambda: pods(f"serving.knative.dev/revision={newest('upload')}"),
            60,
        )
        time.sleep(8)
        latest = get(SERVING, "upload")["status"]
        assert latest["latestReadyRevisionName"] == before, latest
        [pod, *_] = pods(f"serving.knative.dev/revision={newest('upload')}")
        log = kubectl("logs", pod, "-c", program(pod))
        assert "object store" in log, log
        assert "wrong-on-purpose" not in log
        answer = system.upload()
        assert answer.status_code == 200, answer.text
    return "not ready, the log gives the reason; uploads continued"


@contextmanager
def changed(function: str, variable: dict):
    """Set a variable of a function within the context."""
    part = get(SERVING, function)["spec"]["template"]["spec"]["containers"][0]
    patch(
        function,
        [{"op": "replace", "path": CONTAINER, "value": {**part, "env": [*part["env"], variable]}}],
    )
    try:
        yield
    finally:
        patch(function, [{"op": "replace", "path": CONTAINER, "value": part}])
        kubectl("wait", "--for=condition=Ready", "--timeout=120s", SERVING, function)


def newest(function: str) -> str:
    """Return the name of the latest revision."""
    return get(SERVING, function)["status"]["latestCreatedRevisionName"]


def patch(function: str, operations) -> None:
    """Apply a JSON patch to a Knative Service."""
    kubectl("patch", SERVING, function, "--type", "json", "-p", json.dumps(operations))
