"""Batches: images that a client names together, and the port that keeps them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from circles.domain.errors import Malformed
from circles.domain.events import OutgoingEvent
from circles.domain.identifiers import parse_batch


@dataclass(frozen=True, slots=True)
class Batch:
    """
    One batch with its images by state.

    revision counts how often it was announced as completed, quiet_at is the last time. open means
    that an image arrived since. pending, detected and failed count its images.
    """

    name: str
    created_at: datetime
    arrived_at: datetime
    revision: int = 0
    open: bool = True
    quiet_at: datetime | None = None
    pending: int = 0
    detected: int = 0
    failed: int = 0


AnnounceCompleted = Callable[[Batch], Sequence[tuple[str, OutgoingEvent]]]
"""Returns pairs of sink and event for a completed batch, as Announce does for an image."""

BatchPosition = tuple[datetime, str]
"""End of a page of batches: created_at and name of its last batch."""


def find_batch(key: str, prefix: str) -> str | None:
    """
    Return the batch of an object in the bucket: the first folder below the incoming prefix.

    None for an object that is in no folder, and for a folder that cannot name a batch: its objects
    become images all the same.
    """
    folder, slash, _ = key.removeprefix(prefix).partition("/")
    if not (slash and key.startswith(prefix)):
        return None
    try:
        return parse_batch(folder)
    except Malformed:
        return None


class Batches(Protocol):
    """Keeps batches. Catalogue.add opens them. Every method raises Unavailable, as in Catalogue."""

    def page(self, *, limit: int, before: BatchPosition | None = None) -> Sequence[Batch]:
        """Return at most limit batches, newest first, those after the position before."""

    def get(self, name: str) -> Batch:
        """Return a batch. Raises NotFound."""

    def quiet(
        self, *, arrived_before: datetime, arrived_after: datetime, limit: int
    ) -> Sequence[str]:
        """
        Return the names of open batches without a pending image, the longest quiet first.

        Args:
            arrived_before: their last image arrived then or earlier.
            arrived_after: or later than this: a clock that was ahead set that time.
        """

    def complete(
        self,
        name: str,
        *,
        now: datetime,
        arrived_before: datetime,
        arrived_after: datetime,
        announce: AnnounceCompleted,
    ) -> Batch | None:
        """
        Close a quiet batch and announce its next revision, in one transaction.

        Returns None, and changes nothing, if it is closed already or no longer quiet.
        """
