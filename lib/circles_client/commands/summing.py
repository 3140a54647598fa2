"""circles stats and batches."""

from __future__ import annotations

from typing import Any

import click

from circles_client.commands.context import as_json, connect, image_filters
from circles_client.commands.output import Column, Table, minutes, number, print_document


@click.command()
@click.option("--measure", type=click.Choice(["radius", "diameter"]),
              help="Radii in pixels (the default), or diameters in millimetres.")  # fmt: skip
@click.option("--by", type=click.Choice(["batch", "day", "model"]), help="Each group, too.")
@click.option("--bins", type=click.IntRange(1, 200), metavar="N", help="Of the histogram in JSON.")
@image_filters
@as_json
def stats(by: str | None, as_json: bool, **filters: Any) -> None:
    """Add up what was found in a selection of images."""
    found = connect().stats(by=by, **filters)
    if as_json:
        print_document(found)
        return
    unit = found["unit"].upper()
    table = Table(
        Column("IMAGES", 8, True), Column("PENDING", 8, True), Column("FAILED", 8, True),
        Column("CIRCLES", 8, True), Column(f"MIN {unit}", 8, True),
        Column(f"MEDIAN {unit}", 9, True), Column(f"MEAN {unit}", 8, True),
        Column(f"MAX {unit}", 8, True), Column((by or "").upper()),
    )  # fmt: skip
    groups = [(each, each[by]) for each in found.get("groups", [])]
    for each, name in [*groups, (found, "all" if by else "")]:
        sizes = [each["min"], each["quantiles"]["p50"], each["mean"], each["max"]]
        images = [each["images"][state] for state in ("total", "pending", "failed")]
        table.add(*images, each["objects"], *(number(size, 2) for size in sizes), name)


@click.command()
@as_json
def batches(as_json: bool) -> None:
    """List the batches, the newest first."""
    table = Table(
        Column("CREATED", 17), Column("DETECTED", 8, True), Column("PENDING", 8, True),
        Column("FAILED", 8, True), Column("COMPLETED", 17), Column("BATCH"),
    )  # fmt: skip
    for batch in connect().batches():
        if as_json:
            print_document(batch)
        else:
            table.add(
                minutes(batch["created_at"]), batch["detected"], batch["pending"], batch["failed"],
                minutes(None if batch["open"] else batch["completed_at"]), batch["batch"],
            )  # fmt: skip
