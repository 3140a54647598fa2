"""Format the samples of interleaved rounds as Markdown."""

import statistics
from collections.abc import Iterable, Mapping, Sequence

Samples = Mapping[str, Sequence[float]]
"""Name of the measured program to its figures, one for each round."""


def compute_ratio(samples: Samples, name: str, baseline: str) -> float:
    """
    Return the median of the ratios of the rounds.

    A slow minute of the machine changes it less than the ratio of the medians.
    """
    return statistics.median(
        ours / base for ours, base in zip(samples[name], samples[baseline], strict=True)
    )


def format_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
