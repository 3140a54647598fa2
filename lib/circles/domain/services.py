"""What every use case is handed: the rules, the ports, the clock and the background."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from circles.domain.blobs import ObjectStore
from circles.domain.catalogue import Catalogue, Upkeep
from circles.domain.detections import Detector
from circles.domain.events import EventSink, Outbox
from circles.domain.pictures import Pictures


@dataclass(frozen=True, slots=True)
class Rules:
    """
    Numbers and names that decide.

    lease: after so long others may think that the process that claimed an image has died.
    repair_after: an image that is pending for so long is taken up by repair; doubled with every failed attempt.
    repair_budget: no repair begins another piece of work after so long.
    event_timeout: no sink takes longer to take or to refuse one event.
    """

    lease: timedelta
    incoming_prefix: str
    max_upload_bytes: int
    max_attempts: int
    repair_after: timedelta
    repair_budget: timedelta
    adopt_after: timedelta
    event_type_prefix: str
    event_source: str
    event_timeout: timedelta
    event_max_attempts: int


class Services(Protocol):
    """What every use case is handed: the ports, the rules, the clock, and what happens after the answer."""

    @property
    def rules(self) -> Rules: ...

    @property
    def pictures(self) -> Pictures: ...
    @property
    def store(self) -> ObjectStore: ...
    @property
    def catalogue(self) -> Catalogue: ...
    @property
    def outbox(self) -> Outbox: ...
    @property
    def upkeep(self) -> Upkeep: ...
    @property
    def detector(self) -> Detector: ...
    @property
    def sinks(self) -> Mapping[str, EventSink]:
        """Who is told of events, by a name that stays the same; nobody where it is empty. Names of sinks are in the
        outbox's rows: an event waits for a sink that is not in the mapping any more, and nothing else waits for it."""

    def soon(self, work: Callable[[], object], *, key: str) -> None:
        """
        Do work in the background, after the answer, and log what it raises.

        What is waiting under the same key is enough: then work is dropped. It is lost with the process; whoever calls
        this leaves a row from which repair does the same.
        """

    def now(self) -> datetime:
        """Return the present moment with its time zone."""
