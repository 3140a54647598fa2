"""
apply.py ALL.yaml: apply all documents, the bridge last.

The bridge is not ready before a SinkBinding gives it the Broker's address.
"""

import subprocess
import sys

import yaml

from rendered import SERVING, SOURCES, Document, name, namespace, of_kind, read, resource
from triggers import refuse_double_delivery

APPLY = ("kubectl", "apply", "--server-side", "--force-conflicts", "-f", "-")


def main() -> None:
    documents = read(sys.argv[1])
    refuse_double_delivery(documents)
    last = [each for each in of_kind(documents, SERVING, "Service") if name(each) == "bridge"]
    try:
        apply([each for each in documents if each not in last])
        wait_for_bindings(documents)
        apply(last)
    except subprocess.CalledProcessError as error:
        sys.exit(f"deploy: {' '.join(error.cmd)} ended with {error.returncode}")


def apply(documents: list[Document]) -> None:
    """Apply documents with kubectl, if there are any. Raises subprocess.CalledProcessError."""
    if documents:
        subprocess.run(APPLY, input=yaml.safe_dump_all(documents), text=True, check=True)


def wait_for_bindings(documents: list[Document]) -> None:
    """Wait until each SinkBinding knows its sink. Raises subprocess.CalledProcessError."""
    for binding in of_kind(documents, SOURCES, "SinkBinding"):
        what = f"{resource(binding)}/{name(binding)}"
        command = ("kubectl", "-n", namespace(binding), "wait", "--for=condition=Ready")
        subprocess.run((*command, "--timeout=120s", what), stdout=subprocess.DEVNULL, check=True)


if __name__ == "__main__":
    main()
