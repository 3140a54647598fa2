"""
Collect observations through the hooks that the rest of the code calls.

prometheus.py declares the metrics. A first request is answered without its library, whose import
costs a cold start 14 ms: observations are kept and counted at the next scrape, or when there are
KEPT_MAX of them.
"""

import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress

KEPT_MAX = 256

Gauges = Callable[[], Mapping[str, float]]
"""Returns the values of several gauges by name at each scrape, without those that are unknown."""


class Metrics:
    """The observations of one process that are not counted yet."""

    def __init__(self, *, keep_max: int = KEPT_MAX) -> None:
        self._keep_max = keep_max
        self._kept: deque[tuple[str, float, tuple[str, ...]]] = deque()
        self._asked: dict[str, Gauges] = {}
        self._identity = {"function": "", "build": ""}
        self._first_answer: dict[str, float] = {}

    @property
    def kept(self) -> int:
        """Return the number of observations that are not counted yet."""
        return len(self._kept)

    def identify(self, *, function: str, build: str) -> None:
        """Set the function's name, a label of every metric of ours, and the build."""
        self._identity.update(function=function, build=build)

    def ask_at_scrape(self, about: str, gauges: Gauges) -> None:
        """Call gauges at each scrape, replacing any earlier callback of the same name."""
        self._asked[about] = gauges

    def request_answered(
        self,
        route: str,
        status: int,
        seconds: float,
        *,
        refusal: str | None,
    ) -> None:
        """
        Observe that a request was answered.

        Args:
            route: the rule, such as /images/<image_id>, never a path with ids.
            refusal: the code of a problem (domain/errors.py), None for other responses.
        """
        self._first_answer.setdefault("circles_first_answer_timestamp_seconds", time.time())
        self._note("circles_request_seconds", seconds, route, str(status))
        if refusal:
            self._note("circles_refusals", 1, refusal)

    def image_stored(self, size_bytes: int) -> None:
        """Observe that a new image has its blob and its row."""
        self._note("circles_upload_bytes", size_bytes)

    def objects_found(self, count: int) -> None:
        """Observe the number of objects of a recorded detection."""
        self._note("circles_objects_per_image", count)

    def run_corrected(self, kind: str) -> None:
        """
        Observe that a person changed what is served.

        kind: confirmed, corrected, restored or unpinned.
        """
        self._note("circles_corrections", 1, kind)

    def scale_set(self, kind: str) -> None:
        """Observe that a client set a scale. kind: image, batch or removed."""
        self._note("circles_scales", 1, kind)

    def batch_completed(self) -> None:
        """Observe that a revision of a batch was announced."""
        self._note("circles_batches_completed", 1)

    def detection_deferred(self, kind: str) -> None:
        """
        Observe that too many images were pending for one more.

        kind: upload (stored and left to repair) or event (to be sent again).
        """
        self._note("circles_deferrals", 1, kind)

    def predictor_asked(self, outcome: str, seconds: float) -> None:
        """
        Observe that a detection ended, after all its attempts.

        outcome: detected, timeout, unreachable, refused, unusable, or failed (unexpected error).
        """
        self._note("circles_predictor_call_seconds", seconds, outcome)

    def database_locked(self, seconds: float) -> None:
        """Observe how long a write waited for the database's lock, also if it timed out."""
        self._note("circles_database_wait_seconds", seconds)

    def database_failed(self, fault: str) -> None:
        """Observe an error of the database by SQLite's name for it, such as SQLITE_BUSY."""
        self._note("circles_database_faults", 1, fault)

    def s3_failed(self, fault: str) -> None:
        """
        Observe that a call of the object store failed after its retries.

        fault: refused (the store answered) or unreachable (it did not).
        """
        self._note("circles_s3_faults", 1, fault)

    def event_handled(self, direction: str, event_type: str, outcome: str) -> None:
        """
        Observe that an event was received (direction "in") or sent ("out").

        Args:
            event_type: a CloudEvents type that this code knows, else "unknown", because a sender
                must not create labels.
            outcome: in: done, ignored, gone, refused (not retried), failed; out: sent, put off,
                rejected, given up.
        """
        self._note("circles_events", 1, direction, event_type, outcome)

    def exposition(self, accept: str) -> tuple[bytes, str]:
        """Return all metrics and their content type, in the format of an Accept header."""
        from circles.telemetry import prometheus

        self._count_kept()
        gauges = dict(self._first_answer)
        for ask in self._asked.values():
            gauges.update(ask())
        return prometheus.exposition(accept, gauges, **self._identity)

    def _note(self, name: str, value: float, *labels: str) -> None:
        self._kept.append((name, value, labels))
        if len(self._kept) >= self._keep_max:
            self._count_kept()

    def _count_kept(self) -> None:
        """Count every observation once, also if several threads do so: popleft gives it to one."""
        from circles.telemetry import prometheus

        with suppress(IndexError):
            while True:
                name, value, labels = self._kept.popleft()
                prometheus.observe(name, value, self._identity["function"], *labels)


metrics = Metrics()
"""The metrics of this process."""
