"""
Limit how long one request waits, all its waits together.

Every wait for memory and for a free predictor takes its time from one deadline. Work itself is not
cut off. Background work and repair have no such deadline, because no client waits for them.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

REQUEST_WAIT_S = 5.0
"""From when a request has arrived with its body. A slow sender's own time does not count."""

_deadline: ContextVar[float | None] = ContextVar("deadline", default=None)


@contextmanager
def limited_waits(received_at: float | None = None) -> Iterator[None]:
    """
    Limit all waits of the with block together.

    Args:
        received_at: when the request had arrived, by time.monotonic(); None is now.
    """
    began = time.monotonic() if received_at is None else received_at
    token = _deadline.set(began + REQUEST_WAIT_S)
    try:
        yield
    finally:
        _deadline.reset(token)


def end_waiting() -> None:
    """Go on without a deadline."""
    _deadline.set(None)


def remaining_s() -> float | None:
    """Return how long the current request may still wait, 0 or more; None without a deadline."""
    deadline = _deadline.get()
    return None if deadline is None else max(deadline - time.monotonic(), 0.0)
