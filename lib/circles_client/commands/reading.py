"""circles list, show, objects and delete."""

from __future__ import annotations

from itertools import islice
from typing import Any

import click

from circles_client.commands.context import (
    as_json,
    connect,
    detection,
    exit_code,
    finish,
    image_filters,
    image_ids,
    min_score,
)
from circles_client.commands.output import (
    Column,
    Table,
    describe_scale,
    minutes,
    number,
    print_document,
    readable,
)


@click.command("list")
@image_filters
@click.option("--order", type=click.Choice(["newest", "doubt"]), help="Which come first.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="At most so many.")
@as_json
def list_images(limit: int | None, as_json: bool, **filters: Any) -> None:
    """List images, the newest first."""
    table = Table(
        Column("IMAGE", 36), Column("CREATED", 17), Column("STATUS", 8),
        Column("CIRCLES", 7, is_number=True), Column("REVIEW", 9), Column("BATCH", 12),
        Column("FILE"),
    )  # fmt: skip
    if limit:
        filters["limit"] = min(limit, 200)  # a page
    for image in islice(connect().images(**filters), limit):
        if as_json:
            print_document(image)
        else:
            table.add(
                image["image_id"], minutes(image["created_at"]), image["status"],
                image["object_count"] if image["status"] == "detected" else None,
                image["review"], image["batch"], image["file_name"],
            )  # fmt: skip


@click.command()
@image_ids
@as_json
def show(image_ids: tuple[str, ...], as_json: bool) -> None:
    """Show the records of images."""
    client = connect()
    images = [client.image(image_id) for image_id in image_ids]
    for index, image in enumerate(images):
        if as_json:
            print_document(image)
        else:
            click.echo("\n" * bool(index) + "\n".join(_lines(image)))
    finish(
        exit_code(
            failed=any(image["status"] == "failed" for image in images),
            pending=any(image["status"] == "pending" for image in images),
        )
    )


@click.command()
@image_ids
@min_score
@click.option("--min-radius", type=click.FloatRange(min=0), metavar="PX", help="Radii at least.")
@click.option("--max-radius", type=click.FloatRange(min=0), metavar="PX", help="Radii at most.")
@click.option("--edge", type=click.Choice(["include", "exclude"]),
              help="exclude drops circles that touch the picture's edge.")  # fmt: skip
@detection
@as_json
def objects(image_ids: tuple[str, ...], as_json: bool, **filters: Any) -> None:
    """List the circles of images, in pixels of the upright picture."""
    client = connect()
    table = Table(
        Column("#", 4, is_number=True), Column("OBJECT", 36), Column("X", 8, is_number=True),
        Column("Y", 8, is_number=True), Column("RADIUS", 8, is_number=True),
        Column("SCORE", 5, is_number=True),        Column("MM", 9, is_number=True), Column("LABEL"),
    )  # fmt: skip
    for image_id in image_ids:
        numbered = enumerate(client.objects(image_id, fields="full", **filters), 1)
        for place, found in numbered:  # overlays have the same numbers
            if as_json:
                print_document(found)
            else:
                table.add(
                    place, found["object_id"], *(number(each) for each in found["centroid"]),
                    number(found["radius"]), number(found["score"], 2),
                    number(found["diameter_mm"], 3), found["label"],
                )  # fmt: skip


@click.command()
@image_ids
def delete(image_ids: tuple[str, ...]) -> None:
    """Delete images with their circles. Those that are gone already are skipped."""
    from circles_client.errors import Problem

    client = connect()
    for image_id in image_ids:
        try:
            client.delete(image_id)
        except Problem as problem:
            if problem.status != 404:
                raise


def _lines(image: dict[str, Any]) -> list[str]:
    rows = {
        "image": image["image_id"],
        "file": image["file_name"],
        "batch": image["batch"],
        "picture": f"{image['width']} x {image['height']} px, {image['media_type']}, "
        f"{image['size_bytes']:,} bytes",
        "sha256": image["sha256"],
        "created": minutes(image["created_at"]),
        "status": image["status"],
        "error": image["error"],
        "circles": _counts(image) if image["status"] == "detected" else None,
        "model": _model(image),
        "review": image["review"],
        "served run": image["served"],
        "scale": describe_scale(image["scale"]) if image["scale"] else None,
    }
    return [f"{name:<12}{readable(text)}" for name, text in rows.items() if text is not None]


def _counts(image: dict[str, Any]) -> str:
    doubtful = image["doubtful_count"]
    more = f", {doubtful:,} doubtful" if doubtful else ""
    return f"{image['object_count']:,}{more}"


def _model(image: dict[str, Any]) -> str | None:
    if image["model"] is None:
        return None
    threshold = image["threshold"]
    more = "" if threshold is None else f", threshold {threshold:g}"
    return f"{image['model']} {image['model_version']}{more}"
