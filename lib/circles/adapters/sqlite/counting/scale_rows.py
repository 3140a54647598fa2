"""Read scales, and give them to images."""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from circles.domain.detections import touches_edge
from circles.domain.images import Image

if TYPE_CHECKING:  # a cold start reads none
    from circles.domain.counting.scales import Reference, Scale, ScaleWarning

_SCALES = """
    SELECT scales.*, image.width AS image_width, image.height AS image_height,
           served.object_id AS served_id, x, y, served.width, served.height
    FROM scales
    LEFT JOIN images AS image ON image.image_id = scales.reference_id
    LEFT JOIN objects AS served ON served.detection_id = image.detection_id
        AND served.radius_px = scales.radius_px
        AND served.centroid_x = scales.centroid_x AND served.centroid_y = scales.centroid_y
    WHERE scales.scale_id IN (SELECT value FROM json_each(:ids))
    OR scales.batch IN (SELECT value FROM json_each(:batches))
"""
"""
Scales, each with its reference as it is served now.

A reference that was corrected has another centre or radius. One that was kept, or found again in
the same place, has not.
"""


def add_scales(connection: sqlite3.Connection, images: Sequence[Image]) -> Sequence[Image]:
    """Return images with their scales. Nothing is read if none can have one."""
    ids = [image.scale_id for image in images if image.scale_id]
    batches = list({image.batch for image in images if image.batch})
    if not ids and not batches:
        return images
    found = read_scales(connection, ids, batches)
    own = {scale.scale_id: scale for scale in found}
    shared = {scale.batch: scale for scale in found if scale.batch}
    return [
        replace(image, scale=own.get(image.scale_id or "") or shared.get(image.batch or ""))
        for image in images
    ]


def read_scales(
    connection: sqlite3.Connection, ids: Sequence[str | None], batches: Sequence[str | None]
) -> "Sequence[Scale]":
    """Return the scales with these ids, and those of these batches."""
    values = {"ids": json.dumps(ids), "batches": json.dumps(batches)}
    found = {row["scale_id"]: _read_scale(row) for row in connection.execute(_SCALES, values)}
    return list(found.values())


def _read_scale(row: sqlite3.Row) -> "Scale":
    from circles.domain.counting.scales import Scale

    return Scale(
        scale_id=row["scale_id"],
        mm_per_px=row["mm_per_px"],
        created_at=datetime.fromisoformat(row["created_at"]),
        created_by=row["created_by"],
        batch=row["batch"],
        reference=_read_reference(row) if row["origin_id"] else None,
        stale=bool(row["origin_id"]) and row["served_id"] is None,
    )


def _read_reference(row: sqlite3.Row) -> "Reference":
    from circles.domain.counting.scales import Reference, find_warnings

    warnings: tuple[ScaleWarning, ...] = ()
    if row["served_id"]:
        bbox = (row["x"], row["y"], row["width"], row["height"])
        edge = touches_edge(bbox, row["image_width"], row["image_height"])
        warnings = find_warnings(bbox, edge=edge)
    return Reference(
        image_id=row["reference_id"],
        object_id=row["served_id"] or row["object_id"],
        origin_id=row["origin_id"],
        diameter_mm=row["diameter_mm"],
        radius_px=row["radius_px"],
        centroid=(row["centroid_x"], row["centroid_y"]),
        warnings=warnings,
    )
