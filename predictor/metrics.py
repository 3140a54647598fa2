"""
Count and time requests for Prometheus.

Names and label of the histograms are those of the KServe Python SDK (kserve/metrics.py), so that
its dashboards fit. Failed calls count, too.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import Counter, Histogram

PREPROCESS = Histogram(
    "request_preprocess_seconds", "Reading the request and decoding its pictures", ["model_name"]
)
PREDICT = Histogram(
    "request_predict_seconds", "Finding circles in the pictures of a request", ["model_name"]
)
POSTPROCESS = Histogram("request_postprocess_seconds", "Writing the response", ["model_name"])
ERRORS = Counter(
    "circles_predictor_errors_total", "Responses with an HTTP status of 400 or above", ["code"]
)
OBJECTS = Counter("circles_predictor_objects_total", "Circles found in pictures", ["model_name"])


class Stages:
    """Sums up the seconds of one request per histogram. Each sum is observed once, at the end."""

    def __init__(self) -> None:
        self._spent_s: dict[Histogram, float] = {}

    @contextmanager
    def timed(self, stage: Histogram) -> Iterator[None]:
        """Add the time of the with block to stage, also if it raises."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self._spent_s[stage] = self._spent_s.get(stage, 0.0) + time.perf_counter() - start

    def observe(self, model_name: str) -> None:
        """Observe the sums."""
        for stage, seconds in self._spent_s.items():
            stage.labels(model_name).observe(seconds)
