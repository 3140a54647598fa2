"""Readers of rendered documents."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FUNCTIONS = sorted(path.parent.name for path in ROOT.glob("functions/*/main.py"))
SERVING = "serving.knative.dev/v1"


def of_kind(documents, kind, group=""):
    """Return the documents of a kind by name. The group is the first part of apiVersion."""
    return {
        each["metadata"]["name"]: each
        for each in documents
        if each["kind"] == kind and each["apiVersion"].rpartition("/")[0] == group
    }


def functions(documents):
    return of_kind(documents, "Service", "serving.knative.dev")


def template(service):
    return service["spec"]["template"]


def pod(service):
    return template(service)["spec"]


def container(service):
    [only] = pod(service)["containers"]
    return only


def annotation(service, key):
    return template(service)["metadata"]["annotations"][f"autoscaling.knative.dev/{key}"]


def pods(documents):
    """Yield name and PodSpec of each document that runs pods."""
    for each in documents:
        where = f"{each['kind']} {each['metadata']['name']}"
        if each["kind"] == "InferenceService":
            yield where, each["spec"]["predictor"]
        elif isinstance(each.get("spec", {}).get("template"), dict):
            yield where, each["spec"]["template"]["spec"]


def every_container(spec):
    """Return the containers of a PodSpec, those that run first among them."""
    return spec.get("initContainers", []) + spec["containers"]


def settings(documents):
    """Return the data of the ConfigMap that every function reads."""
    [found] = [
        each["data"]
        for name, each in of_kind(documents, "ConfigMap").items()
        if "CIRCLES_STORE" in each["data"]
    ]
    return found
