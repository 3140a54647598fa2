"""Queries of the smoke test: pods, bucket and catalogue."""

import base64
import json
import subprocess
import time
from contextlib import contextmanager
from functools import cache

NAMESPACE = "circles"
SERVING = "services.serving.knative.dev"
ANSWERING_PODS = (
    "serving.knative.dev/service in"
    " (upload, list, detail, export, bridge, ingest, circles-predictor)"
)
"""All functions except repair, which its PingSource starts regularly."""

LOOK_INSIDE = """
import json, sqlite3
from circles.bootstrap import load_services
services = load_services()
prefixes = ("images/", services.settings.incoming_prefix)
blobs = [each.key for prefix in prefixes for each in services.store.list(prefix)]
database = sqlite3.connect(services.settings.catalogue_file)
rows = database.execute("SELECT key, status FROM images").fetchall()
print(json.dumps({"blobs": blobs, "rows": rows}))
"""
"""Runs in a pod of detail."""


def kubectl(*arguments: str, stdin: str | None = None) -> str:
    """Return kubectl's output. Raises RuntimeError with its error text."""
    done = subprocess.run(
        ["kubectl", "-n", NAMESPACE, *arguments], capture_output=True, text=True, input=stdin
    )
    if done.returncode:
        raise RuntimeError(f"kubectl {' '.join(arguments)[:200]}: {done.stderr.strip()[-600:]}")
    return done.stdout


def get(*arguments: str):
    """Return what `kubectl get` prints as JSON."""
    return json.loads(kubectl("get", *arguments, "-o", "json"))


def pods(selector: str, *, going: bool = False) -> list[str]:
    """Return the names of running pods. `going` includes those that are terminating."""
    items = get("pods", "-l", selector)["items"]
    return [
        each["metadata"]["name"]
        for each in items
        if going or "deletionTimestamp" not in each["metadata"]
    ]


def of_service(name: str) -> str:
    """Return the label selector of a Knative Service's pods."""
    return f"serving.knative.dev/service={name}"


def wait_until(what: str, condition, timeout_s: float) -> float:
    """Wait until condition() is true and return the seconds that passed."""
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > timeout_s:
            raise RuntimeError(f"{what}: not within {timeout_s:.0f} s")
        time.sleep(0.5)
    return time.monotonic() - began


def wait_for_zero(timeout_s: float = 150.0) -> float:
    """Wait until neither the predictor nor a function except repair runs."""
    return wait_until("scaled to zero", lambda: not pods(ANSWERING_PODS), timeout_s)


def bucket_and_catalogue(system) -> dict:
    """Return the bucket's keys, and key and status of each row."""
    system.get("/openapi.json")  # starts detail
    [pod, *_] = pods(of_service("detail"))
    command = ("--", "python", "-c", LOOK_INSIDE)
    return json.loads(kubectl("exec", pod, "-c", program(pod), *command))


def program(pod: str) -> str:
    """Return the name of a pod's own container. kn renames it."""
    names = [each["name"] for each in get("pod", pod)["spec"]["containers"]]
    [own] = [each for each in names if each != "queue-proxy"]
    return own


@cache
def first_token() -> str:
    """Return the token of the Secret that make deploy has created."""
    return base64.b64decode(get("secret", "circles-admin")["data"]["token"]).decode()


@contextmanager
def object_store():
    """Yield the URL of the cluster's object store through a port-forward."""
    command = ["kubectl", "-n", NAMESPACE, "port-forward", "service/minio", ":9000"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as forward:
        try:
            line = forward.stdout.readline()  # Forwarding from 127.0.0.1:40123 -> 9000
            yield f"http://127.0.0.1:{line.split(':')[1].split()[0]}"
        finally:
            forward.terminate()
