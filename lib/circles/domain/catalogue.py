"""
Ports of the catalogue and its upkeep.

One database holds both and the outbox: an event is written in the transaction of its change.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from circles.domain.detections import Detection, FoundObject, ObjectFilter
from circles.domain.events import Announce, nobody
from circles.domain.images import Backlog, Image, ImageFilter, Refusal, Tombstone

Position = tuple[datetime, str]
"""End of a page of images: created_at and image_id of its last image."""


class Catalogue(Protocol):
    """
    Stores images, detections and objects.

    A write is one short transaction. Safe from many threads and processes.
    """

    def add(self, image: Image, *, announce: Announce = nobody) -> None:
        """
        Add a new image.

        Raises:
            IdTaken: an image with this id exists.
            KeyTaken: another image has this idempotency key.
            Buried: the image's blob is being deleted with this image or another one. The tombstone
                is not finished or, for an uploaded blob, not deleted.
            Unavailable: the database is busy, full or unavailable; nothing was written.
        """

    def get(self, image_id: str) -> Image:
        """Return the image. Raises NotFound, Unavailable."""

    def find_by_idempotency_key(self, key: str) -> Image | None:
        """Return the image uploaded with this key, or None. Raises Unavailable."""

    def page(
        self, wanted: ImageFilter, *, limit: int, before: Position | None = None
    ) -> Sequence[Image]:
        """
        Return at most limit images that match wanted, newest first.

        before: only images after this position in that order. Raises Unavailable.
        """

    def claim(
        self, image_id: str, *, now: datetime, until: datetime, again: bool = False
    ) -> Image | None:
        """
        Claim a pending image for detection and count the attempt.

        The claim ends at until. With again, images in other states can be claimed too.
        Returns the changed image; its attempts are the claim that record, release and give_up need.
        Returns None, without a change, for an image that is unknown, not pending or already
        claimed past now. Raises Unavailable.
        """

    def record(
        self,
        image_id: str,
        detection: Detection,
        *,
        claim: int,
        now: datetime,
        announce: Announce = nobody,
    ) -> Image:
        """
        Add a run and its objects, and mark the image detected.

        One transaction does it all, and the new run is served from then on. Earlier runs stay.
        If the image has been claimed again since, nothing is recorded and the current image
        is returned. Raises NotFound, Unavailable.
        """

    def release(self, image_id: str, *, claim: int, error: str, due_at: datetime) -> Image:
        """
        End a claim and store why the detection failed.

        Others can claim the image again; repair retries a pending one from due_at on.
        Nothing changes if it has been claimed again since. Raises NotFound, Unavailable.
        """

    def give_up(
        self, image_id: str, *, claim: int, error: str, announce: Announce = nobody
    ) -> Image:
        """
        Mark a pending image failed.

        Nothing changes if it has been claimed again since. Raises NotFound, Unavailable.
        """

    def delete(self, image_id: str, *, now: datetime, announce: Announce = nobody) -> Tombstone:
        """
        Delete the image with its runs and objects, leaving a tombstone.

        The tombstone names the blob; one transaction does both. Raises NotFound, Unavailable.
        """

    def objects(self, image_id: str, wanted: ObjectFilter) -> tuple[Image, Sequence[FoundObject]]:
        """
        Return the image and its served run's objects that match wanted.

        They are in the detector's order, best first. Raises Unavailable, and NotFound for an
        unknown image.
        """

    def object(self, image_id: str, object_id: str) -> FoundObject:
        """Return one object of an image, from any run. Raises NotFound, Unavailable."""

    def backlog(self) -> Backlog:
        """
        Count the pending images, claimed or not.

        The time grows with the pending images, not with all images. Raises Unavailable.
        """

    def measure(self) -> Mapping[str, float]:
        """Return the database's sizes by metric name, if it has any. Raises Unavailable."""

    def ping(self) -> None:
        """Raise Unavailable unless the database can be read now."""


class Upkeep(Protocol):
    """Finds and stores what repair needs. Every method raises Unavailable, as in Catalogue."""

    def due(self, *, now: datetime, limit: int) -> Sequence[Image]:
        """Return unclaimed pending images whose due_at has passed, the longest due first."""

    def images(self, *, after: str, limit: int) -> Sequence[Image]:
        """Return images whose id is greater than after, in order."""

    def unknown_ids(self, object_ids: Sequence[str]) -> set[str]:
        """Return the ids without an image, a refusal or an unfinished tombstone."""

    def unknown_keys(self, keys: Sequence[str]) -> set[str]:
        """Return the keys without an image or a tombstone."""

    def key_in_use(self, key: str) -> bool:
        """Return whether an image has this key."""

    def refuse(self, refusal: Refusal) -> None:
        """Store a refusal. It replaces an earlier one of the same object."""

    def refusal(self, object_id: str) -> Refusal | None:
        """Return the refusal of an object, or None."""

    def bury(self, tombstone: Tombstone) -> bool:
        """
        Add a tombstone for a blob that does not belong to an image.

        From now on an image with its key cannot be added. Returns False, and writes nothing, if an
        image has the key.
        """

    def is_buried(self, image_id: str) -> bool:
        """Return whether the image was deleted but its blob was not yet."""

    def tombstones(self, *, limit: int) -> Sequence[Tombstone]:
        """Return unfinished tombstones, the oldest first. Their blobs are to be deleted."""

    def finish_tombstone(self, image_id: str, *, now: datetime) -> None:
        """Mark a tombstone finished: its blob is deleted."""

    def forget_tombstones(self, *, before: datetime) -> None:
        """Delete the tombstones that were finished before a time."""

    def lease(self, name: str, holder: str, *, now: datetime, until: datetime) -> bool:
        """Acquire or extend a lease. Returns False if another holder has it past now."""

    def end_lease(self, name: str, holder: str) -> None:
        """Release a lease. Does nothing if another holder has it."""

    def bookmark(self, name: str) -> str:
        """Return the saved position of a scan that spans several repairs; empty at its start."""

    def set_bookmark(self, name: str, place: str) -> None:
        """Save the position of a scan."""

    def compact(self) -> None:
        """Release unused disk space, and refill the reserve."""
