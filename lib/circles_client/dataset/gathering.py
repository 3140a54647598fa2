"""Read reviewed images from the server and write them as a data set."""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from circles_client.client import Client
from circles_client.dataset.coco import (
    MAKER,
    Reviewed,
    describe_dataset,
    describe_negatives,
    encode,
    find_deleted,
)
from circles_client.errors import CirclesError, Incomplete, Problem
from circles_client.files.writing import write_pieces
from circles_client.transport.http import Json

LABELS, NEGATIVES, PICTURES = "annotations.json", "negatives.json", "images"
_OUR_PICTURE = re.compile(r"[0-9a-f]{64}\.[a-z]{3,4}")


@dataclass(frozen=True, slots=True)
class Written:
    """What a data set holds. doubled: images left out, because another one has their bytes."""

    images: int
    circles: int
    deleted: int
    doubled: int


def write_dataset(
    client: Client,
    folder: Path,
    reviews: Iterable[str],
    *,
    jobs: int = 4,
    step: Callable[[], None] = lambda: None,
    **filters: Any,
) -> Written:
    """
    Write the images with these reviews, their labels and what was deleted into a folder.

    Pictures that the folder has are not read again; those that it has too many are deleted. The
    label file comes last. step is called after each image. Raises CirclesError where there are no
    such images, or the folder holds the labels of another program.
    """
    _check_folder(folder)
    records = [image for review in reviews for image in client.images(review=review, **filters)]
    chosen = choose_images(records)
    if not chosen:
        raise CirclesError("No image was reviewed so; correct or confirm some first.")
    pool = ThreadPoolExecutor(jobs)
    try:
        results = _each(pool.map(lambda each: _read(client, folder, each), chosen), step)
        reviewed = [entry for entry in results if entry is not None]
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    labels = describe_dataset(reviewed)
    negatives = describe_negatives(reviewed)
    _delete_others(folder, {entry.file_name for entry in reviewed})
    write_pieces(folder / NEGATIVES, [encode(negatives)])
    write_pieces(folder / LABELS, [encode(labels)])
    doubled = len(records) - len(chosen)
    return Written(len(reviewed), len(labels["annotations"]), len(negatives), doubled)


def choose_images(records: Iterable[Json]) -> list[Json]:
    """Return one image of each SHA-256, in its order: rather a corrected one, then the newest."""
    best: dict[str, Json] = {}
    for image in records:
        if image["served"] is None:
            continue  # never detected
        other = best.get(image["sha256"])
        if other is None or _rank(image) > _rank(other):
            best[image["sha256"]] = image
    return [best[sha256] for sha256 in sorted(best)]


def _rank(image: Json) -> tuple[bool, str]:
    return image["review"] == "corrected", image["image_id"]


def _check_folder(folder: Path) -> None:
    try:
        known = json.loads((folder / LABELS).read_bytes())
    except FileNotFoundError:
        return
    except ValueError:
        known = None
    if not isinstance(known, dict) or known.get("info") != {"description": MAKER}:
        raise CirclesError(f"{folder / LABELS} is of another program: choose another folder.")


def _each(
    results: Iterable[Reviewed | None], step: Callable[[], None]
) -> Iterator[Reviewed | None]:
    for result in results:
        step()
        yield result


def _read(client: Client, folder: Path, image: Json) -> Reviewed | None:
    """Return an image with its objects, or None where it was deleted in between."""
    try:
        return _read_whole(client, folder, image)
    except Problem as error:
        if error.status == 404:
            return None
        raise


def _read_whole(client: Client, folder: Path, image: Json) -> Reviewed:
    objects = client.objects(image["image_id"], detection=image["served"], fields="full")
    machine = _first_run(client.runs(image["image_id"]), image["served"])
    found = client.objects(image["image_id"], detection=machine, fields="full") if machine else []
    entry = Reviewed(image, objects, find_deleted(objects, found))
    _write_picture(client, folder / PICTURES / entry.file_name, image)
    return entry


def _first_run(runs: list[Json], served: str | None) -> str | None:
    """Return the predictor's run that the served one began from."""
    by_id = {run["detection_id"]: run for run in runs}
    run = by_id.get(served or "")
    while run is not None and run["kind"] != "machine":
        run = by_id.get(run["parent_id"] or "")
    return run["detection_id"] if run else None


def _write_picture(client: Client, path: Path, image: Json) -> None:
    if path.is_file() and _sha256_of(path) == image["sha256"]:
        return
    with client.content(image["image_id"]) as download:
        write_pieces(path, _check(download, image["sha256"]))


def _check(pieces: Iterable[bytes], sha256: str) -> Iterator[bytes]:
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
        yield piece
    if digest.hexdigest() != sha256:
        raise Incomplete(f"A picture arrived damaged: its SHA-256 is not {sha256}.")


def _sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _delete_others(folder: Path, names: set[str]) -> None:
    """Delete pictures of images that were deleted, or are not reviewed any more."""
    for path in (folder / PICTURES).iterdir():
        if path.name not in names and _OUR_PICTURE.fullmatch(path.name):
            path.unlink()
