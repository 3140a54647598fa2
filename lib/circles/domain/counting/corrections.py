"""Corrections: runs that a person made, and the port that stores them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from circles.domain.counting.runs import Run
from circles.domain.detections import Circle, FoundObject, Point
from circles.domain.events import Announce, nobody
from circles.domain.images import Image, Review

Expected = Callable[[str | None], bool]
"""Returns whether the served run is one that the client expects (If-Match)."""


@dataclass(frozen=True, slots=True)
class Kept:
    """An entry that keeps an object or a candidate of the run it is based on."""

    object_id: str


@dataclass(frozen=True, slots=True)
class Drawn:
    """An entry that a person drew, or moved: then replaces is the object that it was."""

    centroid: Point
    radius_px: float
    replaces: str | None = None


@dataclass(frozen=True, slots=True)
class Correction:
    """What a client sends. based_on is a run of the image."""

    based_on: str
    entries: tuple[Kept | Drawn, ...]
    idempotency_key: str | None = None
    digest: str = ""
    created_by: str | None = None


@dataclass(frozen=True, slots=True)
class Restore:
    """A request to serve an earlier run; None serves the predictor's newest again."""

    detection_id: str | None


@dataclass(frozen=True, slots=True)
class HumanRun:
    """
    A run to be stored.

    objects are pairs of a circle and its origin_id, None for a new one. request_digest tells
    requests with the same idempotency key apart.
    """

    detection_id: str
    parent_id: str
    objects: Sequence[tuple[Circle, str | None]]
    threshold: float | None
    review: Review
    created_by: str | None = None
    request_digest: str | None = None


class Corrections(Protocol):
    """Stores what people correct. Every method raises Unavailable, as in Catalogue."""

    def run(self, image_id: str, detection_id: str) -> Run:
        """Return a run of an image. Raises NotFound."""

    def entries(
        self, image_id: str, detection_id: str
    ) -> tuple[Sequence[FoundObject], Sequence[FoundObject]]:
        """Return all objects of a run, and all candidates that it can still reveal."""

    def correct(
        self,
        image_id: str,
        run: HumanRun,
        *,
        expected: Expected,
        now: datetime,
        announce: Announce = nobody,
    ) -> Image:
        """
        Add a human run with its objects, and pin it.

        One transaction does it all. A run with the same id is not added again.

        Raises:
            NotFound: the image or the parent is gone.
            PreconditionFailed: another run than expected is served.
            KeyReused: the run with this id was made by another request.
        """

    def restore(
        self,
        image_id: str,
        detection_id: str | None,
        *,
        expected: Expected,
        announce: Announce = nobody,
    ) -> Image:
        """
        Pin a run; None unpins and serves the newest run of the predictor.

        What is so already is left and not announced.

        Raises:
            NotFound: the image or the run is gone.
            PreconditionFailed: another run than expected is served.
        """
