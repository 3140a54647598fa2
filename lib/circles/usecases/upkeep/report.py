"""Count what one repair did and saw."""

from dataclasses import dataclass


@dataclass(slots=True)
class RepairReport:
    """Counts of one repair. Fields that end in _seen need an operator or more time."""

    adopted: int = 0
    """Blobs that had no row for longer than Rules.adopt_after, and are images now."""
    refused: int = 0
    """Such blobs that are not an accepted picture, or that the store refuses."""
    blobs_without_row_seen: int = 0
    rows_without_blob_seen: int = 0
    cut_short: bool = False
    """Time ran out or a dependency was unavailable; the next repair continues."""
    detected: int = 0
    put_off: int = 0
    """Detections that failed again and are due later."""
    failed: int = 0
    """Images that were given up."""
    blobs_deleted: int = 0
    renditions_deleted: int = 0
    """Pictures made of images that were deleted meanwhile."""
    batches_completed: int = 0
    """Revisions of batches that were announced."""
    counts_filled_in: int = 0
    """Images of older code by whose counts lists can filter now."""
    sizes_filled_in: int = 0
    """Runs of older code that statistics add up faster now."""
    leftovers_removed: int = 0
    """Temporary files of puts that were killed."""
    exports_deleted: int = 0
    """Objects of exports that were kept for a day."""
    events_sent: int = 0
    events_laid_aside_seen: int = 0
