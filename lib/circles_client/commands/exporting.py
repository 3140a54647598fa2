"""circles export and dataset."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from circles_client.commands.context import connect, image_filters
from circles_client.commands.output import Progress, count_of

_FORMATS = ("csv", "csv-images", "coco", "yolo", "label-studio", "xlsx")
_BINARY = ("yolo", "xlsx")


@click.command()
@click.option("--format", "name", type=click.Choice(_FORMATS), default="csv", show_default=True,
              help="csv has a row a circle, csv-images a row an image.")  # fmt: skip
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
              help="Written once it is complete; without it, stdout.")  # fmt: skip
@click.option(
    "--candidates", is_flag=True, help="Add what is below the threshold (csv, coco, xlsx)."
)
@click.option("--pictures", is_flag=True, help="Add the pictures (yolo).")
@click.option("--shape", type=click.Choice(["ellipse", "rectangle"]), help="For label-studio.")
@click.option("--image-url", type=click.Choice(["api", "s3"]), help="For label-studio.")
@image_filters
def export(
    name: str, output: Path | None, candidates: bool, pictures: bool, **filters: Any
) -> None:  # fmt: skip
    """
    Take the circles of many images away, in the format of another program.

    An export that breaks off leaves no file under its name, and the exit code is 1.
    """
    from circles_client.exports import check_whole
    from circles_client.files.writing import write_pieces

    if output is None and name in _BINARY and sys.stdout.isatty():
        raise click.UsageError(f"{name} is not text: name a file with -o.")
    more = {"candidates": "include" if candidates else None, "images": "1" if pictures else None}
    with connect().export(name, **more, **filters) as download:
        pieces = check_whole(download, name)
        if output is not None:
            write_pieces(output, pieces)
        else:
            for piece in pieces:
                click.echo(piece, nl=False)


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--review", "reviews", default="confirmed,corrected", show_default=True,
              metavar="REVIEW,...", help="Which images.")  # fmt: skip
@click.option("--batch", metavar="NAME", help="Only of this batch.")
@click.option("--jobs", type=click.IntRange(1, 32), default=4, help="Images read at once.")
def dataset(folder: Path, reviews: str, batch: str | None, jobs: int) -> None:
    """
    Make a data set of the images that people reviewed.

    FOLDER gets the pictures, annotations.json (COCO, with a split by the pictures' SHA-256) and
    negatives.json (what the predictor found and people deleted). `make evaluate` and `make train`
    read it. Repeat the command to bring it up to date; without new reviews, no byte changes.
    """
    from circles_client.dataset.gathering import write_dataset

    chosen = reviews.split(",")
    if unknown := set(chosen) - {"none", "confirmed", "corrected"}:
        raise click.BadParameter(
            f"not a review: {', '.join(sorted(unknown))}", param_hint="--review"
        )
    with Progress() as progress:
        written = write_dataset(
            connect(connections=jobs), folder, dict.fromkeys(chosen), jobs=jobs,
            step=progress.step, batch=batch,
        )  # fmt: skip
    doubled = f" {count_of(written.doubled, 'image')} with equal bytes left out."
    click.echo(
        f"{count_of(written.images, 'image')}, {count_of(written.circles, 'circle')}, "
        f"{count_of(written.deleted, 'deleted circle')}.{doubled if written.doubled else ''}",
        err=True,
    )
