"""The figures as a table for people and as a document for machines."""

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from rich.table import Table

from predictor.evaluation.figures import Figure

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
    One line per detector and domain; F1 with its 95 % interval.

    Args:
        rows: (domain, detector) to its figures.
        sizes: domain to its numbers of pictures and labelled circles.
    """
    result = Table(caption="F1 at IoU 0.5 with the shipped threshold; [95 % interval, bootstrap over pictures]")
    result.add_column("domain")
    result.add_column("detector", overflow="fold")
    for _, title, _ in _COLUMNS:
        result.add_column(title, justify="right", no_wrap=True)
    for (domain, name), row in rows.items():
        pictures, circles = sizes[domain]
        result.add_row(
            f"{domain} ({pictures}/{circles})", name, *(_cell(key, row[key], form) for key, _, form in _COLUMNS)
        )
    return result


def _cell(key: str, figure: Figure, form: str) -> str:
    if math.isnan(figure.value):
        return "-"
    text = format(figure.value, form)
    return f"{text} [{figure.low:.2f}, {figure.high:.2f}]" if key == "f1" and not math.isnan(figure.low) else text


def document(rows: Mapping[tuple[str, str], Row], sizes: Mapping[str, tuple[int, int]]) -> list[dict[str, Any]]:
    """The same as a list of objects; undefined figures are null."""
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
    return {key: None if math.isnan(value) else round(value, 5) for key, value in asdict(figure).items()}
