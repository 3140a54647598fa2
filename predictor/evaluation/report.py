"""Present the figures as a table for people and as a document for machines."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from rich.table import Table

from predictor.evaluation.breakdown import Breakdown
from predictor.evaluation.figures import Figure
from predictor.evaluation.sweep import SweepVerdict

Row = Mapping[str, Figure]
_COLUMNS: tuple[tuple[str, str, str], ...] = (
    ("precision", "precision", ".3f"),
    ("recall", "recall", ".3f"),
    ("f1", "F1", ".3f"),
    ("mean_iou", "IoU", ".3f"),
    ("ap50", "AP50", ".3f"),
    ("ap50_95", "AP50:95", ".3f"),
    ("median_radius_error", "radius err", ".1%"),
    ("median_centre_error", "centre err", ".1%"),
    ("count_error_per_image", "count err", ".2f"),
    ("wrong_per_image", "false/img", ".2f"),
    ("milliseconds_per_image", "ms", ".0f"),
)


def table(rows: Mapping[tuple[str, str], Row], sizes: Mapping[str, tuple[int, int]]) -> Table:
    """
    Return one line per detector and domain. F1 has its 95 % interval.

    Args:
        rows: (domain, detector) to its figures.
        sizes: domain to its numbers of pictures and labelled circles.
    """
    result = Table(
        caption="F1 at IoU 0.5 with the shipped threshold; [95 % interval, bootstrap over pictures]"
    )
    result.add_column("domain")
    result.add_column("detector", overflow="fold")
    for _, title, _ in _COLUMNS:
        result.add_column(title, justify="right", no_wrap=True)
    for (domain, name), row in rows.items():
        pictures, circles = sizes[domain]
        result.add_row(
            f"{domain} ({pictures}/{circles})",
            name,
            *(_cell(key, row[key], form) for key, _, form in _COLUMNS),
        )
    return result


def _cell(key: str, figure: Figure, form: str) -> str:
    if math.isnan(figure.value):
        return "-"
    text = format(figure.value, form)
    return (
        f"{text} [{figure.low:.2f}, {figure.high:.2f}]"
        if key == "f1" and not math.isnan(figure.low)
        else text
    )


def breakdown_table(name: str, breakdown: Breakdown) -> Table:
    """Return one line per class of a breakdown."""
    error = "" if breakdown.error is None else f"; expected calibration error {breakdown.error:.3f}"
    result = Table(title=f"{name}: {breakdown.title}{error}")
    for title in (breakdown.classes, "number", *breakdown.columns):
        result.add_column(title, justify="right")
    for row in breakdown.rows:
        result.add_row(row.label, str(row.number), *(f"{value:.3f}" for value in row.values))
    return result


def sweep_table(name: str, verdicts: Sequence[SweepVerdict]) -> Table:
    """
    Return one line per size and one column per shape.

    A cell has the IoU, marked where the picture is not right.
    """
    shapes = list(dict.fromkeys(verdict.shape for verdict in verdicts))
    right = sum(verdict.right for verdict in verdicts)
    result = Table(
        title=f"{name}: {right} of {len(verdicts)} right; IoU, or number of finds where not one"
    )
    for title in ("share of the shorter side", *shapes):
        result.add_column(title, justify="right")
    for share in dict.fromkeys(verdict.share for verdict in verdicts):
        line = {v.shape: v for v in verdicts if v.share == share}
        result.add_row(f"{share:.0%}", *(_sweep_cell(line[shape]) for shape in shapes))
    return result


def _sweep_cell(verdict: SweepVerdict) -> str:
    text = f"{verdict.iou:.2f}" if verdict.finds == 1 else f"{verdict.finds} finds"
    return text if verdict.right else f"[red]{text}[/red]"


def document(
    rows: Mapping[tuple[str, str], Row],
    sizes: Mapping[str, tuple[int, int]],
    details: Mapping[str, Sequence[Breakdown]] | None = None,
) -> list[dict[str, Any]]:
    """
    Return the same as a list of objects. Undefined figures are null.

    details go to the last row of their detector, which is of all pictures.
    """
    result = _rows(rows, sizes)
    for row in reversed(result):
        if details and row["detector"] in details:
            row["details"] = [asdict(each) for each in details[row["detector"]]]
            details = {name: each for name, each in details.items() if name != row["detector"]}
    return result


def _rows(
    rows: Mapping[tuple[str, str], Row], sizes: Mapping[str, tuple[int, int]]
) -> list[dict[str, Any]]:
    return [
        {
            "domain": domain,
            "detector": name,
            "pictures": sizes[domain][0],
            "circles": sizes[domain][1],
            **{key: _plain(figure) for key, figure in row.items()},
        }
        for (domain, name), row in rows.items()
    ]


def _plain(figure: Figure) -> dict[str, float | None]:
    return {
        key: None if math.isnan(value) else round(value, 5) for key, value in asdict(figure).items()
    }
