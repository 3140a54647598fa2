"""wait.py ALL.yaml: wait until all documents are ready."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator

from rendered import Document, kubectl, name, namespace, read

CONDITIONS = {
    "Deployment": "Available",
    "StatefulSet": "jsonpath={.status.availableReplicas}=1",
    "Job": "Complete",
    "Service.serving.knative.dev": "Ready",
    "InferenceService.serving.kserve.io": "Ready",
    "Broker.eventing.knative.dev": "Ready",
    "Trigger.eventing.knative.dev": "Ready",
    "PingSource.sources.knative.dev": "Ready",
    "SinkBinding.sources.knative.dev": "Ready",
}
TIMEOUT_S = 300


def main() -> None:
    deadline = time.monotonic() + TIMEOUT_S
    for document in read(sys.argv[1]):
        if condition := CONDITIONS.get(qualified_kind(document)):
            wait_for(document, condition, max(deadline - time.monotonic(), 1))


def qualified_kind(document: Document) -> str:
    """Return kind and group, because Kubernetes and Knative both have Services."""
    group = document["apiVersion"].rpartition("/")[0]
    return document["kind"] if group in ("", "apps", "batch") else f"{document['kind']}.{group}"


def wait_for(document: Document, condition: str, timeout_s: float) -> None:
    """Wait for one condition, or exit with the object's own message."""
    kind = qualified_kind(document)
    what = f"{kind.partition('.')[0].lower()} {name(document)}"
    wanted = condition if "=" in condition else f"condition={condition}"
    condition = condition if "=" not in condition else "Available"
    wait = ("kubectl", "-n", namespace(document), "wait", f"--for={wanted}")
    began = time.monotonic()
    done = subprocess.run(
        [*wait, f"--timeout={timeout_s:.0f}s", kind.lower(), name(document)],
        capture_output=True,
        text=True,
    )
    if done.returncode:
        reason = "; ".join(sorted(set(reasons(kind, document)))) or done.stderr.strip()
        sys.exit(f"{what} is not {condition}: {reason}")
    print(f"  {what} is {condition.lower()} ({time.monotonic() - began:.0f} s)", flush=True)


def reasons(kind: str, document: Document) -> Iterator[str]:
    """
    Yield why an object is not ready.

    These are the messages of conditions that are not true, and the claims that are not bound: a pod
    that waits for its volume does not say so in a condition.
    """
    found = get(document, kind.lower(), name(document))
    for condition in found.get("status", {}).get("conditions", []):
        if condition["status"] != "True":
            yield condition.get("message") or condition["type"]
    for claim in get(document, "persistentvolumeclaims").get("items", []):
        if claim["status"]["phase"] != "Bound":
            yield f"the volume claim {name(claim)} is {claim['status']['phase']}, not Bound"


def get(document: Document, *what: str) -> Document:
    """Return what kubectl gets, empty if it fails."""
    found: Document = json.loads(
        kubectl("-n", namespace(document), "get", *what, "-o", "json") or "{}"
    )
    return found


if __name__ == "__main__":
    main()
