"""circles export, overlay and dataset."""

from __future__ import annotations

import sys
from typing import Any

import click

from circles_client.commands.context import connect, image_filters
from circles_client.commands.output import Progress, count_of, readable

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
@image_filters
def export(
    name: str, output: str | None, candidates: bool, pictures: bool, **filters: Any
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
    with connect().export(name, **more, **filters) as download:
        pieces = check_whole(download, name)
        if output is not None:
            write_pieces(Path(output), pieces)
        else:
            for piece in pieces:
                click.echo(piece, nl=False)


@click.command()
@click.argument("image_ids", nargs=-1, required=True, metavar="IMAGE_ID...")
@click.option("--format", "kind", type=click.Choice(["svg", "png"]), default="svg",
              show_default=True)  # fmt: skip
@click.option(
    "--size",
    type=click.Choice(["2048", "full"]),
    help="Pixels of the longer side; full is for png.",
)
@click.option("--min-score", type=click.FloatRange(0, 1), metavar="SCORE",
              help="Below the run's threshold it reveals candidates.")  # fmt: skip
@click.option("--detection", metavar="RUN", help="Of another run than the served one.")
@click.option("-o", "--output", type=click.Path(dir_okay=False), metavar="FILE",
              help="Of one image; without it IMAGE_ID.svg or .png in --folder.")  # fmt: skip
@click.option("--folder", type=click.Path(file_okay=False), default=".")
def overlay(
    image_ids: tuple[str, ...], kind: str, output: str | None, folder: str, **options: Any
) -> None:
    """
    Draw numbered circles on pictures.

    The numbers are those of `circles objects`. The names of the files are printed.
    """
    from pathlib import Path

    from circles_client.files.writing import write_pieces

    if output is not None and len(image_ids) > 1:
        raise click.UsageError("-o is for one image: name a --folder for several.")
    client = connect()
    for image_id in image_ids:
        path = Path(output) if output else Path(folder, f"{image_id}.{kind}")
        with client.overlay(image_id, format=kind, **options) as download:
            write_pieces(path, download)
        click.echo(readable(path))


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
