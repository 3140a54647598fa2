"""Samples of interleaved rounds, as Markdown."""

import statistics
from collections.abc import Iterable, Mapping, Sequence

Samples = Mapping[str, Sequence[float]]
"""Name of what was measured to one figure a round; the same position is the same round."""


def ratio(samples: Samples, name: str, baseline: str) -> float:
    """The median of the rounds' own ratios, which a slow minute of the machine moves less than a ratio of medians."""
    return statistics.median(ours / base for ours, base in zip(samples[name], samples[baseline], strict=True))


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
