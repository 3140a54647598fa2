"""
What Prometheus may ask: KServe's histograms by KServe's names, so that its dashboards fit, and two counters of our own.

Names and label of the histograms are those of the KServe Python SDK (kserve/metrics.py); a failing call counts too.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import Counter, Histogram

PREPROCESS = Histogram("request_preprocess_seconds", "Reading the request and decoding its pictures", ["model_name"])
PREDICT = Histogram("request_predict_seconds", "Finding circles in the pictures of a request", ["model_name"])
POSTPROCESS = Histogram("request_postprocess_seconds", "Writing the answer", ["model_name"])
ERRORS = Counter("circles_predictor_errors_total", "Answers with an HTTP status of 400 or above", ["code"])
OBJECTS = Counter("circles_predictor_objects_total", "Circles found in pictures", ["model_name"])


class Stages:
    """Adds up the seconds that one request spends in each histogram, and observes each once at the end."""

    def __init__(self) -> None:
        self._spent_s: dict[Histogram, float] = {}

    @contextmanager
    def timed(self, stage: Histogram) -> Iterator[None]:
        """Count what runs inside towards stage, also where it raises."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self._spent_s[stage] = self._spent_s.get(stage, 0.0) + time.perf_counter() - start

    def observe(self, model_name: str) -> None:
        """Hand the sums over."""
        for stage, seconds in self._spent_s.items():
            stage.labels(model_name).observe(seconds)
