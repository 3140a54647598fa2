"""
Add what statistics add up to each run: domain/exports/sizes.py says what.

The columns are NULL in older rows, and in rows that older code adds; repair fills them in.
"""

from sqlite_utils import Database


def apply(db: Database) -> None:
    db.table("detections").add_column("size_bins", bytes)
    for name in ("size_total_px", "size_least_px", "size_most_px"):
        db.table("detections").add_column(name, float)
    db.execute(
        "CREATE INDEX idx_detections_without_sizes ON detections (detection_id)"
        " WHERE size_bins IS NULL"
    )
