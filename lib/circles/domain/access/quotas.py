"""How often a principal may upload and detect."""

from datetime import UTC, datetime
from typing import NamedTuple

from circles.domain.errors import TooManyRequests

UPLOADS, DETECTIONS = "uploads", "detections"


class Quota(NamedTuple):
    """The limit of a principal in this minute. It is counted in the transaction of the work."""

    principal: str
    kind: str
    limit: int
    now: datetime

    @property
    def minute(self) -> str:
        """Return this minute, such as 2026-03-01T12:30."""
        return self.now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M")

    def refuse(self) -> TooManyRequests:
        """Return the error of a principal that has used its quota up."""
        words = f"These are more than {self.limit:,} {self.kind} a minute; try again later."
        return TooManyRequests(words, retry_after_s=60 - self.now.second)
