"""Outgoing events, and the ports that queue and deliver them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from circles.domain.images import Backlog, Image


@dataclass(frozen=True, slots=True)
class OutgoingEvent:
    """
    What others are told, as CloudEvents 1.0 names it. A repeated delivery has the same source and event_id.

    type ends in image.uploaded, image.detected, image.failed or image.deleted; subject is the image's id; data is the
    image's JSON document as it was when the event happened; traceparent is the request's (W3C Trace Context).
    """

    event_id: str
    type: str
    source: str
    subject: str
    time: datetime
    traceparent: str | None
    data: dict[str, Any]


Announce = Callable[[Image], Sequence[tuple[str, OutgoingEvent]]]
"""Which sinks are told what of an image's new state. Called within the transaction that makes the state, so that the
state and its events are there together or not at all."""


def nobody(_: Image) -> Sequence[tuple[str, OutgoingEvent]]:
    """Announce nothing."""
    return ()


@dataclass(frozen=True, slots=True)
class QueuedEvent:
    """An event on its way to one sink; attempts counts the failed ones."""

    position: int
    event: OutgoingEvent
    attempts: int


class Outbox(Protocol):
    """The events that wait for their sinks. Every method raises Unavailable as the catalogue's do."""

    def due(self, sink: str, *, now: datetime, limit: int) -> Sequence[QueuedEvent]:
        """Return events that may be sent now, at most one of each image: the one that all others of it wait for."""

    def sent(self, queued: QueuedEvent) -> None:
        """Forget an event that its sink has taken."""

    def put_off(self, queued: QueuedEvent, *, until: datetime, error: str) -> None:
        """Count a failed attempt and let the event wait until a moment; later ones of its image wait behind it."""

    def lay_aside(self, queued: QueuedEvent, *, error: str) -> None:
        """Keep an event that will not be sent any more, with the reason; later ones of its image wait no longer."""

    def backlog(self) -> Backlog:
        """Return how many events wait, for all sinks, and since when the oldest does."""

    def count_laid_aside(self) -> int:
        """Return how many events were laid aside, for all sinks."""


BROKER = "broker"
"""The name of the sink that K_SINK names, in Services.sinks."""


class EventSink(Protocol):
    """One receiver of events. Safe from many threads."""

    def send(self, event: OutgoingEvent) -> None:
        """
        Deliver one event, and return when the receiver has taken it.

        Raises:
            Unavailable: not now; it will be sent again.
            Rejected: it will never be taken.
        """
