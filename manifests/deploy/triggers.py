"""Triggers in two forms: by prefix, or by event type for kn."""

import copy
import sys
from collections.abc import Iterator

from rendered import EVENTING, Document, exists, name, of_kind

OBJECT_CREATED = ("Put", "Post", "Copy", "CompleteMultipartUpload")
"""The S3 events of new content, which the bridge and Ceph send."""


def exact(trigger: Document) -> Iterator[Document]:
    """
    Yield a Trigger for each event type.

    kn can only filter by exact match, and cannot set retries and dead letters: the Broker's apply.
    The prefix of the subject is dropped. The bridge sends no other events, and ingest refuses them.
    """
    for prefix in type_prefixes(trigger["spec"]["filters"]):
        source = "" if prefix.startswith("com.amazonaws.s3.") else "-ceph"
        for how in OBJECT_CREATED:
            made = copy.deepcopy(trigger)
            made["metadata"]["name"] = f"{name(trigger)}{source}-{how.lower()}"
            made["spec"] = {key: trigger["spec"][key] for key in ("broker", "subscriber")}
            made["spec"]["filter"] = {"attributes": {"type": f"{prefix}{how}"}}
            yield made


def type_prefixes(filters: list[Document]) -> Iterator[str]:
    """Yield the prefixes of event types in a Trigger's filters."""
    for each in filters:
        yield from type_prefixes(each.get("any", []))
        if "type" in each.get("prefix", {}):
            yield each["prefix"]["type"]


def refuse_double_delivery(documents: list[Document]) -> None:
    """Exit if kn's Triggers exist. Each event would be delivered twice."""
    for trigger in of_kind(documents, EVENTING, "Trigger"):
        if found := [name(each) for each in exact(trigger) if exists(each)]:
            sys.exit(
                f"deploy: make deploy-kn has made the Triggers {', '.join(found)}, and a second one"
                " would deliver each event twice. Continue with make deploy-kn, or run make"
                " undeploy first."
            )
