"""What the use cases must know of the settings; settings.py says what each means by default."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Rules:
    """
    Numbers and names that decide.

    lease: after so long others may think that the process that claimed an image has died.
    repair_after: an image that is pending for so long is taken up by repair; doubled with every failed attempt.
    repair_budget: no repair begins another piece of work after so long.
    event_timeout: no sink takes longer to take or to refuse one event.
    """

    lease: timedelta
    incoming_prefix: str
    max_upload_bytes: int
    max_attempts: int
    repair_after: timedelta
    repair_budget: timedelta
    adopt_after: timedelta
    event_type_prefix: str
    event_source: str
    event_timeout: timedelta
    event_max_attempts: int
