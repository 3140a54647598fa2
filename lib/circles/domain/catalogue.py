"""
Port of the catalogue.

One database holds it, its upkeep and the outbox: an event is written in the transaction of its
change.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple, Protocol

from circles.domain.detections import Detection, FoundObject, ObjectFilter
from circles.domain.events import Announce, nobody
from circles.domain.images import Backlog, Image, ImageFilter, Order, Tombstone

if TYPE_CHECKING:  # a cold start reads none
    from circles.domain.access.quotas import Quota
    from circles.domain.counting.runs import Run


class Position(NamedTuple):
    """
    End of a page of images, taken from its last one.

    doubtful_count is that of Order.DOUBT, NO_DOUBT where it is unknown.
    """

    created_at: datetime
    image_id: str
    doubtful_count: int | None = None


NO_DOUBT = -1
"""Sorts images whose doubtful_count is unknown behind all others."""


class Catalogue(Protocol):
    """
    Stores images, detections and objects.

    A write is one short transaction. Safe from many threads and processes.
    """

    def add(
        self, image: Image, *, announce: Announce = nobody, quota: "Quota | None" = None
    ) -> None:
        """
        Add a new image, and count it in its principal's quota.

        Raises:
            TooManyRequests: the quota is used up; nothing was written.
            IdTaken: an image with this id exists.
            KeyTaken: another image has this idempotency key. An image of the same uploaded blob
                without a key is given this one.
            BlobTaken: another image has the same uploaded blob.
            Buried: the image's blob is being deleted with this image or another one. The tombstone
                is not finished or, for an uploaded blob, not deleted.
            Unavailable: the database is busy, full or unavailable; nothing was written.
        """

    def get(self, image_id: str) -> Image:
        """Return the image. Raises NotFound, Unavailable."""

    def find_by_idempotency_key(self, key: str) -> Image | None:
        """Return the image uploaded with this key, or None. Raises Unavailable."""

    def page(
        self,
        wanted: ImageFilter,
        *,
        limit: int,
        before: Position | None = None,
        order: Order = Order.NEWEST,
    ) -> Sequence[Image]:
        """
        Return at most limit images that match wanted, in an order.

        before: only images after this position in that order. Raises Unavailable.
        """

    def claim(
        self,
        image_id: str,
        *,
        now: datetime,
        until: datetime,
        again: bool = False,
        quota: "Quota | None" = None,
    ) -> Image | None:
        """
        Claim a pending image for detection and count the attempt.

        The claim ends at until. With again, images in other states can be claimed too. The attempt
        is counted before it starts, because it may end this process. Returns the changed image,
        whose claim record, release and give_up need. Returns None, without a change, for an image
        that is unknown, not pending or already claimed past now. A claim that is more than twice
        as long as this one is not valid: a clock that was ahead set it.

        Raises:
            TooManyRequests: the quota is used up; nothing was claimed.
            Unavailable: the database is busy or unavailable.
        """

    def record(
        self,
        image_id: str,
        detection: Detection,
        *,
        claim: int,
        now: datetime,
        counts: bool = True,
        keep_runs: int | None = None,
        announce: Announce = nobody,
    ) -> Image:
        """
        Add a run and its objects, and mark the image detected.

        One transaction does it all, and the new run is served from then on, unless a person pinned
        another. If the image has been
        claimed again since, nothing is recorded and the current image is returned. Raises NotFound,
        Unavailable.

        Args:
            counts: False takes the attempt back.
            keep_runs: number of the predictor's runs to keep, the newest ones; None keeps all. The
                served run, human ones and their parents are always kept.
        """

    def release(
        self,
        image_id: str,
        *,
        claim: int,
        error: str,
        due_at: datetime | None,
        counts: bool = True,
        refused: bool = False,
    ) -> Image:
        """
        End a claim and store why the detection failed.

        Others can claim the image again. Nothing changes if it has been claimed again since. Raises
        NotFound, Unavailable.

        Args:
            due_at: repair retries a pending image from then on; None does not change that.
            counts: False takes the attempt back.
            refused: the predictor refused the picture.
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
        Return the image and a run's objects that match wanted, then its candidates.

        They are in the detector's order, best first. Raises Unavailable, and NotFound for an
        unknown image or a run of another one.
        """

    def object(self, image_id: str, object_id: str) -> FoundObject:
        """
        Return one object or candidate of an image, from any run.

        Raises NotFound, Unavailable.
        """

    def runs(self, image_id: str) -> "Sequence[Run]":
        """Return the runs of an image, newest first. Raises NotFound, Unavailable."""

    def backlog(self) -> Backlog:
        """
        Count the pending images, claimed or not.

        The time grows with the pending images, not with all images. Raises Unavailable.
        """

    def has_more_pending(self, limit: int) -> bool:
        """
        Return whether more than limit images are pending.

        The time grows with limit, not with the images. Raises Unavailable.
        """

    def measure(self) -> Mapping[str, float]:
        """Return the database's sizes by metric name, if it has any. Raises Unavailable."""

    def ping(self) -> None:
        """Raise Unavailable unless the database can be read now."""
