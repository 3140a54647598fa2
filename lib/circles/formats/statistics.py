"""Build the JSON documents of statistics. Their shapes are those of openapi.json."""

from collections.abc import Mapping
from typing import Any

from circles.domain.exports.statistics import (
    By,
    Measure,
    Summary,
    find_quantiles,
    merge_bins,
)
from circles.domain.images import Status

_UNITS = {Measure.RADIUS: "px", Measure.DIAMETER: "mm"}


def summary_document(summary: Summary, most_bins: int) -> dict[str, Any]:
    """Return what a summary says: counts, and sizes in pixels or millimetres."""
    bins = summary.count_bins()
    mean = summary.total / summary.measured if summary.measured else None
    return {
        "images": {
            "total": summary.images.total(),
            **{status.value: summary.images[status] for status in Status},
        },
        "objects": summary.objects,
        "measure": summary.measure,
        "unit": _UNITS[summary.measure],
        "unscaled": summary.unscaled,
        "mean": _round(mean),
        "min": _round(summary.least),
        "max": _round(summary.most),
        "quantiles": {name: _round(value) for name, value in find_quantiles(summary, bins).items()},
        "bins": [
            {"from": _round(each.first), "to": _round(each.end), "count": each.objects}
            for each in merge_bins(bins, most_bins)
        ],
    }


def groups_document(
    groups: Mapping[str | None, Summary], by: By, most_bins: int
) -> list[dict[str, Any]]:
    """Return the groups by name; images without one come last, as null."""
    names = sorted(groups, key=lambda name: (name is None, name))
    return [{by.value: name, **summary_document(groups[name], most_bins)} for name in names]


def _round(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.6g}")
