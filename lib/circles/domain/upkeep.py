"""Port of what repair finds and stores in the catalogue's database."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

from circles.domain.images import Image, Refusal, Tombstone

RefusalPosition = tuple[datetime, str]
"""End of a page of refusals: refused_at and object_id of its last one."""

LOOKS_KEPT = timedelta(days=30)
"""Longer than a sweep over a large store takes, so that an object is soon refused after it has
ended processes."""


class Upkeep(Protocol):
    """Finds and stores what repair needs. Every method raises Unavailable, as in Catalogue."""

    def due(
        self, *, now: datetime, latest_claim: datetime, latest_due: datetime, limit: int
    ) -> Sequence[Image]:
        """
        Return due, unclaimed pending images: fewest attempts first, then the longest due.

        Args:
            latest_claim, latest_due: a later claim or due date is not valid, because a clock that
                was ahead set it.
        """

    def images(self, *, after: str, limit: int) -> Sequence[Image]:
        """Return images whose id is greater than after, in order."""

    def without_candidates(self, *, after: str, limit: int) -> Sequence[Image]:
        """
        Return detected images whose id is greater than after, in order, without candidates.

        No candidates were asked for when the served run was made. Runs of people are left out.
        """

    def unknown_ids(
        self, object_ids: Sequence[str], *, now: datetime, refused_for: timedelta
    ) -> set[str]:
        """
        Return the ids without an image, a refusal or an unfinished tombstone.

        A refusal by the store (ObjectRefused) is valid for refused_for only: an archived object may
        come back.
        """

    def unknown_keys(self, keys: Sequence[str]) -> set[str]:
        """Return the keys without an image or a tombstone."""

    def key_in_use(self, key: str) -> bool:
        """Return whether an image has this key."""

    def refuse(self, refusal: Refusal) -> None:
        """Store a refusal, and delete the looks. It replaces an earlier one of the same object."""

    def refusal(self, object_id: str) -> Refusal | None:
        """Return the refusal of an object, or None."""

    def refusals(
        self,
        *,
        key: str | None = None,
        since: datetime | None = None,
        limit: int,
        before: RefusalPosition | None = None,
    ) -> Sequence[Refusal]:
        """Return at most limit refusals, newest first, those after the position before."""

    def fill_in_counts(self, *, limit: int) -> int:
        """
        Fill in what lists filter by, for images that older code detected; return their number.

        At most limit are changed.
        """

    def fill_in_sizes(self, *, limit: int) -> int:
        """
        Fill in what statistics add up, for runs of older code; return their number.

        At most limit are changed.
        """

    def begin_look(
        self, object_id: str, holder: str, *, now: datetime, until: datetime
    ) -> tuple[int, int]:
        """
        Record that a process is about to decode an object, which ends at until at the latest.

        Returns how many other processes ended during that, and how many may still decode it. A
        process counts once, with all its threads. A look more than twice as long as this one has
        ended: a clock that was ahead set it. Adding an image with this id deletes its looks, and
        LOOKS_KEPT after their end all looks are deleted.
        """

    def end_look(self, object_id: str, holder: str) -> None:
        """Delete the record of a process that is still there."""

    def bury(self, tombstone: Tombstone) -> bool:
        """
        Add a tombstone for a blob that does not belong to an image.

        From now on an image with its key cannot be added. Returns False, and writes nothing, if an
        image has the key.
        """

    def is_buried(self, image_id: str) -> bool:
        """Return whether the image was deleted but its blob was not yet."""

    def tombstones(self, *, limit: int) -> Sequence[Tombstone]:
        """Return unfinished tombstones, the longest untried first. Their blobs remain."""

    def put_off_tombstone(self, image_id: str, *, now: datetime) -> None:
        """Note when the store did not delete the blob of a tombstone."""

    def finish_tombstone(self, image_id: str, *, now: datetime) -> None:
        """Mark a tombstone finished: its blob is deleted."""

    def forget_tombstones(self, *, before: datetime) -> None:
        """Delete the tombstones that were finished before a time."""

    def lease(self, name: str, holder: str, *, now: datetime, until: datetime) -> bool:
        """
        Acquire or extend a lease. Returns False if another holder has it past now.

        A lease more than twice as long as this one is not valid: a clock that was ahead set it. So
        all leases of a name have about the same length.
        """

    def end_lease(self, name: str, holder: str) -> None:
        """Release a lease. Does nothing if another holder has it."""

    def bookmark(self, name: str) -> str:
        """Return the saved position of a scan that spans several repairs; empty at its start."""

    def set_bookmark(self, name: str, place: str) -> None:
        """Save the position of a scan."""

    def compact(self) -> None:
        """Release unused disk space, and refill the reserve."""
