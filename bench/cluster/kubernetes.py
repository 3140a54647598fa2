"""The little that the cluster's bench asks of kubectl."""

import json
import subprocess
from typing import Any

SERVING = "services.serving.knative.dev"


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
    """Names of the pods of Knative Services, those that are going included."""
    found = kubectl("-n", namespace, "get", "pods", "-l", "serving.knative.dev/service", "-o", "name")
    return found.split()


def delete_namespace(namespace: str) -> None:
    kubectl("delete", "namespace", namespace, "--ignore-not-found", "--wait=false")
