"""wait.py ALL.yaml: wait until everything is ready, a line each; say of what is not what the cluster says."""

import json
import subprocess
import sys
import time

from rendered import Document, kubectl, name, read

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
PATIENCE_S = 300


def main() -> None:
    deadline = time.monotonic() + PATIENCE_S
    for document in read(sys.argv[1]):
        if condition := CONDITIONS.get(qualified_kind(document)):
            wait_for(document, condition, max(deadline - time.monotonic(), 1))


def qualified_kind(document: Document) -> str:
    """Kind and group: there are Services of Kubernetes and of Knative."""
    group = document["apiVersion"].rpartition("/")[0]
    return document["kind"] if group in ("", "apps", "batch") else f"{document['kind']}.{group}"


def wait_for(document: Document, condition: str, timeout_s: float) -> None:
    """Wait for one condition; exit with the object's own words where it does not come."""
    kind, namespace = qualified_kind(document), document["metadata"]["namespace"]
    what = f"{kind.partition('.')[0].lower()} {name(document)}"
    wanted = condition if "=" in condition else f"condition={condition}"
    condition = condition if "=" not in condition else "Available"
    wait = ["kubectl", "-n", namespace, "wait", f"--for={wanted}", f"--timeout={timeout_s:.0f}s"]
    began = time.monotonic()
    done = subprocess.run([*wait, kind.lower(), name(document)], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{what} is not {condition}: {reason(kind, name(document), namespace) or done.stderr.strip()}")
    print(f"  {what} is {condition.lower()} ({time.monotonic() - began:.0f} s)", flush=True)


def reason(kind: str, named: str, namespace: str) -> str:
    """What its conditions that are not true say, and which volume is not bound: pods wait for it in silence."""
    found = json.loads(kubectl("-n", namespace, "get", kind.lower(), named, "-o", "json") or "{}")
    conditions = found.get("status", {}).get("conditions", [])
    said = {each.get("message") or each["type"] for each in conditions if each["status"] != "True"}
    claims = json.loads(kubectl("-n", namespace, "get", "persistentvolumeclaims", "-o", "json") or '{"items": []}')
    said |= {f"the volume claim {name(each)} is {each['status']['phase']}, not Bound" for each in claims["items"]
             if each["status"]["phase"] != "Bound"}  # fmt: skip
    return "; ".join(sorted(said))


if __name__ == "__main__":
    main()
