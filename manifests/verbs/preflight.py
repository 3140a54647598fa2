"""preflight.py ALL.yaml OVERLAY: say what a cluster lacks, a sentence each, before anything is touched."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

NEEDED = {
    "services.serving.knative.dev": "Knative Serving is not installed (no CRD services.serving.knative.dev).",
    "inferenceservices.serving.kserve.io": "KServe is not installed (no CRD inferenceservices.serving.kserve.io).",
}
FLAGS = (
    "kubernetes.podspec-persistent-volume-claim",
    "kubernetes.podspec-persistent-volume-write",
    "kubernetes.podspec-securitycontext",
)
LOCAL_REGISTRIES = ("dev.local/", "kind.local/", "ko.local/")
"""Knative resolves no digest for images named so: a node must have them already (config-deployment)."""


def main() -> None:
    """Exit with 1 and every fault, or quietly with 0."""
    rendered, overlay = Path(sys.argv[1]), Path(sys.argv[2])
    if kubectl("version") is None:
        sys.exit("preflight: the cluster does not answer; is KUBECONFIG right?")
    faults = [sentence for crd, sentence in NEEDED.items() if kubectl("get", "crd", crd) is None]
    if kubectl("auth", "can-i", "create", "namespaces") is None:
        faults.append("You may not create namespaces here; ask for one called circles and for the right to fill it.")
    if not (overlay / "knative-features.yaml").exists():
        faults += missing_flags()
    faults += missing_images_after_a_while(rendered.read_text())
    for fault in faults:
        print(f"preflight: {fault}", file=sys.stderr)
    sys.exit(1 if faults else 0)


def kubectl(*arguments: str) -> str | None:
    """Return kubectl's output, None if it failed."""
    done = subprocess.run(["kubectl", *arguments], capture_output=True, text=True)
    return done.stdout if done.returncode == 0 else None


def missing_flags() -> list[str]:
    """Flags of Knative Serving that this overlay leaves to the cluster's owner."""
    found = kubectl("-n", "knative-serving", "get", "configmap", "config-features", "-o", "json")
    data: dict[str, Any] = json.loads(found or "{}").get("data") or {}
    return [
        f"Knative's flag {flag} is not enabled in ConfigMap config-features of namespace knative-serving."
        for flag in FLAGS
        if data.get(flag, "").lower() != "enabled"
    ]


def missing_images_after_a_while(rendered: str) -> list[str]:
    """A kubelet reports a new image within a minute."""
    deadline = time.monotonic() + 60
    while (faults := missing_images(rendered)) and time.monotonic() < deadline:
        time.sleep(2)
    return faults


def missing_images(rendered: str) -> list[str]:
    """Images that can only come from the nodes and are on none."""
    lines = (line.strip() for line in rendered.splitlines())
    wanted = {line.removeprefix("- ").removeprefix("image: ") for line in lines if "image: " in line}
    nodes = json.loads(kubectl("get", "nodes", "-o", "json") or '{"items": []}')["items"]
    there = {name for node in nodes for image in node["status"].get("images", []) for name in image["names"]}
    return [
        f"The image {name} is on no node: build it with make images."
        for name in sorted(wanted)
        if name.startswith(LOCAL_REGISTRIES) and name not in there
    ]


if __name__ == "__main__":
    main()
