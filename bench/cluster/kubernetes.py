"""The little that the cluster's bench asks of kubectl."""

import json
import subprocess
from typing import Any

SERVING = "services.serving.knative.dev"
SERVICE_PODS = "serving.knative.dev/service,serving.knative.dev/service!=repair"


def kubectl(*arguments: str, text: str | None = None) -> str:
    """Return kubectl's output. Raises SystemExit with what it says in failing."""
    done = subprocess.run(["kubectl", *arguments], capture_output=True, text=True, input=text)
    if done.returncode:
        raise SystemExit(f"kubectl {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout


def get_json(kind: str, name: str, *, namespace: str) -> Any:
    return json.loads(kubectl("-n", namespace, "get", kind, name, "-o", "json"))


def apply(text: str) -> None:
    kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", text=text)


def wait_until_ready(namespace: str) -> None:
    """Wait until every Knative Service of a namespace has been ready."""
    kubectl("-n", namespace, "wait", "--for=condition=Ready", "--timeout=180s", SERVING, "--all")


def live_pods(namespace: str) -> list[str]:
    """
    Names of the pods of Knative Services that are not going already.

    Without repair, which its PingSource calls whether anybody measures or not.
    """
    found = json.loads(kubectl("-n", namespace, "get", "pods", "-l", SERVICE_PODS, "-o", "json"))
    return [each["metadata"]["name"] for each in found["items"] if "deletionTimestamp" not in each["metadata"]]


def delete_namespace(namespace: str) -> None:
    kubectl("delete", "namespace", namespace, "--ignore-not-found", "--wait=false")
