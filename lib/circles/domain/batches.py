"""Batches: images that a client names together."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Batch:
    """
    One batch with its images by state.

    revision counts how often it was announced as completed, quiet_at is the last time. open means
    that an image arrived since.
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
