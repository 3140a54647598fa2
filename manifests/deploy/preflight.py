"""preflight.py ALL.yaml OVERLAY: say what a cluster lacks, a sentence each, before anything is touched."""

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rendered import SERVING, Document, container, kubectl, name, of_kind, read

PRODUCTS = {
    "serving.knative.dev": "Knative Serving",
    "eventing.knative.dev": "Knative Eventing",
    "sources.knative.dev": "Knative Eventing",
    "serving.kserve.io": "KServe",
}
LOCAL_REGISTRIES = ("dev.local/", "kind.local/", "ko.local/")
"""Knative resolves no digest for images named so: a node must have them already (config-deployment)."""

NO_DIGEST = "sha256:" + 64 * "0"
"""What the production overlay holds until somebody fills it in."""


def main() -> None:
    """Exit with 1 and every fault, or quietly with 0."""
    documents, overlay = read(sys.argv[1]), Path(sys.argv[2])
    if kubectl("version") is None:
        sys.exit("preflight: the cluster does not answer; is KUBECONFIG right?")
    faults = [*missing_products(documents), *missing_rights(documents), *missing_secrets(documents)]
    faults += missing_flags(documents, overlay / "knative-features.yaml")
    faults += missing_images_after_a_while(images(documents))
    for fault in faults:
        print(f"preflight: {fault}", file=sys.stderr)
    sys.exit(1 if faults else 0)


def missing_products(documents: list[Document]) -> Iterator[str]:
    """Kinds that the cluster does not know."""
    known = (kubectl("get", "crd", "-o", "name") or "").split()
    for group, kind in sorted({(each["apiVersion"].partition("/")[0], each["kind"].lower()) for each in documents}):
        if group in PRODUCTS and f"customresourcedefinition.apiextensions.k8s.io/{kind}s.{group}" not in known:
            yield f"{PRODUCTS[group]} is not installed (no CRD {kind}s.{group})."


def missing_rights(documents: list[Document]) -> Iterator[str]:
    """Kinds that you may not make where they are meant to be; a group nobody has installed is another fault."""
    places = {(each["kind"].lower(), each["apiVersion"].rpartition("/")[0].partition("/")[0],
               each["metadata"].get("namespace", "")) for each in documents}  # fmt: skip
    for kind, group, namespace in sorted(places):
        if group in PRODUCTS:
            kind += f"s.{group}"
        where = ["-n", namespace] if namespace else []
        if kubectl("auth", "can-i", "create", kind, *where, "--quiet") is None and not exists(kind, namespace):
            yield f"You may not create a {kind}{f' in namespace {namespace}' if namespace else ''}; ask for the right."


def exists(kind: str, namespace: str) -> bool:
    """A namespace that somebody made for us needs no right to make one."""
    return kind == "namespace" and kubectl("get", "namespace", namespace) is not None


def missing_secrets(documents: list[Document]) -> Iterator[str]:
    """Secrets that functions read, that nobody has made and that are not among the documents."""
    made = {name(each) for each in of_kind(documents, "v1", "Secret")}
    for service in of_kind(documents, SERVING, "Service"):
        part, namespace = container(service), service["metadata"]["namespace"]
        named = {source["secretRef"]["name"] for source in part["envFrom"] if "secretRef" in source}
        named |= {each["valueFrom"]["secretKeyRef"]["name"] for each in part["env"] if "valueFrom" in each}
        for secret in sorted(named - made):
            if kubectl("-n", namespace, "get", "secret", secret) is None:
                made.add(secret)  # said once
                yield f"The Secret {secret} is not in namespace {namespace}; this overlay leaves it to you."


def missing_flags(documents: list[Document], brought: Path) -> list[str]:
    """Flags of Knative Serving that these documents need and that this overlay leaves to the cluster's owner."""
    found = kubectl("-n", "knative-serving", "get", "configmap", "config-features", "-o", "json")
    data: dict[str, Any] = json.loads(found or "{}").get("data") or {}
    if brought.exists():
        data |= read(str(brought))[0]["data"]
    return [
        f"Knative's flag {flag} is not enabled in ConfigMap config-features of namespace knative-serving."
        for flag in sorted(set(needed_flags(documents)))
        if data.get(flag, "").lower() != "enabled"
    ]


def needed_flags(documents: list[Document]) -> Iterator[str]:
    for service in of_kind(documents, SERVING, "Service"):
        spec = service["spec"]["template"]["spec"]
        if "securityContext" in spec:
            yield "kubernetes.podspec-securitycontext"
        if "affinity" in spec:
            yield "kubernetes.podspec-affinity"
        if any("persistentVolumeClaim" in volume for volume in spec["volumes"]):
            yield from ("kubernetes.podspec-persistent-volume-claim", "kubernetes.podspec-persistent-volume-write")


def images(value: Any) -> set[str]:
    """Every image that is named anywhere."""
    if isinstance(value, list):
        return set().union(*map(images, value))
    if not isinstance(value, dict):
        return set()
    here = {value["image"]} if isinstance(value.get("image"), str) else set()
    return here.union(*map(images, value.values()))


def missing_images_after_a_while(wanted: set[str]) -> list[str]:
    """A kubelet reports a new image within a minute."""
    deadline = time.monotonic() + 60
    while (faults := list(missing_images(wanted))) and time.monotonic() < deadline:
        if any(NO_DIGEST in fault for fault in faults):
            break
        time.sleep(2)
    return faults


def missing_images(wanted: set[str]) -> Iterator[str]:
    """Images that can only come from the nodes and are on none, and those that nobody has filled in."""
    nodes = json.loads(kubectl("get", "nodes", "-o", "json") or '{"items": []}')["items"]
    there = {named for node in nodes for image in node["status"].get("images", []) for named in image["names"]}
    for image in sorted(wanted):
        if image.endswith(NO_DIGEST):
            yield f"The image {image} is a placeholder: put the digest of yours into the overlay."
        elif image.startswith(LOCAL_REGISTRIES) and image not in there:
            yield f"The image {image} is on no node: build it with make images."


if __name__ == "__main__":
    main()
