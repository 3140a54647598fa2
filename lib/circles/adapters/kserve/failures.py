"""Say what a failed call of the predictor means, and how often it is retried."""

import logging
from collections.abc import Callable

from circles.adapters.http_client import (
    BrokenOff,
    CallFailed,
    NotReached,
    Reset,
    Response,
    TooMuch,
    TooSlow,
)
from circles.domain.errors import DetectorFailed, DetectorRefused, DetectorUnavailable

log = logging.getLogger("circles.detector")

_MAX_ATTEMPTS = 4
_MAX_ATTEMPTS_AFTER_RESET = 2
"""An idle connection may be reset once. So may the predictor, if the picture ends it."""
# the predictor is starting or full; a prediction is safe to retry
_TRANSIENT_STATUSES = (429, 502, 503)
_REFUSALS = (413, 415, 422)


class Failed(Exception):
    """
    A failed call.

    outcome is its label in the metrics, error is for the caller. It is retried before the deadline,
    after at least wait_s, if it was not attempt number max_attempts.
    """

    def __init__(
        self, outcome: str, error: DetectorFailed, *, max_attempts: int = 1, wait_s: float = 0.0
    ) -> None:
        super().__init__(str(error))
        self.outcome, self.error = outcome, error
        self.max_attempts, self.wait_s = max_attempts, wait_s


def _unreachable(max_attempts: int) -> Failed:
    error = DetectorUnavailable("The predictor cannot be reached.")
    return Failed("unreachable", error, max_attempts=max_attempts)


FAILURES: dict[type[CallFailed], Callable[[], Failed]] = {
    NotReached: lambda: _unreachable(_MAX_ATTEMPTS),
    Reset: lambda: _unreachable(_MAX_ATTEMPTS_AFTER_RESET),
    TooSlow: lambda: Failed(
        "timeout", DetectorUnavailable("The predictor did not answer in time.")
    ),
    BrokenOff: lambda: Failed("unusable", DetectorFailed("The predictor's answer broke off.")),
    TooMuch: lambda: Failed("unusable", DetectorFailed("The predictor's answer is too large.")),
}


def failure_of(answer: Response) -> Failed:
    """Return what a response other than 200 means."""
    status, words = answer.status, f"The predictor answered {answer.status}."
    if status in _TRANSIENT_STATUSES:
        wait_s = _retry_after_s(answer)
        error = DetectorUnavailable(words)
        return Failed("refused", error, max_attempts=_MAX_ATTEMPTS, wait_s=wait_s)
    log.warning("the predictor answered %d: %s", status, answer.words())
    if status in _REFUSALS:
        return Failed("refused", DetectorRefused(words))
    kind = DetectorUnavailable if status >= 500 else DetectorFailed
    return Failed("refused", kind(words))


def _retry_after_s(answer: Response) -> float:
    text = answer.headers.get("Retry-After", "")
    # a date is not parsed: the exponential back-off is enough
    return float(text) if text.isdecimal() else 0.0
