"""Write events with the change that they announce. They are sent from the outbox."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from circles.domain.counting.batches import AnnounceCompleted
from circles.domain.counting.measuring import AnnounceBatch
from circles.domain.events import RESULTS, Announce, OutgoingEvent, nobody
from circles.domain.identifiers import new_id
from circles.domain.images import Image
from circles.domain.services import Services
from circles.formats.documents import batch_document, image_document, scale_document
from circles.telemetry import trace
from circles.usecases.events.dispatch import dispatch_outbox

UPLOADED, DETECTED, CORRECTED, SCALED, FAILED, DELETED = (
    "image.uploaded",
    "image.detected",
    "image.corrected",
    "image.scaled",
    "image.failed",
    "image.deleted",
)
BATCH_SCALED, BATCH_COMPLETED = "batch.scaled", "batch.completed"

_CHANGES_RESULT = frozenset({DETECTED, CORRECTED, SCALED, FAILED, DELETED})
_CHANGES_SUMMARY = frozenset({CORRECTED, SCALED, DELETED, BATCH_SCALED, BATCH_COMPLETED})
"""What changes the result of a file, and the summary of a batch that was quiet."""

_Told = Sequence[tuple[str, OutgoingEvent]]


def announcing(what: str, services: Services) -> Announce:
    """Return a function that makes one event per sink of an image's new state."""
    if not services.sinks:
        return nobody
    make, incoming = _maker(what, services), services.rules.incoming_prefix

    def announce(image: Image) -> _Told:
        key = image.key if image.key.startswith(incoming) else None
        return make(image.image_id, image_document(image), key, image.batch)

    return announce


def announcing_batch(services: Services) -> AnnounceBatch:
    """Return a function that makes one event per sink of a batch's new scale, None without one."""
    if not services.sinks:
        return lambda batch, scale: ()
    make = _maker(BATCH_SCALED, services)
    return lambda batch, scale: make(
        batch, {"batch": batch, "scale": scale and scale_document(scale)}, None, batch
    )


def announcing_completed(services: Services) -> AnnounceCompleted:
    """Return a function that makes one event per sink of a completed batch."""
    if not services.sinks:
        return lambda batch: ()
    make = _maker(BATCH_COMPLETED, services)
    return lambda batch: make(batch.name, batch_document(batch), None, batch.name)


_Make = Callable[[str, dict[str, Any], str | None, str | None], _Told]
"""Makes events of a subject, its document, and the key and the batch that its results belong to."""


def _maker(what: str, services: Services) -> _Make:
    """Return a function that makes one event per sink."""
    sinks, rules, now = tuple(services.sinks), services.rules, services.now()
    kind, traceparent = f"{rules.event_type_prefix}.{what}", trace.traceparent.get()

    def make(subject: str, document: dict[str, Any], key: str | None, batch: str | None) -> _Told:
        source = rules.event_source
        event = OutgoingEvent(new_id(), kind, source, subject, now, traceparent, document)
        told = [(sink, event) for sink in sinks if sink != RESULTS]
        results = {
            "key": key if what in _CHANGES_RESULT else None,
            "batch": batch if what in _CHANGES_SUMMARY else None,
        }
        if RESULTS in sinks and any(results.values()):
            told.append((RESULTS, replace(event, data=results)))
        return told

    return make


def send_soon(services: Services) -> None:
    """Send new events in the background. It does not wait, and it does not raise."""
    if services.sinks:
        services.soon(lambda: dispatch_outbox(services), key="outbox")
