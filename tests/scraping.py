"""Read the metrics of a process."""

from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics
from prometheus_client.parser import text_string_to_metric_families as plain

from circles.telemetry.metrics import metrics


def samples(text):
    """Yield (name, labels, value) of each sample in Prometheus' text format."""
    return [
        (each.name, each.labels, each.value) for family in plain(text) for each in family.samples
    ]


def open_metrics_names(text):
    """Return the sample names of an OpenMetrics text. Raises ValueError for invalid text."""
    return {each.name for family in open_metrics(text) for each in family.samples}


def total(text, name, **labels):
    """Return the sum of the matching samples, or 0."""
    return sum(
        value
        for sample, known, value in samples(text)
        if sample == name and known.items() >= labels.items()
    )


class Counted:
    """Count what this process recorded since creation. All Metrics share the counters."""

    def __init__(self, metrics=metrics):
        self._metrics = metrics
        self._before = self._text()

    def __call__(self, name, **labels):
        return total(self._text(), name, **labels) - total(self._before, name, **labels)

    def _text(self):
        return self._metrics.exposition("")[0].decode()
