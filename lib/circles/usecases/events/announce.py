"""Write events with the change that they announce. They are sent from the outbox."""

from collections.abc import Callable, Sequence
from typing import Any

from circles.domain.counting.batches import AnnounceCompleted
from circles.domain.counting.measuring import AnnounceBatch
from circles.domain.events import Announce, OutgoingEvent, nobody
from circles.domain.identifiers import new_id
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

_Told = Sequence[tuple[str, OutgoingEvent]]


def announcing(what: str, services: Services) -> Announce:
    """Return a function that makes one event per sink of an image's new state."""
    if not services.sinks:
        return nobody
    make = _maker(what, services)
    return lambda image: make(image.image_id, image_document(image))


def announcing_batch(services: Services) -> AnnounceBatch:
    """Return a function that makes one event per sink of a batch's new scale, None without one."""
    if not services.sinks:
        return lambda batch, scale: ()
    make = _maker(BATCH_SCALED, services)
    return lambda batch, scale: make(
        batch, {"batch": batch, "scale": scale and scale_document(scale)}
    )


def announcing_completed(services: Services) -> AnnounceCompleted:
    """Return a function that makes one event per sink of a completed batch."""
    if not services.sinks:
        return lambda batch: ()
    make = _maker(BATCH_COMPLETED, services)
    return lambda batch: make(batch.name, batch_document(batch))


def _maker(what: str, services: Services) -> Callable[[str, dict[str, Any]], _Told]:
    """Return a function that makes one event per sink of a subject and its document."""
    sinks, rules, now = tuple(services.sinks), services.rules, services.now()
    kind, traceparent = f"{rules.event_type_prefix}.{what}", trace.traceparent.get()

    def make(subject: str, document: dict[str, Any]) -> _Told:
        source = rules.event_source
        event = OutgoingEvent(new_id(), kind, source, subject, now, traceparent, document)
        return [(sink, event) for sink in sinks]

    return make


def send_soon(services: Services) -> None:
    """Send new events in the background. It does not wait, and it does not raise."""
    if services.sinks:
        services.soon(lambda: dispatch_outbox(services), key="outbox")
