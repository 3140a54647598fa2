"""
Radii as bins whose limits are 1 % apart, so that many can be added up.

Bin b holds the radii from BASE ** b up to BASE ** (b + 1). A quantile or a bin of a histogram that
is read from them is wrong by 1 % at most.
"""

import math
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from sys import byteorder

BASE = 1.01
_LOWEST, _HIGHEST = -1000, 2500
"""Of all bins: radii from 5e-5 to 6e10 pixels."""
_LOG_BASE = math.log(BASE)


@dataclass(frozen=True, slots=True)
class Sizes:
    """The radii of a run's objects: packed bins, their sum, the least and the most, in pixels."""

    bins: bytes
    total_px: float
    least_px: float | None
    most_px: float | None


def measure_sizes(radii_px: Sequence[float]) -> Sizes:
    """Return the sizes of a run."""
    bins = array("H", (find_bin(radius) - _LOWEST for radius in radii_px))
    if byteorder == "big":
        bins.byteswap()
    least, most = (min(radii_px), max(radii_px)) if radii_px else (None, None)
    return Sizes(bins.tobytes(), math.fsum(radii_px), least, most)


def unpack_bins(packed: Iterable[bytes]) -> Sequence[int]:
    """Return the bins of several runs, less the lowest possible one."""
    bins = array("H", b"".join(packed))
    if byteorder == "big":
        bins.byteswap()
    return bins


def find_bin(size: float) -> int:
    """Return the bin of a size above 0."""
    found = math.floor(math.log(size) / _LOG_BASE)
    return min(max(found, _LOWEST), _HIGHEST)


def shift_of(factor: float) -> float:
    """Return by how many bins sizes move that are multiplied by a factor."""
    return math.log(factor) / _LOG_BASE


def true_bin(packed: int, shift: float) -> int:
    """Return the bin of an unpacked one whose middle is moved by a number of bins."""
    return math.floor(packed + _LOWEST + 0.5 + shift)
