"""Declare the metrics of every function. The only file that imports prometheus_client."""

from collections.abc import Iterable, Iterator, Mapping

from prometheus_client import (
    REGISTRY,
    CollectorRegistry,
    Counter,
    Histogram,
    disable_created_metrics,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from circles.version import read_version

# A second series for each counter, which is not used here.
disable_created_metrics()  # type: ignore[no-untyped-call]

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_WAITED_S = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5)
_BYTES = tuple(2.0**power for power in range(16, 26))  # 64 KiB to 32 MiB
_COUNT = (0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)

_DECLARED = (
    Histogram(
        "circles_request_seconds",
        "From a request's head to its response, without probes and scrapes",
        ["function", "route", "status"],
        buckets=_SECONDS,
    ),
    Counter(
        "circles_refusals",
        "Responses that are problems, by their code",
        ["function", "reason"],
    ),
    Histogram(
        "circles_upload_bytes",
        "Encoded size of the stored images",
        ["function"],
        buckets=_BYTES,
    ),
    Histogram(
        "circles_objects_per_image",
        "Objects of each recorded detection",
        ["function"],
        buckets=_COUNT,
    ),
    Counter(
        "circles_corrections",
        "Times that a person changed what is served",
        ["function", "kind"],
    ),
    Counter(
        "circles_scales",
        "Times that a client set or removed a scale",
        ["function", "kind"],
    ),
    Counter(
        "circles_batches_completed",
        "Revisions of batches that were announced",
        ["function"],
    ),
    Counter(
        "circles_deferrals",
        "Uploads and events that waited because too many images were pending",
        ["function", "kind"],
    ),
    Histogram(
        "circles_predictor_call_seconds",
        "Detections with all their attempts, by outcome",
        ["function", "outcome"],
        buckets=_SECONDS,
    ),
    Histogram(
        "circles_database_wait_seconds",
        "Wait for the database's write lock",
        ["function"],
        buckets=_WAITED_S,
    ),
    Counter(
        "circles_database_faults",
        "Errors of the database, by SQLite's name for them",
        ["function", "fault"],
    ),
    Counter(
        "circles_s3_faults",
        "Calls of the object store that failed after retries",
        ["function", "fault"],
    ),
    Counter(
        "circles_events",
        "Received and sent events",
        ["function", "direction", "type", "outcome"],
    ),
)
_OBSERVED = {family.name: metric for metric in _DECLARED for family in metric.describe()}

GAUGES = {
    "circles_images_pending": "Images whose detection is due",
    "circles_images_pending_oldest_seconds": "Age of the oldest image whose detection is due, or 0",
    "circles_outbox_pending": "Events that are recorded and not yet delivered",
    "circles_outbox_oldest_seconds": "Age of the oldest event that is not yet delivered, or 0",
    "circles_database_bytes": "Size of the catalogue's file",
    "circles_database_log_bytes": "Size of the catalogue's write-ahead log",
    "circles_database_free_bytes": "Free space of the catalogue's volume, without its reserve file",
    "circles_first_answer_timestamp_seconds": "Unix time of the first response that is not a probe",
}
"""The gauges that are read at each scrape. One that is unknown is absent, not 0."""


def observe(name: str, value: float, *labels: str) -> None:
    """Count one observation: add value to a counter, or observe it in a histogram."""
    metric = _OBSERVED[name].labels(*labels)
    if isinstance(metric, Counter):
        metric.inc(value)
    else:
        metric.observe(value)


def exposition(
    accept: str,
    gauges: Mapping[str, float],
    *,
    function: str,
    build: str,
) -> tuple[bytes, str]:
    """Return observations, gauges and the process's own metrics, in the format of accept."""
    encode, content_type = choose_encoder(accept)
    registry = CollectorRegistry()
    registry.register(_Now(gauges, function, build))
    return encode(registry), content_type


class _Now(Collector):
    """Collects all metrics of one moment."""

    def __init__(self, gauges: Mapping[str, float], function: str, build: str) -> None:
        self._gauges = gauges
        self._function = function
        self._build = build

    def describe(self) -> Iterable[Metric]:
        return ()  # otherwise registering would collect

    def collect(self) -> Iterator[Metric]:
        yield from REGISTRY.collect()
        labels = ["function", "version", "build"]
        info = GaugeMetricFamily("circles_build_info", "Version and build; always 1", labels=labels)
        info.add_metric([self._function, read_version(), self._build], 1)
        yield info
        for name, value in self._gauges.items():
            gauge = GaugeMetricFamily(name, GAUGES[name], labels=["function"])
            gauge.add_metric([self._function], value)
            yield gauge
