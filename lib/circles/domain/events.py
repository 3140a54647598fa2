"""Outgoing events, and the ports that queue and deliver them."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple, Protocol

from circles.domain.images import Backlog, Image


@dataclass(frozen=True, slots=True)
class OutgoingEvent:
    """
    An event for a sink, with the attributes of CloudEvents 1.0.

    A repeated delivery has the same source and event_id. type ends in image.uploaded,
    image.detected, image.corrected, image.scaled, image.failed or image.deleted; then subject is
    the image's id, and data its JSON document at the time of the event. Of batch.scaled and
    batch.completed they are the batch's name, and its scale or its own document. traceparent is the
    request's (W3C Trace Context).
    """

    event_id: str
    type: str
    source: str
    subject: str
    time: datetime
    traceparent: str | None
    data: dict[str, Any]


Announce = Callable[[Image], Sequence[tuple[str, OutgoingEvent]]]
"""
Returns pairs of sink and event for an image's new state.

It runs inside the transaction that changes the state, so that both are committed atomically.
"""


def nobody(_: Image) -> Sequence[tuple[str, OutgoingEvent]]:
    """Announce nothing."""
    return ()


@dataclass(frozen=True, slots=True)
class QueuedEvent:
    """An event queued for one sink. attempts counts failed deliveries."""

    position: int
    event: OutgoingEvent
    attempts: int


class DeliveryState(StrEnum):
    """State of an event that its sink has not accepted: to be sent, or laid aside."""

    WAITING = "waiting"
    ASIDE = "aside"


@dataclass(frozen=True, slots=True)
class Delivery:
    """
    One event that one sink has not accepted.

    attempts counts failed deliveries, error is the last one's. A waiting event is sent from due_at
    on.
    """

    position: int
    sink: str
    state: DeliveryState
    event: OutgoingEvent
    attempts: int
    due_at: datetime
    error: str | None


class SinkBacklog(NamedTuple):
    """Number of events that one sink has not accepted, by state."""

    sink: str
    waiting: int
    aside: int


class Outbox(Protocol):
    """Queues events for their sinks. Every method raises Unavailable, as in Catalogue."""

    def due(
        self, sink: str, *, now: datetime, latest_due: datetime, limit: int
    ) -> Sequence[QueuedEvent]:
        """
        Return the events to send now: for each image at most its earliest.

        If there are none, return those due after latest_due: a clock that was ahead set that time.
        """

    def sent(self, queued: QueuedEvent) -> None:
        """Delete an event that its sink has accepted."""

    def put_off(self, queued: QueuedEvent, *, until: datetime, error: str) -> None:
        """Count a failed attempt and postpone the event. Later events of its image wait for it."""

    def lay_aside(self, queued: QueuedEvent, *, error: str) -> None:
        """Stop sending an event and store the reason. Later events of its image are released."""

    def backlog(self) -> Backlog:
        """Count the waiting events of all sinks, with the oldest's time."""

    def count_laid_aside(self) -> int:
        """Count the events that were laid aside, for all sinks."""

    def deliveries(
        self,
        *,
        sink: str | None = None,
        state: DeliveryState | None = None,
        limit: int,
        before: int | None = None,
    ) -> Sequence[Delivery]:
        """Return at most limit deliveries, newest first, those whose position is below before."""

    def backlogs(self) -> Sequence[SinkBacklog]:
        """Count the deliveries of each sink that has some, by name."""

    def replay(
        self, event_id: str, sinks: Collection[str], *, now: datetime, attempts: int
    ) -> Sequence[Delivery]:
        """
        Make an event due now for those of the sinks that have not accepted it.

        Returns these deliveries. One that was laid aside counts at least that many attempts.
        """


BROKER = "broker"
"""Name of K_SINK's sink in Services.sinks."""


RESULTS = "results"
"""Name of the sink that writes results into the bucket. Its events' data are key and batch."""


class EventSink(Protocol):
    """One receiver of events. Safe from many threads."""

    def send(self, event: OutgoingEvent) -> None:
        """
        Deliver one event, and return once the receiver has accepted it.

        Raises:
            Unavailable: the delivery failed; it will be retried.
            Rejected: the receiver rejects it permanently.
        """
