"""preflight.py ALL.yaml OVERLAY: print what a cluster lacks, and change nothing."""

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rendered import (
    SERVING,
    Document,
    asks_for_identity,
    container,
    exists,
    kubectl,
    name,
    namespace,
    of_kind,
    read,
    resource,
)

PRODUCTS = {
    "serving.knative.dev": "Knative Serving",
    "eventing.knative.dev": "Knative Eventing",
    "sources.knative.dev": "Knative Eventing",
    "serving.kserve.io": "KServe",
}
LOCAL_REGISTRIES = ("dev.local/", "kind.local/", "ko.local/")
"""Images that must be on a node: Knative resolves no digest for them (config-deployment)."""

NO_DIGEST = "sha256:" + 64 * "0"
"""The placeholder of the production overlay."""

IMAGE_TIMEOUT_S = 60
"""A kubelet reports a new image within a minute."""


def main() -> None:
    """Print all problems and exit with 1, if there are any."""
    documents, overlay = read(sys.argv[1]), Path(sys.argv[2])
    if kubectl("version") is None:
        sys.exit("preflight: the cluster does not answer: is KUBECONFIG right?")
    problems = [
        *missing_products(documents),
        *missing_permissions(documents),
        *missing_secrets(documents),
        *missing_token(documents),
        *missing_flags(documents, overlay / "knative-features.yaml"),
        *missing_identity(documents),
        *wait_for_images(images(documents)),
    ]
    for problem in problems:
        print(f"preflight: {problem}", file=sys.stderr)
    sys.exit(1 if problems else 0)


def group_of(document: Document) -> str:
    """Return a document's API group, empty for the core group."""
    return str(document["apiVersion"].rpartition("/")[0])


def missing_products(documents: list[Document]) -> Iterator[str]:
    """Yield the products whose kinds the cluster does not know."""
    known = (kubectl("get", "crd", "-o", "name") or "").split()
    for what, group in sorted({(resource(each), group_of(each)) for each in documents}):
        crd = f"customresourcedefinition.apiextensions.k8s.io/{what}"
        if group in PRODUCTS and crd not in known:
            yield f"{PRODUCTS[group]} is not installed (no CRD {what})."


def missing_permissions(documents: list[Document]) -> Iterator[str]:
    """Yield the kinds that the user may not create."""
    wanted = {(each["kind"].lower(), group_of(each), namespace(each)) for each in documents}
    for kind, group, place in sorted(wanted):
        what = f"{kind}s.{group}" if group in PRODUCTS else kind
        if not may_create(what, place):
            where = f" in namespace {place}" if place else ""
            yield f"You may not create a {what}{where}: ask for the permission."


def may_create(what: str, place: str) -> bool:
    """Return whether the user may create this. An existing namespace counts."""
    where = ("-n", place) if place else ()
    if kubectl("auth", "can-i", "create", what, *where, "--quiet") is not None:
        return True
    return what == "namespace" and kubectl("get", "namespace", place) is not None


def missing_secrets(documents: list[Document]) -> Iterator[str]:
    """Yield Secrets that neither documents nor cluster have."""
    made = {name(each) for each in of_kind(documents, "v1", "Secret")}
    for service in of_kind(documents, SERVING, "Service"):
        place = namespace(service)
        for secret in sorted(secrets(container(service)) - made):
            if kubectl("-n", place, "get", "secret", secret) is None:
                made.add(secret)  # reported once
                yield f"The Secret {secret} is not in namespace {place}: create it."


def missing_token(documents: list[Document]) -> Iterator[str]:
    """Yield a sentence where an installation lets everybody in until now."""
    for service in of_kind(documents, SERVING, "Service"):
        place = namespace(service)
        if name(service) == "upload" and exists(service):
            if kubectl("-n", place, "get", "secret", "circles-admin") is None:
                yield (
                    f"The installation in namespace {place} answers everybody, and will ask every"
                    " client for a token: run make first-token, give your clients tokens, and"
                    " deploy again."
                )


def secrets(part: Document) -> set[str]:
    """Return the Secrets that a container's variables come from."""
    whole = {each["secretRef"]["name"] for each in part["envFrom"] if "secretRef" in each}
    single = {
        each["valueFrom"]["secretKeyRef"]["name"] for each in part["env"] if "valueFrom" in each
    }
    return whole | single


def missing_flags(documents: list[Document], overlay_flags: Path) -> Iterator[str]:
    """Yield needed flags of Knative Serving that are not enabled."""
    found = kubectl("-n", "knative-serving", "get", "configmap", "config-features", "-o", "json")
    data: dict[str, Any] = json.loads(found or "{}").get("data") or {}
    if overlay_flags.exists():
        data |= read(str(overlay_flags))[0]["data"]
    for flag in sorted(set(needed_flags(documents))):
        if data.get(flag, "").lower() != "enabled":
            yield (
                f"Knative's flag {flag} is not enabled in ConfigMap config-features of namespace"
                " knative-serving."
            )


def needed_flags(documents: list[Document]) -> Iterator[str]:
    """Yield the flags of Knative Serving that the documents need."""
    for service in of_kind(documents, SERVING, "Service"):
        spec = service["spec"]["template"]["spec"]
        if "securityContext" in spec:
            yield "kubernetes.podspec-securitycontext"
        if "affinity" in spec:
            yield "kubernetes.podspec-affinity"
        if any("persistentVolumeClaim" in volume for volume in spec["volumes"]):
            yield "kubernetes.podspec-persistent-volume-claim"
            yield "kubernetes.podspec-persistent-volume-write"


def missing_identity(documents: list[Document]) -> Iterator[str]:
    """Yield a sentence where Eventing would send no tokens, and functions would hear no event."""
    if not asks_for_identity(documents):
        return
    found = kubectl("-n", "knative-eventing", "get", "configmap", "config-features", "-o", "json")
    data: dict[str, Any] = json.loads(found or "{}").get("data") or {}
    if data.get("authentication-oidc", "").lower() != "enabled":
        yield (
            "Knative's flag authentication-oidc is not enabled in ConfigMap config-features of"
            " namespace knative-eventing: enable it, for all of the cluster, or leave"
            " components/event-senders out."
        )


def images(value: Any) -> set[str]:
    """Return all images that documents name."""
    if isinstance(value, list):
        return set().union(*map(images, value))
    if not isinstance(value, dict):
        return set()
    here = {value["image"]} if isinstance(value.get("image"), str) else set()
    return here.union(*map(images, value.values()))


def wait_for_images(wanted: set[str]) -> list[str]:
    """Return the problems with images that remain after IMAGE_TIMEOUT_S."""
    deadline = time.monotonic() + IMAGE_TIMEOUT_S
    while (problems := list(missing_images(wanted))) and time.monotonic() < deadline:
        if any(NO_DIGEST in problem for problem in problems):
            break
        time.sleep(2)
    return problems


def missing_images(wanted: set[str]) -> Iterator[str]:
    """Yield placeholders, and local images that are on no node."""
    nodes = json.loads(kubectl("get", "nodes", "-o", "json") or '{"items": []}')["items"]
    found = [image for node in nodes for image in node["status"].get("images", [])]
    present = {named for image in found for named in image["names"]}
    for image in sorted(wanted):
        if image.endswith(NO_DIGEST):
            yield f"The image {image} is a placeholder: put your image's digest into the overlay."
        elif image.startswith(LOCAL_REGISTRIES) and image not in present:
            yield f"The image {image} is on no node: build it with make images."


if __name__ == "__main__":
    main()
