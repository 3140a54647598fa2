"""The ports over the catalogue. One database has it, the outbox and the upkeep, because an event is written in the
transaction of the change that it tells of."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from circles.domain.detections import Detection, FoundObject, ObjectFilter
from circles.domain.events import Announce, nobody
from circles.domain.images import Backlog, Image, ImageFilter, Refusal, Tombstone

Position = tuple[datetime, str]
"""Where a page of images ends: the last one's created_at and image_id."""


class Catalogue(Protocol):
    """Remembers images, detections, objects. Safe from many threads and processes; a write is one short transaction."""

    def add(self, image: Image, *, announce: Announce = nobody) -> None:
        """
        Remember a new image.

        Raises:
            IdTaken: there is an image with this id.
            KeyTaken: another image has this idempotency key.
            Buried: the image's blob is being deleted, because the image was or one that had the same blob: its
                tombstone is not finished, or, for an own blob, not forgotten.
            Unavailable: the database is busy, full or away; nothing was written.
        """

    def get(self, image_id: str) -> Image:
        """Return the image. Raises NotFound, Unavailable."""

    def find_by_idempotency_key(self, key: str) -> Image | None:
        """Return the image that was uploaded with this key, None if there is none. Raises Unavailable."""

    def page(
        self, wanted: ImageFilter, *, limit: int, before: Position | None = None
    ) -> Sequence[Image]:
        """Return at most limit images that pass wanted, newest first, those before a position. Raises Unavailable."""

    def claim(
        self, image_id: str, *, now: datetime, until: datetime, again: bool = False
    ) -> Image | None:
        """
        Take a pending image, or any where again is set, for detection until a moment, and count the attempt.

        Returns the image as it is then; its attempts are the claim, which record, release and give_up ask for. None,
        and nothing changed, where it is unknown, not pending, or claimed by another past now. Raises Unavailable.
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
        Add a run with its objects, serve it from now on, and mark the image detected: all in one transaction.

        Earlier runs stay. Where another has claimed the image since, nothing is recorded and the image is returned as
        it is. Raises NotFound, Unavailable.
        """

    def release(self, image_id: str, *, claim: int, error: str, due_at: datetime) -> Image:
        """
        Note why a detection failed and let others claim the image; if it is pending, repair does from due_at on.

        Where another has claimed the image since, nothing changes. Raises NotFound, Unavailable.
        """

    def give_up(
        self, image_id: str, *, claim: int, error: str, announce: Announce = nobody
    ) -> Image:
        """Mark a pending image failed. Where another has claimed it since, nothing changes. Raises NotFound,
        Unavailable."""

    def delete(self, image_id: str, *, now: datetime, announce: Announce = nobody) -> Tombstone:
        """Forget the image with its runs and objects, and remember its blob in a tombstone, in one transaction. Raises
        NotFound, Unavailable."""

    def objects(self, image_id: str, wanted: ObjectFilter) -> tuple[Image, Sequence[FoundObject]]:
        """
        Return the image and the served run's objects that pass wanted, in the detector's order (best first).

        Raises NotFound where the image is unknown, Unavailable.
        """

    def object(self, image_id: str, object_id: str) -> FoundObject:
        """Return one object of one image, of any run. Raises NotFound (also for a wrong pair), Unavailable."""

    def backlog(self) -> Backlog:
        """Return what is pending, claimed or not, in a time that grows with it and not with all images. Raises
        Unavailable."""

    def measure(self) -> Mapping[str, float]:
        """Return sizes of the database by their metrics' names; empty where it has none to tell. Raises Unavailable."""

    def ping(self) -> None:
        """Raise Unavailable unless the database can be read now."""


class Upkeep(Protocol):
    """What repair needs to find and to remember. Every method raises Unavailable as the catalogue's do."""

    def due(self, *, now: datetime, limit: int) -> Sequence[Image]:
        """Return pending images whose due_at has come and that nobody holds, the longest due first."""

    def images(self, *, after: str, limit: int) -> Sequence[Image]:
        """Return images behind an id, in the ids' order."""

    def unknown_ids(self, object_ids: Sequence[str]) -> set[str]:
        """Return those that no image has, no refusal, and no tombstone whose blob waits to be deleted."""

    def unknown_keys(self, keys: Sequence[str]) -> set[str]:
        """Return those that no image has and no tombstone."""

    def key_in_use(self, key: str) -> bool:
        """Whether an image has this key."""

    def refuse(self, refusal: Refusal) -> None:
        """Remember a refusal; a second one of the same object replaces the first."""

    def refusal(self, object_id: str) -> Refusal | None:
        """Return why an object was refused, None if it was not."""

    def bury(self, tombstone: Tombstone) -> bool:
        """Let a blob be deleted that belongs to no image: from now on none can be added with its key. False, and
        nothing is written, where an image has the key."""

    def is_buried(self, image_id: str) -> bool:
        """Whether this image was deleted and its blob not yet."""

    def tombstones(self, *, limit: int) -> Sequence[Tombstone]:
        """Return those whose blobs wait to be deleted, the oldest first."""

    def finish_tombstone(self, image_id: str, *, now: datetime) -> None:
        """Note that the blob is gone."""

    def forget_tombstones(self, *, before: datetime) -> None:
        """Forget those that were finished before a moment."""

    def lease(self, name: str, holder: str, *, now: datetime, until: datetime) -> bool:
        """Take a lease until a moment, or prolong it; False where another holds it past now."""

    def end_lease(self, name: str, holder: str) -> None:
        """Give a lease back; nothing happens where another holds it."""

    def bookmark(self, name: str) -> str:
        """Return how far a walk came that takes several repairs; empty at its beginning."""

    def set_bookmark(self, name: str, place: str) -> None:
        """Remember how far a walk came."""

    def compact(self) -> None:
        """Give back disk space that the database does not need now, and fill its reserve again."""
