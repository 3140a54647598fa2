"""circles export and dataset."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from circles_client.commands.context import PENDING, connect, finish, image_filters
from circles_client.commands.output import Progress, count_of

if TYPE_CHECKING:
    from circles_client.client import Client

_FORMATS = ("csv", "csv-images", "coco", "yolo", "label-studio", "xlsx", "report")
_BINARY = ("yolo", "xlsx")


@click.command()
@click.option("--format", "name", type=click.Choice(_FORMATS), default="csv", show_default=True,
              help="csv has a row a circle, csv-images a row an image.")  # fmt: skip
@click.option("-o", "--output", type=click.Path(dir_okay=False), metavar="FILE",
              help="Written once it is complete; without it, stdout.")  # fmt: skip
@click.option(
    "--candidates", is_flag=True, help="Add what is below the threshold (csv, coco, xlsx)."
)
@click.option("--pictures", is_flag=True, help="Add the pictures (yolo).")
@click.option("--shape", type=click.Choice(["ellipse", "rectangle"]), help="For label-studio.")
@click.option("--image-url", type=click.Choice(["api", "s3"]), help="For label-studio.")
@click.option("--background", is_flag=True,
              help="The server writes it first: for large selections.")  # fmt: skip
@click.option("--timeout", "timeout_s", type=click.FloatRange(min=0), default=3600.0,
              show_default=True, metavar="S", help="Longest wait with --background.")  # fmt: skip
@image_filters
def export(
    name: str, output: str | None, candidates: bool, pictures: bool, background: bool,
    timeout_s: float, **filters: Any,
) -> None:  # fmt: skip
    """
    Export circles as a table or data set.

    An export that breaks off leaves no file under its name, and the exit code is 1.
    """
    from pathlib import Path

    from circles_client.exports import check_whole
    from circles_client.files.writing import write_pieces

    if output is None and name in _BINARY and sys.stdout.isatty():
        raise click.UsageError(f"{name} is not text: name a file with -o.")
    more = {"candidates": "include" if candidates else None, "images": "1" if pictures else None}
    client = connect()
    if background:
        export_id = _write_first(client, timeout_s, name, **more, **filters)
        source = client.written_export(export_id)
    else:
        source = client.export(name, **more, **filters)
    with source as download:
        pieces = check_whole(download, name)
        if output is not None:
            write_pieces(Path(output), pieces)
        else:
            for piece in pieces:
                click.echo(piece, nl=False)


def _write_first(client: Client, timeout_s: float, name: str, **filters: Any) -> str:
    """Wait until the server has written a table, and return the export's id."""
    export = client.begin_export(name, **filters)
    export_id = str(export["export_id"])
    click.echo(f"The server writes the table: export {export_id}, kept for a day.", err=True)
    if client.wait_for_export(export_id, timeout_s)["status"] == "pending":
        click.echo(f"It is not written after {timeout_s:g} s.", err=True)
        finish(PENDING)
    return export_id


@click.command()
@click.argument("folder", type=click.Path(file_okay=False))
@click.option("--review", "reviews", default="confirmed,corrected", show_default=True,
              metavar="REVIEW,...", help="Which images.")  # fmt: skip
@click.option("--batch", metavar="NAME", help="Only of this batch.")
@click.option("--jobs", type=click.IntRange(1, 32), default=4, help="Images read at once.")
def dataset(folder: str, reviews: str, batch: str | None, jobs: int) -> None:
    """
    Make a data set of reviewed images.

    FOLDER gets the pictures, annotations.json (COCO, with a split by the pictures' SHA-256) and
    negatives.json (what the predictor found and people deleted). `make evaluate` and `make train`
    read it. Repeat the command to bring it up to date; without new reviews, no byte changes.
    """
    from pathlib import Path

    from circles_client.dataset.gathering import write_dataset

    chosen = reviews.split(",")
    if unknown := set(chosen) - {"none", "confirmed", "corrected"}:
        raise click.BadParameter(
            f"not a review: {', '.join(sorted(unknown))}", param_hint="--review"
        )
    with Progress() as progress:
        written = write_dataset(
            connect(connections=jobs), Path(folder), dict.fromkeys(chosen), jobs=jobs,
            step=progress.step, batch=batch,
        )  # fmt: skip
    doubled = f" {count_of(written.doubled, 'image')} with equal bytes left out."
    click.echo(
        f"{count_of(written.images, 'image')}, {count_of(written.circles, 'circle')}, "
        f"{count_of(written.deleted, 'deleted circle')}.{doubled if written.doubled else ''}",
        err=True,
    )
