"""kn.py ALL.yaml FOLDER: deploy functions, broker, triggers and sources with the kn CLI, from what was rendered."""

import subprocess
import sys
from pathlib import Path

import yaml

from rendered import EVENTING, SERVING, SOURCES, Document, kubectl, name, of_kind, read, run

OBJECT_CREATED = ("Put", "Post", "Copy", "CompleteMultipartUpload")


def main() -> None:
    documents, folder = read(sys.argv[1]), Path(sys.argv[2])
    try:
        for service in of_kind(documents, SERVING, "Service"):
            path = folder / f"{name(service)}.yaml"  # kn reads only the first document of a file
            path.write_text(yaml.safe_dump(service))
            run("kn", "service", "apply", name(service), *within(service), "-f", str(path))
        for broker in of_kind(documents, EVENTING, "Broker"):
            create("brokers.eventing.knative.dev", broker, "kn", "broker", "create", name(broker), *delivery(broker))
        for trigger in of_kind(documents, EVENTING, "Trigger"):
            create_triggers(trigger)
        for source in of_kind(documents, SOURCES, "PingSource"):
            spec = source["spec"]
            create("pingsources.sources.knative.dev", source, "kn", "source", "ping", "create", name(source),
                   "--schedule", spec["schedule"], "--data", spec["data"], "--sink", sink(spec["sink"]))  # fmt: skip
        for binding in of_kind(documents, SOURCES, "SinkBinding"):
            create("sinkbindings.sources.knative.dev", binding, "kn", "source", "binding", "create", name(binding),
                   "--subject", subject(binding), "--sink", sink(binding["spec"]["sink"]))  # fmt: skip
    except subprocess.CalledProcessError as error:
        sys.exit(f"deploy-kn: {' '.join(error.cmd)} ended with {error.returncode}")


def create(resource: str, document: Document, *command: str) -> None:
    """Run a kn create, unless the thing is there: kn has no apply for it."""
    if (
        kubectl("-n", document["metadata"]["namespace"], "get", resource, command[command.index("create") + 1])
        is not None
    ):
        print(f"  {name(document)} is there", flush=True)
    else:
        run(*command, *within(document))


def create_triggers(trigger: Document) -> None:
    """
    One trigger a type, because kn filters by exact match only; retries and dead letters are the broker's.

    Where `make deploy` made the Trigger already, there is nothing to do: two would deliver twice.
    """
    if (
        kubectl("-n", trigger["metadata"]["namespace"], "get", "triggers.eventing.knative.dev", name(trigger))
        is not None
    ):
        print(f"  {name(trigger)} is there", flush=True)
        return
    for how in OBJECT_CREATED:
        kind = f"com.amazonaws.s3.ObjectCreated:{how}"
        named = f"{name(trigger)}-{how.lower()}"
        create("triggers.eventing.knative.dev", trigger, "kn", "trigger", "create", named,
               "--broker", trigger["spec"]["broker"], "--filter", f"type={kind}",
               "--sink", sink(trigger["spec"]["subscriber"]))  # fmt: skip


def within(document: Document) -> list[str]:
    return ["--namespace", document["metadata"]["namespace"]]


def delivery(broker: Document) -> list[str]:
    given = broker["spec"]["delivery"]
    return ["--retry", str(given["retry"]), "--backoff-policy", given["backoffPolicy"], "--backoff-delay",
            given["backoffDelay"], "--timeout", given["timeout"],
            "--dl-sink", sink(given["deadLetterSink"])]  # fmt: skip


def sink(destination: Document) -> str:
    """A sink as kn names it."""
    reference = destination["ref"]
    return f"{'ksvc' if reference['kind'] == 'Service' else reference['kind'].lower()}:{reference['name']}"


def subject(binding: Document) -> str:
    """A SinkBinding's subject as kn names it: kind:apiVersion:label=value."""
    found = binding["spec"]["subject"]
    labels = ",".join(f"{key}={value}" for key, value in found["selector"]["matchLabels"].items())
    return f"{found['kind']}:{found['apiVersion']}:{labels}"


if __name__ == "__main__":
    main()
