"""Read what statistics add up: the sizes of each image's served run."""

import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from circles.adapters.sqlite.counting.scale_rows import read_scales
from circles.adapters.sqlite.database import SqliteFile
from circles.adapters.sqlite.pages import filter_images
from circles.adapters.sqlite.upkeep.queries import RADII
from circles.domain.exports.sizes import Sizes, measure_sizes
from circles.domain.exports.statistics import By, Row
from circles.domain.images import ImageFilter, Status

_GROUPS = {
    None: "NULL",
    By.BATCH: "images.batch",
    By.DAY: "substr(images.created_at, 1, 10)",
    By.MODEL: "run.model || ' ' || run.model_version",
}
_ROWS = """
    SELECT {group}, images.status, run.size_bins, run.size_total_px, run.size_least_px,
           run.size_most_px, images.scale_id, images.batch, run.detection_id
    FROM images LEFT JOIN detections AS run ON run.detection_id = images.detection_id {where}
"""
_SCALED = """
    SELECT DISTINCT images.scale_id, images.batch FROM images
    LEFT JOIN detections AS run ON run.detection_id = images.detection_id {where}
"""
_STATUS = {each.value: each for each in Status}


class SqliteStatistics:
    """Reads statistics; opens the file on the first call."""

    def __init__(self, path: Path, *, busy_timeout_s: float, reserve_bytes: int = 0) -> None:
        self._file = SqliteFile(path, busy_timeout_s=busy_timeout_s, reserve_bytes=reserve_bytes)

    def rows(self, wanted: ImageFilter, by: By | None, *, scales: bool) -> Iterator[Row]:
        conditions, values = filter_images(wanted)
        where = f"WHERE {conditions}" if conditions else ""
        with self._file.snapshot() as connection:
            factors = _read_factors(connection, where, values) if scales else {}
            query = _ROWS.format(group=_GROUPS[by], where=where)
            for group, status, *columns, scale_id, batch, run in connection.execute(query, values):
                sizes = _read_sizes(connection, columns, run)
                # an image's own scale has precedence, also while it is stale
                factor = factors.get(scale_id) if scale_id else factors.get(f"batch {batch}")
                yield Row(
                    group,
                    _STATUS[status],
                    sizes.bins,
                    sizes.total_px,
                    sizes.least_px,
                    sizes.most_px,
                    factor,
                )

    def close(self) -> None:
        """Close the idle connections."""
        self._file.close()


def _read_sizes(connection: sqlite3.Connection, columns: list[Any], run: str | None) -> Sizes:
    """Return the sizes of a run. Those of older code are measured until repair fills them in."""
    if run is None:
        return Sizes(b"", 0.0, None, None)
    if columns[0] is None:
        return measure_sizes([radius for (radius,) in connection.execute(RADII, [run])])
    return Sizes(*columns)


def _read_factors(
    connection: sqlite3.Connection, where: str, values: Mapping[str, Any]
) -> Mapping[str, float]:
    """Return millimetres per pixel of all scales that are not stale, by id, and by batch."""
    used = connection.execute(_SCALED.format(where=where), values).fetchall()
    ids = [scale_id for scale_id, _ in used if scale_id]
    batches = list({batch for _, batch in used if batch})
    if not ids and not batches:
        return {}
    valid = [each for each in read_scales(connection, ids, batches) if not each.stale]
    return {
        f"batch {each.batch}" if each.batch else each.scale_id: each.mm_per_px for each in valid
    }


if TYPE_CHECKING:
    from circles.domain.exports.statistics import Statistics

    _: type[Statistics] = SqliteStatistics
