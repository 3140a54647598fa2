"""Write a data set for YOLO: a zip of labels/, data.yaml and, if asked for, images/."""

import json
from collections.abc import Callable, Iterable, Iterator
from typing import IO

from circles.domain.detections import Bbox
from circles.domain.exports.selections import Entry
from circles.domain.exports.tables import PictureFile
from circles.domain.images import Image
from circles.domain.pictures import EXTENSIONS
from circles.formats.tables.comma_separated import Table
from circles.formats.tables.labels import Labels, has_run
from circles.formats.tables.rows import IMAGE_COLUMNS, image_row
from circles.formats.tables.zip_files import ZipPieces

ReadPicture = Callable[[Image], PictureFile | None]
"""Returns an image's picture the right way up, or None if it is gone."""


def write_yolo(
    entries: Iterable[Entry], spool: IO[str], read_picture: ReadPicture | None = None
) -> Iterator[bytes]:
    """
    Yield the archive. Files are named by image_id; images.csv has the images' own names.

    Images without a run are left out. complete.json, the last file, has the totals.

    Args:
        spool: an empty file that keeps images.csv until the labels are written.
        read_picture: reads what images/ holds. An image whose picture is gone is left out.
    """
    archive, labels, images = ZipPieces(), Labels(first=0), Table(spool.write, IMAGE_COLUMNS)
    counts = {"images": 0, "objects": 0, "without_run": 0, "without_picture": 0}
    for entry in entries:
        image = entry.image
        picture = read_picture(image) if read_picture and has_run(entry) else None
        if not has_run(entry):
            counts["without_run"] += 1
        elif read_picture and not picture:
            counts["without_picture"] += 1
        else:
            counts["images"] += 1
            counts["objects"] += len(entry.objects)
            images.add(image_row(entry))
            if picture:
                name = f"images/{image.image_id}{EXTENSIONS[picture.media_type]}"
                with picture.file as file:
                    yield from archive.add_file(name, file)
            yield archive.add(f"labels/{image.image_id}.txt", _write_labels(entry, labels))
    spool.seek(0)
    yield from archive.add_lines("images.csv", spool)
    yield archive.add("data.yaml", _describe(labels))
    yield archive.add("complete.json", json.dumps({"complete": True, **counts}) + "\n")
    yield archive.close()


def _write_labels(entry: Entry, labels: Labels) -> str:
    """Return "class x y width height" for each object: the box's centre and size, as shares."""
    width, height = entry.image.width, entry.image.height
    return "".join(
        f"{labels.number(found.circle.label)} {_share(found.circle.bbox, width, height)}\n"
        for found in entry.objects
    )


def _share(bbox: Bbox, width: int, height: int) -> str:
    x, y, box_width, box_height = bbox
    shares = (
        (x + box_width / 2) / width,
        (y + box_height / 2) / height,
        box_width / width,
        box_height / height,
    )
    return " ".join(f"{share:.7f}" for share in shares)


def _describe(labels: Labels) -> str:
    """Return data.yaml. JSON is YAML, and escapes whatever a label may be."""
    names = list(labels.names().values())
    return (
        "path: .\ntrain: images\nval: images\n"
        f"nc: {len(names)}\nnames: {json.dumps(names, ensure_ascii=False)}\n"
    )
