"""Triggers in two forms: one that filters by prefix, or kn's, one for each event type."""

import copy
import sys
from collections.abc import Iterator

from rendered import EVENTING, Document, exists, name, of_kind

OBJECT_CREATED = ("Put", "Post", "Copy", "CompleteMultipartUpload")
"""The S3 events of new content that the bridge forwards."""


def exact(trigger: Document) -> Iterator[Document]:
    """
    Yield a Trigger for each event type, because kn can only filter by exact match.

    Retries and dead letters are the broker's, because kn cannot set them for a Trigger. The prefix
    of the subject is dropped: the bridge sends no other events.
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
    """Exit if kn's Triggers exist: beside a prefix Trigger they would deliver each event twice."""
    for trigger in of_kind(documents, EVENTING, "Trigger"):
        if found := [name(each) for each in exact(trigger) if exists(each)]:
            sys.exit(
                f"deploy: make deploy-kn has made the Triggers {', '.join(found)}, and a second one"
                " would deliver each event twice. Continue with make deploy-kn, or run make"
                " undeploy first."
            )
