"""Triggers in two forms: by prefix, or by event type for kn."""

import copy
import sys
from collections.abc import Iterator

from rendered import EVENTING, Document, exists, name, of_kind

OBJECT_CREATED = ("Put", "Post", "Copy", "CompleteMultipartUpload")
"""The S3 events of new content that the bridge forwards."""


def exact(trigger: Document) -> Iterator[Document]:
    """
    Yield a Trigger for each event type.

    kn can only filter by exact match, and cannot set retries and dead letters: those of
    the Broker apply. The prefix of the subject is dropped, because the bridge sends no other events.
    """
    for how in OBJECT_CREATED:
        made = copy.deepcopy(trigger)
        made["metadata"]["name"] = f"{name(trigger)}-{how.lower()}"
        made["spec"] = {key: trigger["spec"][key] for key in ("broker", "subscriber")}
        made["spec"]["filter"] = {
            "attributes": {"type": f"com.amazonaws.s3.ObjectCreated:{how}"},
        }
        yield made


def refuse_double_delivery(documents: list[Document]) -> None:
    """Exit if kn's Triggers exist. Each event would be delivered twice."""
    for trigger in of_kind(documents, EVENTING, "Trigger"):
        if found := [name(each) for each in exact(trigger) if exists(each)]:
            sys.exit(
                f"deploy: make deploy-kn has made the Triggers {', '.join(found)}, and a second one"
                " would deliver each event twice. Continue with make deploy-kn, or run make"
                " undeploy first."
            )
