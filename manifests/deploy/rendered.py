"""Reads what `make render` wrote, for all scripts in this folder."""

import subprocess
from pathlib import Path
from typing import Any

import yaml

Document = dict[str, Any]
SERVING = "serving.knative.dev/v1"
EVENTING = "eventing.knative.dev/v1"
SOURCES = "sources.knative.dev/v1"


def read(path: str) -> list[Document]:
    """Return the documents of a YAML file."""
    return [document for document in yaml.safe_load_all(Path(path).read_text()) if document]


def of_kind(documents: list[Document], api_version: str, kind: str) -> list[Document]:
    """Return the documents of one kind."""
    return [each for each in documents if (each["apiVersion"], each["kind"]) == (api_version, kind)]


def name(document: Document) -> str:
    """Return a document's name."""
    return str(document["metadata"]["name"])


def namespace(document: Document) -> str:
    """Return a document's namespace, empty for the whole cluster."""
    return str(document["metadata"].get("namespace", ""))


def resource(document: Document) -> str:
    """Return kubectl's name of a kind, such as brokers.eventing.knative.dev."""
    group = document["apiVersion"].rpartition("/")[0]
    plural = f"{document['kind'].lower()}s"
    return f"{plural}.{group}" if group else plural


def asks_for_identity(value: Any) -> bool:
    """Return whether Eventing must send a token to a destination in a document."""
    if isinstance(value, list):
        return any(map(asks_for_identity, value))
    if not isinstance(value, dict):
        return False
    return ("ref" in value and "audience" in value) or any(map(asks_for_identity, value.values()))


def container(service: Document) -> Document:
    """Return the only container of a Knative Service."""
    found: Document = service["spec"]["template"]["spec"]["containers"][0]
    return found


def kubectl(*arguments: str) -> str | None:
    """Return kubectl's output, None if it failed."""
    done = subprocess.run(["kubectl", *arguments], capture_output=True, text=True)
    return done.stdout if done.returncode == 0 else None


def exists(document: Document) -> bool:
    """Return whether the cluster has this object."""
    found = kubectl("-n", namespace(document), "get", resource(document), name(document))
    return found is not None


def run(*command: str) -> None:
    """Print a command and run it. Raises subprocess.CalledProcessError."""
    print("$", " ".join(command), flush=True)
    subprocess.run(command, check=True)
