"""
kn.py ALL.yaml FOLDER: deploy with kn.

Only what kn cannot express is applied with kubectl. Writes FOLDER/kn.yaml, the documents as they
were deployed.
"""

import subprocess
import sys
from pathlib import Path

import yaml

from apply import apply, wait_for_bindings
from rendered import (
    EVENTING,
    SERVING,
    SOURCES,
    Document,
    asks_for_identity,
    exists,
    name,
    namespace,
    of_kind,
    read,
    run,
)
from triggers import exact, refuse_double_delivery

KN_TRIGGER = (EVENTING, "Trigger")
KN_KINDS = (
    (SERVING, "Service"),
    (EVENTING, "Broker"),
    KN_TRIGGER,
    (SOURCES, "PingSource"),
    (SOURCES, "SinkBinding"),
)


def main() -> None:
    folder = Path(sys.argv[2])
    documents = with_exact_triggers(read(sys.argv[1]))
    (folder / "kn.yaml").write_text(yaml.safe_dump_all(documents))
    try:
        deploy(documents, folder)
    except subprocess.CalledProcessError as error:
        sys.exit(f"deploy-kn: {' '.join(error.cmd)} ended with {error.returncode}")


def for_kn(documents: list[Document], kind: tuple[str, str]) -> list[Document]:
    """Return the documents of a kind that kn can express. It knows no audience."""
    return [each for each in of_kind(documents, *kind) if not asks_for_identity(each)]


def with_exact_triggers(documents: list[Document]) -> list[Document]:
    """Return the documents with kn's Triggers. A Trigger of `make deploy` is kept."""
    triggers = [each for each in for_kn(documents, KN_TRIGGER) if not exists(each)]
    rest = [each for each in documents if each not in triggers]
    return rest + [made for trigger in triggers for made in exact(trigger)]


def deploy(documents: list[Document], folder: Path) -> None:
    """Deploy in the order of need. The bridge needs the SinkBinding."""
    known = [each for kind in KN_KINDS for each in for_kn(documents, kind)]
    beyond = [each for each in documents if each not in known]
    refuse_double_delivery(beyond)
    apply([each for each in beyond if "knative.dev" not in each["apiVersion"]])
    services = of_kind(documents, SERVING, "Service")
    for service in services:
        if name(service) != "bridge":
            apply_service(service, folder)
    apply([each for each in beyond if "knative.dev" in each["apiVersion"]])
    for broker in for_kn(documents, (EVENTING, "Broker")):
        put(broker, ("kn", "broker"), *delivery(broker))
    for binding in of_kind(documents, SOURCES, "SinkBinding"):
        sent_to = sink(binding["spec"]["sink"])
        put(binding, ("kn", "source", "binding"), "--subject", subject(binding), "--sink", sent_to)
    wait_for_bindings(documents)
    for service in services:
        if name(service) == "bridge":
            apply_service(service, folder)
    for trigger in for_kn(documents, KN_TRIGGER):
        put_trigger(trigger)
    for source in for_kn(documents, (SOURCES, "PingSource")):
        spec = source["spec"]
        what = ("--schedule", spec["schedule"], "--data", spec["data"])
        put(source, ("kn", "source", "ping"), *what, "--sink", sink(spec["sink"]))


def apply_service(service: Document, folder: Path) -> None:
    """Apply a Knative Service. kn reads only the first document of a file."""
    path = folder / f"{name(service)}.yaml"
    path.write_text(yaml.safe_dump(service))
    run("kn", "service", "apply", name(service), *within(service), "-f", str(path), "--no-wait")


def put(document: Document, command: tuple[str, ...], *options: str) -> None:
    """Create or update an object. kn cannot apply it."""
    verb = "update" if exists(document) else "create"
    run(*command, verb, name(document), *options, *within(document))


def put_trigger(trigger: Document) -> None:
    """Create or update a Trigger. One of `make deploy` stays as it is."""
    if "filters" in trigger["spec"]:
        print(f"  the Trigger {name(trigger)} of make deploy stays", flush=True)
        return
    filters = trigger["spec"]["filter"]["attributes"].items()
    options = [text for key, value in filters for text in ("--filter", f"{key}={value}")]
    if not exists(trigger):  # kn cannot move a Trigger to another broker
        options += ["--broker", trigger["spec"]["broker"]]
    put(trigger, ("kn", "trigger"), *options, "--sink", sink(trigger["spec"]["subscriber"]))


def within(document: Document) -> list[str]:
    """Return kn's option for a document's namespace."""
    return ["--namespace", namespace(document)]


def delivery(broker: Document) -> list[str]:
    """Return kn's options for a Broker's delivery."""
    given = broker["spec"]["delivery"]
    options = {
        "--retry": str(given["retry"]),
        "--backoff-policy": given["backoffPolicy"],
        "--backoff-delay": given["backoffDelay"],
        "--timeout": given["timeout"],
        "--dl-sink": sink(given["deadLetterSink"]),
    }
    return [text for option in options.items() for text in option]


def sink(destination: Document) -> str:
    """Return a sink in kn's notation."""
    reference = destination["ref"]
    kind = reference["kind"]
    return f"{'ksvc' if kind == 'Service' else kind.lower()}:{reference['name']}"


def subject(binding: Document) -> str:
    """Return a SinkBinding's subject in kn's notation, kind:apiVersion:label=value."""
    found = binding["spec"]["subject"]
    labels = ",".join(f"{key}={value}" for key, value in found["selector"]["matchLabels"].items())
    return f"{found['kind']}:{found['apiVersion']}:{labels}"


if __name__ == "__main__":
    main()
