"""apply.py ALL.yaml: apply everything, bridge last: it is not ready before a SinkBinding tells it the Broker."""

import subprocess
import sys

import yaml

from rendered import SERVING, SOURCES, Document, name, of_kind, read

APPLY = ("kubectl", "apply", "--server-side", "--force-conflicts", "-f", "-")


def main() -> None:
    documents = read(sys.argv[1])
    last = [each for each in of_kind(documents, SERVING, "Service") if name(each) == "bridge"]
    try:
        apply([each for each in documents if each not in last])
        if last:
            for binding in of_kind(documents, SOURCES, "SinkBinding"):
                wait_for(binding)
            apply(last)
    except subprocess.CalledProcessError as error:
        sys.exit(f"deploy: {' '.join(error.cmd)} ended with {error.returncode}")


def apply(documents: list[Document]) -> None:
    subprocess.run(APPLY, input=yaml.safe_dump_all(documents), text=True, check=True)


def wait_for(binding: Document) -> None:
    namespace, what = binding["metadata"]["namespace"], f"sinkbindings.sources.knative.dev/{name(binding)}"
    command = ("kubectl", "-n", namespace, "wait", "--for=condition=Ready", "--timeout=120s", what)
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)


if __name__ == "__main__":
    main()
