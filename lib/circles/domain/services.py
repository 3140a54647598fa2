"""The services of every use case: rules, ports, clock and background."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Semaphore
from typing import TYPE_CHECKING, Protocol

from circles.domain.access.principals import AccessRules
from circles.domain.access.tokens import Tokens
from circles.domain.blobs import ObjectStore, UploadForms
from circles.domain.catalogue import Catalogue
from circles.domain.detections import Detector
from circles.domain.events import EventSink, Outbox
from circles.domain.pictures import Pictures
from circles.domain.temporary import TemporaryFiles
from circles.domain.upkeep import Upkeep

if TYPE_CHECKING:  # a cold start uses none of them
    from circles.domain.counting.batches import Batches
    from circles.domain.counting.corrections import Corrections
    from circles.domain.counting.measuring import Scales
    from circles.domain.exports.renditions import Renderer
    from circles.domain.exports.selections import Selections
    from circles.domain.exports.statistics import Statistics


@dataclass(frozen=True, slots=True)
class Rules:
    """
    Limits and names that the use cases need.

    lease: time after which the process that claimed an image counts as dead.
    max_attempts, give_up_after: a pending image fails with the first failed attempt that is at
        least number max_attempts and at least give_up_after after it was created.
    max_objects: most objects of one run.
    keep_runs: number of predictor runs kept for an image, the newest ones.
    repair_after: time after which repair retries a pending image; doubles with each failure.
    repair_budget: time after which a repair does not start more work.
    event_timeout: time limit for delivering one event to a sink.
    max_pending: while more images are pending, new ones wait for repair.
    batch_quiet: time without an arrival after which a batch is complete.
    sure_score: the score from which an object is not in doubt.
    max_looks: number of processes that decoding an object may end before it is refused.
    """

    lease: timedelta
    incoming_prefix: str
    max_upload_bytes: int
    max_objects: int
    max_attempts: int
    give_up_after: timedelta
    keep_runs: int
    repair_after: timedelta
    repair_budget: timedelta
    adopt_after: timedelta
    event_type_prefix: str
    event_source: str
    event_timeout: timedelta
    event_max_attempts: int
    max_pending: int
    batch_quiet: timedelta
    sure_score: float
    max_looks: int = 3


class Services(Protocol):
    """Provides every use case with rules, ports, clock and background."""

    @property
    def rules(self) -> Rules: ...
    @property
    def access(self) -> AccessRules: ...

    @property
    def pictures(self) -> Pictures: ...
    @property
    def renderer(self) -> "Renderer": ...
    @property
    def temporary(self) -> TemporaryFiles: ...
    @property
    def selections(self) -> "Selections": ...
    @property
    def statistics(self) -> "Statistics": ...
    @property
    def store(self) -> ObjectStore: ...
    @property
    def upload_forms(self) -> UploadForms | None:
        """Signs forms for the store, None where clients do not reach it."""

    @property
    def catalogue(self) -> Catalogue: ...
    @property
    def corrections(self) -> "Corrections": ...
    @property
    def scales(self) -> "Scales": ...
    @property
    def batches(self) -> "Batches": ...
    @property
    def tokens(self) -> Tokens: ...
    @property
    def outbox(self) -> Outbox: ...
    @property
    def upkeep(self) -> Upkeep: ...
    @property
    def detector(self) -> Detector: ...
    @property
    def sinks(self) -> Mapping[str, EventSink]:
        """
        Return the event sinks by name, possibly none.

        The names are stable, because the outbox's rows hold them. An event for a sink that was
        removed stays in the outbox and blocks nothing else.
        """

    @property
    def process_id(self) -> str:
        """What this process is called among those that share the catalogue."""

    @property
    def costly_turns(self) -> Semaphore:
        """Limit the clients that wait for costly pictures, so that threads stay for others."""

    @property
    def export_turns(self) -> Semaphore:
        """Limit the tables that are written at once, so that threads stay for others."""

    def soon(self, work: Callable[[], object], *, key: str) -> None:
        """
        Run work in the background, after the response, and log its exception.

        It is dropped if work with the same key is already waiting. It is lost when the process
        ends, so the caller first writes a row from which repair does the same.
        """

    def now(self) -> datetime:
        """Return the current time with its time zone."""
