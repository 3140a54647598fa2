"""
Which values of a picture deeper than 8 bits become black and white.

The 0.1 and the 99.9 percentile, as microscopes' viewers take them: a few hot or dead pixels do not
count. Values that mean "nothing was measured here" do not count either.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from math import isfinite

Number = float
Levels = tuple[Number, Number]

_TRIMMED = 1000
"""One value of this number exceeds each end."""
_TRIMMED_FROM = 100
"""From this number of values on at least one exceeds each end."""
_FAR = 50
"""A value this number of ranges away from all others was not measured."""
_STRUCTURE = 64
"""Others count as a picture of their own from this number of different values on."""
_MARKERS = (-9999.0, -99999.0, 1e20)
"""What programs write where nothing was measured; also everything beyond _HUGE."""
_HUGE = 9e36
_LOWEST = (-32768.0, -32767.0, -2147483648.0)
"""They mean that, too, or the darkest ground that whole numbers can say."""


def levels(values: Sequence[Number], nodata: Number | None = None) -> Levels:
    """
    Return the values for black and white; equal where there is only one.

    Args:
        values: a fair sample of the picture's; NaN and infinite ones are left out.
        nodata: what the file says means that nothing was measured.
    """
    measured = sorted(each for each in values if isfinite(each) and each != nodata)
    for _ in range(2):  # nothing measured may be told by a value at either end
        measured = _without_far_value(measured)
    low, high = _percentiles(measured)
    if low == high:  # a plain ground: what is on it counts
        others = [each for each in measured if each != low]
        ends = _percentiles(others or measured)
        return min(low, ends[0]), max(high, ends[1])
    return low, high


def _percentiles(values: Sequence[Number]) -> Levels:
    """Return both percentiles of sorted values."""
    if not values:
        return 0, 0
    beyond = round(len(values) / _TRIMMED) or int(len(values) >= _TRIMMED_FROM)
    return values[beyond], values[-1 - beyond]


def _without_far_value(values: list[Number]) -> list[Number]:
    """Drop the lowest or the highest of sorted values where it cannot have been measured."""
    if not values:
        return values
    lowest, highest = values[0], values[-1]
    above, below = values[bisect_right(values, lowest) :], values[: bisect_left(values, highest)]
    if above and _is_far(lowest, above, len(values)):
        return above
    if below and _is_far(highest, below, len(values)):
        return below
    return values


def _is_far(value: Number, others: list[Number], count: int) -> bool:
    low, high = _percentiles(others)
    gap, extent = min(abs(value - low), abs(value - high)), high - low
    if value in _MARKERS or abs(value) > _HUGE:
        return gap > extent > 0
    alone = 2 * len(others) < count  # then the others are what is on a plain ground
    if alone or len(set(others)) < _STRUCTURE:
        return False
    return gap > extent * (1 if value in _LOWEST else _FAR)
