"""Reads what a process says at /metrics."""

from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics
from prometheus_client.parser import text_string_to_metric_families as plain

from circles.telemetry import metrics


def samples(text):
    """Every sample as (name, labels, value); text as Prometheus' text format has it."""
    return [(each.name, each.labels, each.value) for family in plain(text) for each in family.samples]


def open_metrics_names(text):
    """The names of the samples in OpenMetrics' form; raises ValueError for what breaks its rules."""
    return {each.name for family in open_metrics(text) for each in family.samples}


def total(text, name, **labels):
    """The sum of all samples of that name whose labels are as given; 0 where there is none."""
    return sum(value for sample, known, value in samples(text) if sample == name and known.items() >= labels.items())


class Counted:
    """What was counted in this very process since it was made; the metrics of all tests are the same."""

    def __init__(self):
        self._before = self._text()

    def __call__(self, name, **labels):
        return total(self._text(), name, **labels) - total(self._before, name, **labels)

    def _text(self):
        return metrics.exposition("")[0].decode()
