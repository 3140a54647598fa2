"""Reads what `make render` wrote, for all scripts in this folder."""

import subprocess
from pathlib import Path
from typing import Any

import yaml

Document = dict[str, Any]
SERVING, EVENTING, SOURCES = "serving.knative.dev/v1", "eventing.knative.dev/v1", "sources.knative.dev/v1"


def read(path: str) -> list[Document]:
    """Return the documents of a YAML file."""
    return [document for document in yaml.safe_load_all(Path(path).read_text()) if document]


def of_kind(documents: list[Document], api_version: str, kind: str) -> list[Document]:
    return [each for each in documents if (each["apiVersion"], each["kind"]) == (api_version, kind)]


def name(document: Document) -> str:
    return str(document["metadata"]["name"])


def container(service: Document) -> Document:
    """The one container of a Knative Service."""
    found: Document = service["spec"]["template"]["spec"]["containers"][0]
    return found


def kubectl(*arguments: str) -> str | None:
    """Return kubectl's output, None if it failed."""
    done = subprocess.run(["kubectl", *arguments], capture_output=True, text=True)
    return done.stdout if done.returncode == 0 else None


def run(*command: str) -> None:
    """Show a command and run it. Raises subprocess.CalledProcessError."""
    print("$", " ".join(command), flush=True)
    subprocess.run(command, check=True)
