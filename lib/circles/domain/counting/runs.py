"""Runs of an image, those of the predictor and those that a person made."""

from dataclasses import dataclass
from datetime import datetime

from circles.domain.detections import HUMAN
from circles.domain.images import Review


@dataclass(frozen=True, slots=True)
class Run:
    """
    One detection of an image.

    threshold is the score from which the run's objects count, None if the predictor states none.
    sure_count and doubtful_count are None where threshold is. parent_id is the run that a human one
    began from, request_digest that of the request if it had an idempotency key. pinned means that a
    person chose the run, so that no machine run replaces it.
    """

    detection_id: str
    image_id: str
    model: str
    model_version: str
    protocol: str
    duration_ms: float
    object_count: int
    created_at: datetime
    threshold: float | None = None
    sure_count: int | None = None
    doubtful_count: int | None = None
    parent_id: str | None = None
    created_by: str | None = None
    request_digest: str | None = None
    review: Review = Review.NONE
    served: bool = False
    pinned: bool = False

    @property
    def is_human(self) -> bool:
        """Return whether a person made it."""
        return self.protocol == HUMAN
