"""circles correct and scale."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any

import click

from circles_client.commands.context import as_json, connect, finish
from circles_client.commands.output import (
    Progress,
    count_of,
    describe_scale,
    print_document,
    readable,
)

if TYPE_CHECKING:
    from circles_client.client import Client
    from circles_client.corrections import Correction


@click.command()
@click.argument("file", type=click.File("rb"))
@as_json
def correct(file: IO[bytes], as_json: bool) -> None:
    """
    Correct images by a table (- is stdin).

    The table is CSV with the columns image_id, object_id, centroid_x, centroid_y and radius;
    commas, semicolons with decimal commas, and tabs will do. Of each image in it, the rows are all
    circles that stay: change the centre or the radius to move one, add a row without an object_id
    for a new one, delete a row for a wrong one. A row with an image_id alone says that nothing is
    round there. Where the column detection_id is kept, an image that was corrected since is left
    alone.
    """
    from circles_client.corrections import read_corrections
    from circles_client.errors import CirclesError, NotAllowed

    corrections = read_corrections(file.read())
    client, codes = connect(), set()
    with Progress(len(corrections)) as progress:
        for correction in corrections:
            try:
                run, error = _apply(client, correction), None
            except NotAllowed:
                raise
            except CirclesError as failure:
                error = failure
            progress.clear()
            if error:
                click.echo(f"failed: {readable(correction.image_id)}: {readable(error)}", err=True)
            else:
                _print_run(run, as_json)
            codes.add(error.exit_code if error else 0)
            progress.step(failed=error is not None)
    finish(max(codes, default=0))


def _apply(client: Client, correction: Correction) -> dict[str, Any]:
    """Send the correction of one image, and return the new run. Raises CirclesError."""
    from circles_client.errors import CirclesError

    run = correction.run or client.image(correction.image_id)["served"]
    if run is None:
        raise CirclesError("The image is not detected yet: correct it once it is.")
    known = client.objects(correction.image_id, detection=run, fields="full", min_score=0)
    objects = correction.objects({each["object_id"]: each for each in known})
    return client.correct(correction.image_id, objects, based_on=run)


def _print_run(run: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_document(run)
    else:
        what = count_of(run["object_count"], "circle")
        click.echo(f"{run['review']:9}  {run['image_id']}  {what:>12}  run {run['detection_id']}")


@click.command()
@click.argument("image_id", required=False)
@click.option("--batch", metavar="NAME", help="Of all images of this batch, instead of one.")
@click.option("--object", "object_id", metavar="OBJECT_ID", help="A circle of known diameter.")
@click.option("--diameter-mm", type=click.FloatRange(min=0, min_open=True), metavar="MM",
              help="Its diameter: 23.25 for a 1 euro coin.")  # fmt: skip
@click.option("--mm-per-px", type=click.FloatRange(min=0, min_open=True), metavar="MM",
              help="The size of a pixel, instead of a circle.")  # fmt: skip
@click.option("--remove", is_flag=True, help="Remove the scale.")
@as_json
def scale(
    image_id: str | None, batch: str | None, object_id: str | None, diameter_mm: float | None,
    mm_per_px: float | None, remove: bool, as_json: bool,
) -> None:  # fmt: skip
    """
    Set the millimetres of an image, or of a batch.

    Either mark a circle (--object and --diameter-mm), or tell the size of a pixel (--mm-per-px).
    """
    if (image_id is None) == (batch is None):
        raise click.UsageError("Name either an image or a --batch.")
    marked = object_id is not None and diameter_mm is not None
    half = (object_id is None) != (diameter_mm is None)
    if half or marked + (mm_per_px is not None) + remove != 1:
        raise click.UsageError(
            "Give --object with --diameter-mm, or --mm-per-px, or --remove: one of the three."
        )
    client, where = connect(), {"image_id": image_id, "batch": batch}
    if remove:
        client.remove_scale(**where)
        return
    wanted = (
        {"object_id": object_id, "diameter_mm": diameter_mm} if marked else {"mm_per_px": mm_per_px}
    )
    answer = client.set_scale(wanted, **where)
    if as_json:
        print_document(answer)
    else:
        click.echo(describe_scale(answer["scale"] if image_id else answer))
