"""Read images with what was found in them, a page at a time."""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from circles.adapters.sqlite import rows
from circles.adapters.sqlite.database import SqliteFile
from circles.adapters.sqlite.objects import OBJECT_COLUMNS, read_entries
from circles.adapters.sqlite.pages import find_page
from circles.domain.catalogue import Position
from circles.domain.detections import FoundObject
from circles.domain.exports.selections import Entry
from circles.domain.images import Image, ImageFilter, Order

_OBJECTS = f"""
    SELECT {OBJECT_COLUMNS}, detection_id FROM objects
    WHERE detection_id IN (SELECT value FROM json_each(?)) ORDER BY detection_id, position
"""
_AUTHORS = """
    SELECT detection_id, created_by FROM detections
    WHERE detection_id IN (SELECT value FROM json_each(?)) AND created_by IS NOT NULL
"""


class SqliteSelections:
    """Reads selections; opens the file on the first call."""

    def __init__(self, path: Path, *, busy_timeout_s: float, reserve_bytes: int = 0) -> None:
        self._file = SqliteFile(path, busy_timeout_s=busy_timeout_s, reserve_bytes=reserve_bytes)

    def entries(
        self,
        wanted: ImageFilter,
        *,
        limit: int,
        before: Position | None = None,
        candidates: bool = False,
    ) -> Sequence[Entry]:
        with self._file.snapshot() as connection:
            images = find_page(connection, wanted, Order.NEWEST, limit, before)
            runs = json.dumps([image.detection_id for image in images if image.detection_id])
            objects = _read_objects(connection, images, runs)
            authors = dict(connection.execute(_AUTHORS, [runs]).fetchall())
            return [
                Entry(
                    image,
                    objects.get(image.detection_id or "", ()),
                    _read_candidates(connection, image) if candidates else (),
                    authors.get(image.detection_id),
                )
                for image in images
            ]

    def close(self) -> None:
        """Close the idle connections."""
        self._file.close()


def _read_objects(
    connection: sqlite3.Connection, images: Sequence[Image], runs: str
) -> Mapping[str, Sequence[FoundObject]]:
    """Return the objects of runs, in the detector's order, by run."""
    models = {image.detection_id: (image.model, image.model_version) for image in images}
    found = defaultdict[str, list[FoundObject]](list)
    for *columns, detection_id in connection.execute(_OBJECTS, [runs]):
        model, version = models[detection_id]
        found[detection_id].append(rows.read_object(columns, model or "", version or ""))
    return found


def _read_candidates(connection: sqlite3.Connection, image: Image) -> Sequence[FoundObject]:
    if image.detection_id is None:
        return ()
    _, candidates = read_entries(connection, image.image_id, image.detection_id)
    return candidates


if TYPE_CHECKING:
    from circles.domain.exports.selections import Selections

    _: type[Selections] = SqliteSelections
