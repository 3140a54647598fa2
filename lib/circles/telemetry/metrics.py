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


class Metrics:
    """The observations of one process, until they are counted in."""

    def __init__(self, *, keep_max: int = KEPT_MAX) -> None:
        self._keep_max = keep_max
        self._kept: deque[tuple[str, float, tuple[str, ...]]] = deque()
        self._asked: dict[str, Gauges] = {}
        self._identity = {"function": "", "build": ""}
        self._first_answer: dict[str, float] = {}

    @property
    def kept(self) -> int:
        """How many observations wait to be counted in."""
        return len(self._kept)

    def identify(self, *, function: str, build: str) -> None:
        """Say who this process is; every metric of ours carries the function's name as a label."""
        self._identity.update(function=function, build=build)

    def ask_at_scrape(self, about: str, gauges: Gauges) -> None:
        """Ask gauges at each scrape from now on, instead of whom was asked about the same before."""
        self._asked[about] = gauges

    def request_answered(self, route: str, status: int, seconds: float, *, refusal: str | None) -> None:
        """
        A request was answered.

        Args:
            route: the rule, such as /images/<image_id>, never a path with ids.
            refusal: the problem's code (domain/errors.py), None where the answer is none.
        """
        self._first_answer.setdefault("circles_first_answer_timestamp_seconds", time.time())
        self._note("circles_request_seconds", seconds, route, str(status))
        if refusal:
            self._note("circles_refusals", 1, refusal)

    def image_stored(self, size_bytes: int) -> None:
        """A new image has its blob and its row."""
        self._note("circles_upload_bytes", size_bytes)

    def objects_found(self, count: int) -> None:
        """A detection was recorded, with so many objects."""
        self._note("circles_objects_per_image", count)

    def predictor_asked(self, outcome: str, seconds: float) -> None:
        """A detection ended after all its attempts. outcome: detected, timeout, unreachable, refused, unusable,
        or failed for what nobody foresaw."""
        self._note("circles_predictor_call_seconds", seconds, outcome)

    def database_locked(self, seconds: float) -> None:
        """A write got the database's lock, or gave up, after so long."""
        self._note("circles_database_wait_seconds", seconds)

    def database_failed(self, fault: str) -> None:
        """The database refused a call; fault is SQLite's name for it, such as SQLITE_BUSY."""
        self._note("circles_database_faults", 1, fault)

    def s3_failed(self, fault: str) -> None:
        """The object store failed a call after its retries. fault: refused (it answered), unreachable (it did not)."""
        self._note("circles_s3_faults", 1, fault)

    def event_handled(self, direction: str, event_type: str, outcome: str) -> None:
        """
        An event came (direction "in") or was sent ("out").

        Args:
            event_type: a CloudEvents type that this code knows, else "unknown": what a sender makes up is no label.
            outcome: in: done, ignored, gone, refused (never again), failed; out: sent, put off, rejected, given up.
        """
        self._note("circles_events", 1, direction, event_type, outcome)

    def exposition(self, accept: str) -> tuple[bytes, str]:
        """Return all metrics and their content type, in the form that an Accept header asks for."""
        from circles.telemetry import prometheus

        self._count_in()
        gauges = dict(self._first_answer)
        for ask in self._asked.values():
            gauges.update(ask())
        return prometheus.exposition(accept, gauges, **self._identity)

    def _note(self, name: str, value: float, *labels: str) -> None:
        self._kept.append((name, value, labels))
        if len(self._kept) >= self._keep_max:
            self._count_in()

    def _count_in(self) -> None:
        """Each observation is counted once, whichever threads are here together: popleft gives it to one of them."""
        from circles.telemetry import prometheus

        with suppress(IndexError):
            while True:
                name, value, labels = self._kept.popleft()
                prometheus.observe(name, value, self._identity["function"], *labels)


metrics = Metrics()
"""Those of this process."""
