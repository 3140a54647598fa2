"""circles overlay, thumbnail and crop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from circles_client.commands.context import connect, detection, image_ids, min_score
from circles_client.commands.output import readable

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

    from circles_client.transport.http import Download

_folder = click.option("--folder", type=click.Path(file_okay=False), default=".")


@click.command()
@image_ids
@click.option("--format", "kind", type=click.Choice(["svg", "png"]), default="svg",
              show_default=True)  # fmt: skip
@click.option(
    "--size",
    type=click.Choice(["2048", "full"]),
    help="Pixels of the longer side; full is for png.",
)
@min_score
@detection
@click.option("-o", "--output", type=click.Path(dir_okay=False), metavar="FILE",
              help="Of one image; without it IMAGE_ID.svg or .png in --folder.")  # fmt: skip
@_folder
def overlay(
    image_ids: tuple[str, ...], kind: str, output: str | None, folder: str, **options: Any
) -> None:
    """
    Draw numbered circles on pictures.

    The numbers are those of `circles objects`. The names of the files are printed.
    """
    from pathlib import Path

    if output is not None and len(image_ids) > 1:
        raise click.UsageError("-o is for one image: name a --folder for several.")
    client = connect()
    for image_id in image_ids:
        path = Path(output) if output else Path(folder, f"{image_id}.{kind}")
        _save(client.overlay(image_id, format=kind, **options), path)


@click.command()
@image_ids
@click.option("--width", type=click.Choice(["256", "1024", "2048"]), default="256",
              show_default=True, help="Pixels of the longer side, at most.")  # fmt: skip
@_folder
def thumbnail(image_ids: tuple[str, ...], width: str, folder: str) -> None:
    """
    Save smaller pictures, each as IMAGE_ID.jpg.

    The names of the files are printed.
    """
    from pathlib import Path

    client = connect()
    for image_id in image_ids:
        _save(client.thumbnail(image_id, width=int(width)), Path(folder, f"{image_id}.jpg"))


@click.command()
@click.argument("image_id")
@click.argument("object_ids", nargs=-1, metavar="[OBJECT_ID...]")
@_folder
def crop(image_id: str, object_ids: tuple[str, ...], folder: str) -> None:
    """
    Save the pixels of circles, each as OBJECT_ID.jpg.

    Without an OBJECT_ID, those of all circles of the image. The names of the files are printed.
    """
    from pathlib import Path

    client = connect()
    for object_id in object_ids or [each["object_id"] for each in client.objects(image_id)]:
        _save(client.crop(image_id, object_id), Path(folder, f"{object_id}.jpg"))


def _save(source: AbstractContextManager[Download], path: Path) -> None:
    """Write what the server answers, whole or not at all, and print the file's name."""
    from circles_client.files.writing import write_pieces

    with source as download:
        write_pieces(path, download)
    click.echo(readable(path))
