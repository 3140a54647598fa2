"""Tables that are written into the bucket, for clients that come back for them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from circles.domain.exports.tables import Table

PREFIX = "exports/"
"""Of the keys of jobs and of the tables that they write."""
KEPT = timedelta(days=1)
"""How long a table can be fetched."""


class JobStatus(StrEnum):
    """State of a job: to be written, written, or impossible."""

    PENDING = "pending"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Job:
    """
    One table to be written.

    attempts counts the processes that began it, error says why it is impossible. size_bytes is
    that of the written table.
    """

    job_id: str
    table: Table
    created_at: datetime
    attempts: int = 0
    error: str | None = None
    size_bytes: int | None = None

    @property
    def status(self) -> JobStatus:
        """Return the state."""
        if self.error is not None:
            return JobStatus.FAILED
        return JobStatus.PENDING if self.size_bytes is None else JobStatus.DONE
