"""Write events with the change that they announce. They are sent from the outbox."""

from collections.abc import Sequence

from circles.domain.events import Announce, OutgoingEvent, nobody
from circles.domain.identifiers import new_id
from circles.domain.images import Image
from circles.domain.services import Services
from circles.formats.documents import image_document
from circles.telemetry import trace
from circles.usecases.dispatch import dispatch_outbox

UPLOADED, DETECTED, CORRECTED, FAILED, DELETED = (
    "image.uploaded",
    "image.detected",
    "image.corrected",
    "image.failed",
    "image.deleted",
)


def announcing(what: str, services: Services) -> Announce:
    """Return a function that makes one event per sink of an image's new state."""
    sinks = tuple(services.sinks)
    if not sinks:
        return nobody
    rules, now, traceparent = services.rules, services.now(), trace.traceparent.get()

    def announce(image: Image) -> Sequence[tuple[str, OutgoingEvent]]:
        kind, document = f"{rules.event_type_prefix}.{what}", image_document(image)
        event = OutgoingEvent(
            new_id(), kind, rules.event_source, image.image_id, now, traceparent, document
        )
        return [(sink, event) for sink in sinks]

    return announce


def send_soon(services: Services) -> None:
    """Send new events in the background. It does not wait, and it does not raise."""
    if services.sinks:
        services.soon(lambda: dispatch_outbox(services), key="outbox")
