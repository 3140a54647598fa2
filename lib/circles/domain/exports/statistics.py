"""Numbers over many images: how many, how large; and the port that reads what they add up."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple, Protocol

from circles.domain.exports.sizes import BASE, shift_of, true_bin, unpack_bins
from circles.domain.images import ImageFilter, Status

_AT_ONCE = 10_000
"""Runs whose bins are counted together, which is faster than one by one."""
QUANTILES = {"p05": 0.05, "p25": 0.25, "p50": 0.5, "p75": 0.75, "p95": 0.95}


class Measure(StrEnum):
    """What of an object is measured."""

    RADIUS = "radius"
    DIAMETER = "diameter"


class By(StrEnum):
    """What images are grouped by: their batch, the day of creation, or the served version."""

    BATCH = "batch"
    DAY = "day"
    MODEL = "model"


class Row(NamedTuple):
    """
    One image of a selection.

    packed, total_px, least_px and most_px are those of Sizes, of the served run; packed is empty
    without one. mm_per_px is None without a scale, and while that is stale.
    """

    group: str | None
    status: Status
    packed: bytes
    total_px: float
    least_px: float | None
    most_px: float | None
    mm_per_px: float | None


class Statistics(Protocol):
    """Reads what statistics add up."""

    def rows(self, wanted: ImageFilter, by: By | None, *, scales: bool) -> Iterable[Row]:
        """
        Return the images that match, in no order, as of one moment. Raises Unavailable.

        Args:
            scales: whether mm_per_px is wanted.
        """


class Bin(NamedTuple):
    """Objects of a size from first, up to but not including end."""

    first: float
    end: float
    objects: int


@dataclass(slots=True)
class Summary:
    """
    Adds up images: radii in pixels or diameters in millimetres.

    objects counts all, unscaled those that have no diameter.
    """

    measure: Measure
    images: Counter[Status] = field(default_factory=Counter)
    objects: int = 0
    unscaled: int = 0
    total: float = 0.0
    least: float | None = None
    most: float | None = None
    _packed: dict[float, list[bytes]] = field(default_factory=lambda: defaultdict(list))
    _waiting: int = 0
    _bins: Counter[int] = field(default_factory=Counter)

    def add(self, row: Row) -> None:
        """Add an image."""
        self.images[row.status] += 1
        count = len(row.packed) // 2
        self.objects += count
        factor = 1.0 if self.measure is Measure.RADIUS else 2 * (row.mm_per_px or 0.0)
        if not count or row.least_px is None or row.most_px is None:
            return
        if not factor:
            self.unscaled += count
            return
        self._packed[factor].append(row.packed)
        self._waiting += 1
        if self._waiting == _AT_ONCE:
            self.count_bins()
        self.total += factor * row.total_px
        least, most = factor * row.least_px, factor * row.most_px
        self.least = least if self.least is None else min(self.least, least)
        self.most = most if self.most is None else max(self.most, most)

    @property
    def measured(self) -> int:
        """Return the number of objects that the sizes are of."""
        return self.objects - self.unscaled

    def count_bins(self) -> Mapping[int, int]:
        """Return the number of objects by bin."""
        for factor, packed in self._packed.items():
            shift = shift_of(factor)
            for found, count in Counter(unpack_bins(packed)).items():
                self._bins[true_bin(found, shift)] += count
        self._packed.clear()
        self._waiting = 0
        return self._bins


class Totals(NamedTuple):
    """The sum of a selection, and those of its groups by name if it was grouped."""

    whole: Summary
    groups: Mapping[str | None, Summary]


def find_quantiles(summary: Summary, bins: Mapping[int, int]) -> Mapping[str, float | None]:
    """Return QUANTILES of the sizes by name, each within 1 %; None if there are none."""
    found: dict[str, float | None] = dict.fromkeys(QUANTILES)
    if summary.least is None or summary.most is None:
        return found
    for name, share in QUANTILES.items():
        middle = BASE ** (_find_nth(bins, share * (summary.measured - 1)) + 0.5)
        found[name] = min(max(middle, summary.least), summary.most)
    return found


def merge_bins(bins: Mapping[int, int], most: int) -> Sequence[Bin]:
    """Return at most this number of bins, each as wide as the others on a logarithmic scale."""
    if not bins:
        return []
    low, high = min(bins), max(bins)
    width = -(-(high - low + 1) // most)
    counts = Counter[int]()
    for found, count in bins.items():
        counts[(found - low) // width] += count
    return [
        Bin(BASE ** (low + width * number), BASE ** (low + width * (number + 1)), counts[number])
        for number in range((high - low) // width + 1)
    ]


def _find_nth(bins: Mapping[int, int], position: float) -> int:
    """Return the bin of the object at a position of the sorted ones, from 0."""
    seen = 0
    for found in sorted(bins):
        seen += bins[found]
        if position < seen:
            return found
    return max(bins)
