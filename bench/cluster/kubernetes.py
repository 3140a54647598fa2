"""Run the few kubectl commands that the benchmark needs."""

import json
import subprocess
from typing import Any

SERVING = "services.serving.knative.dev"
SERVICE_PODS = "serving.knative.dev/service,serving.knative.dev/service!=repair"


def run_kubectl(*arguments: str, text: str | None = None) -> str:
    """Return the output of kubectl. Raises SystemExit with its error."""
    done = subprocess.run(["kubectl", *arguments], capture_output=True, text=True, input=text)
    if done.returncode:
        raise SystemExit(f"kubectl {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout


def get_json(kind: str, name: str, *, namespace: str) -> Any:
    return json.loads(run_kubectl("-n", namespace, "get", kind, name, "-o", "json"))


def apply(text: str) -> None:
    run_kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", text=text)


def wait_until_ready(namespace: str) -> None:
    """Wait until every Knative Service of a namespace is ready."""
    run_kubectl(
        "-n", namespace, "wait", "--for=condition=Ready", "--timeout=180s", SERVING, "--all"
    )


def list_live_pods(namespace: str) -> list[str]:
    """
    Return the names of the pods of Knative Services that are not terminating.

    repair is left out, because its PingSource calls it during a measurement, too.
    """
    found = json.loads(
        run_kubectl("-n", namespace, "get", "pods", "-l", SERVICE_PODS, "-o", "json")
    )
    return [
        each["metadata"]["name"]
        for each in found["items"]
        if "deletionTimestamp" not in each["metadata"]
    ]


def delete_namespace(namespace: str) -> None:
    run_kubectl("delete", "namespace", namespace, "--ignore-not-found", "--wait=false")
