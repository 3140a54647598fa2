"""
What is measured: the hooks that the rest of the code calls. prometheus.py declares the metrics and says them.

A first request is answered without prometheus_client, whose import costs a cold start 14 ms. Observations are kept and
counted in at the next scrape, or when KEPT_MAX have gathered, so that nothing is lost and nothing grows unseen.
"""

import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress

KEPT_MAX = 256

Gauges = Callable[[], Mapping[str, float]]
"""Asked at each scrape, once for several gauges: their values by name, without those that cannot be told now."""

_kept: deque[tuple[str, float, tuple[str, ...]]] = deque()
_asked: dict[str, Gauges] = {}
_identity = {"function": "", "build": ""}
_first_answer: dict[str, float] = {}


def identify(*, function: str, build: str) -> None:
    """Say who this process is; every metric of ours carries the function's name as a label."""
    _identity.update(function=function, build=build)


def ask_at_scrape(about: str, gauges: Gauges) -> None:
    """Ask gauges at each scrape from now on, instead of whom was asked about the same before."""
    _asked[about] = gauges


def request_answered(route: str, status: int, seconds: float, *, refusal: str | None) -> None:
    """
    A request was answered.

    Args:
        route: the rule, such as /images/<image_id>, never a path with ids.
        refusal: the problem's code (domain/errors.py), None where the answer is none.
    """
    _first_answer.setdefault("circles_first_answer_timestamp_seconds", time.time())
    _note("circles_request_seconds", seconds, route, str(status))
    if refusal:
        _note("circles_refusals", 1, refusal)


def image_stored(size_bytes: int) -> None:
    """A new image has its blob and its row."""
    _note("circles_upload_bytes", size_bytes)


def objects_found(count: int) -> None:
    """A detection was recorded, with so many objects."""
    _note("circles_objects_per_image", count)


def predictor_asked(outcome: str, seconds: float) -> None:
    """A detection ended after all its attempts. outcome: detected, timeout, unreachable, refused, unusable,
    or failed for what nobody foresaw."""
    _note("circles_predictor_call_seconds", seconds, outcome)


def database_locked(seconds: float) -> None:
    """A write got the database's lock, or gave up, after so long."""
    _note("circles_database_wait_seconds", seconds)


def database_failed(fault: str) -> None:
    """The database refused a call; fault is SQLite's name for it, such as SQLITE_BUSY."""
    _note("circles_database_faults", 1, fault)


def s3_failed(fault: str) -> None:
    """The object store failed a call after its retries. fault: refused (it answered), unreachable (it did not)."""
    _note("circles_s3_faults", 1, fault)


def event_handled(direction: str, event_type: str, outcome: str) -> None:
    """
    An event came (direction "in") or was sent ("out").

    Args:
        event_type: a CloudEvents type that this code knows, else "unknown": what a sender makes up is no label.
        outcome: in: done, ignored, gone, refused (never again), failed; out: sent, put off, rejected, given up.
    """
    _note("circles_events", 1, direction, event_type, outcome)


def exposition(accept: str) -> tuple[bytes, str]:
    """Return all metrics and their content type, in the form that an Accept header asks for."""
    from circles.telemetry import prometheus

    _count_in()
    gauges = dict(_first_answer)
    for ask in _asked.values():
        gauges.update(ask())
    return prometheus.exposition(accept, gauges, **_identity)


def _note(name: str, value: float, *labels: str) -> None:
    _kept.append((name, value, labels))
    if len(_kept) >= KEPT_MAX:
        _count_in()


def _count_in() -> None:
    """Each observation is counted once, whichever threads are here together: popleft gives it to one of them."""
    from circles.telemetry import prometheus

    with suppress(IndexError):
        while True:
            name, value, labels = _kept.popleft()
            prometheus.observe(name, value, _identity["function"], *labels)
