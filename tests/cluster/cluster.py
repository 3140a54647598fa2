"""What the smoke test asks of a cluster: kubectl, pods, and what lies in bucket and catalogue."""

import json
import subprocess
import time
from contextlib import contextmanager

import requests

NAMESPACE = "circles"
SERVING = "services.serving.knative.dev"
ANSWERING_PODS = "serving.knative.dev/service in (upload, list, detail, bridge, ingest, circles-predictor)"
"""All but repair, which its PingSource wakes whether somebody calls or not."""

LOOK_INSIDE = """
import json
from circles.bootstrap import load_services
services = load_services()
held = [each.key for prefix in ("images/", services.settings.incoming_prefix) for each in services.store.list(prefix)]
import sqlite3
rows = sqlite3.connect(services.settings.catalogue_file).execute("SELECT key, status FROM images").fetchall()
print(json.dumps({"blobs": held, "rows": rows}))
"""


def kubectl(*arguments: str, stdin: str | None = None) -> str:
    """Return kubectl's output; what it says in failing becomes the exception's text."""
    done = subprocess.run(["kubectl", "-n", NAMESPACE, *arguments], capture_output=True, text=True, input=stdin)
    if done.returncode:
        raise RuntimeError(f"kubectl {' '.join(arguments)[:200]}: {done.stderr.strip()}")
    return done.stdout


def get(*arguments: str):
    return json.loads(kubectl("get", *arguments, "-o", "json"))


def pods(selector: str, *, going: bool = False) -> list[str]:
    """Names of the pods that live; with going, also of those that are ending."""
    items = get("pods", "-l", selector)["items"]
    return [each["metadata"]["name"] for each in items if going or "deletionTimestamp" not in each["metadata"]]


def of_service(name: str) -> str:
    return f"serving.knative.dev/service={name}"


def wait_until(what: str, condition, timeout_s: float) -> float:
    """Wait for condition() to be true and return the seconds that took."""
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > timeout_s:
            raise RuntimeError(f"{what}: not within {timeout_s:.0f} s")
        time.sleep(0.5)
    return time.monotonic() - began


def wait_for_zero(timeout_s: float = 150.0) -> float:
    """Wait until no function that answers and no predictor runs."""
    return wait_until("scaled to zero", lambda: not pods(ANSWERING_PODS), timeout_s)


def bucket_and_catalogue(gateway: str) -> dict:
    """Keys in the bucket, and key and status of every row, as a pod of detail sees them."""
    requests.get(f"{gateway}/openapi.json", timeout=90)  # wakes detail
    [pod, *_] = pods(of_service("detail"))
    return json.loads(kubectl("exec", pod, "-c", "function", "--", "python", "-c", LOOK_INSIDE))


@contextmanager
def object_store():
    """The address of the cluster's own object store on this machine, while it lasts."""
    command = ["kubectl", "-n", NAMESPACE, "port-forward", "service/minio", ":9000"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as forward:
        try:
            line = forward.stdout.readline()  # Forwarding from 127.0.0.1:40123 -> 9000
            yield f"http://127.0.0.1:{line.split(':')[1].split()[0]}"
        finally:
            forward.terminate()
