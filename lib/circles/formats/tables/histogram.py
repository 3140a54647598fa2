"""Draw a histogram as SVG."""

from collections.abc import Sequence

_BINS = 20
_WIDTH, _HEIGHT, _MARGIN = 600, 160, 20


def write_histogram(values: Sequence[float], unit: str) -> str:
    """Return an SVG of twenty equal bins from the smallest to the largest value."""
    if not values:
        return "<p>There are no objects.</p>"
    low, high = min(values), max(values)
    counts = count_bins(values, low, high)
    bars = "".join(_write_bar(place, count, max(counts)) for place, count in enumerate(counts))
    return (
        f'<svg class="histogram" xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}"'
        f' height="{_HEIGHT + _MARGIN}" viewBox="0 0 {_WIDTH} {_HEIGHT + _MARGIN}"'
        f' font-family="sans-serif" font-size="12"><g fill="#1769aa">{bars}</g>'
        f'<text y="{_HEIGHT + 15}">{low:.4g} {unit}</text>'
        f'<text x="{_WIDTH}" y="{_HEIGHT + 15}" text-anchor="end">{high:.4g} {unit}</text></svg>'
    )


def count_bins(values: Sequence[float], low: float, high: float) -> list[int]:
    """Return how many values each bin holds. The last one includes high."""
    counts = [0] * _BINS
    width = (high - low) / _BINS or 1
    for value in values:
        counts[min(int((value - low) / width), _BINS - 1)] += 1
    return counts


def _write_bar(place: int, count: int, most: int) -> str:
    width, height = _WIDTH / _BINS, _HEIGHT * count / most
    return (
        f'<rect x="{place * width + 1:g}" y="{_HEIGHT - height:.1f}" width="{width - 2:g}"'
        f' height="{height:.1f}"><title>{count}</title></rect>'
    )
