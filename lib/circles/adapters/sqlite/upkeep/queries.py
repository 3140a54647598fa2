"""The longer queries of upkeep.py."""

from circles.domain.detections import HUMAN
from circles.domain.errors import ObjectRefused

DUE = """
    WHERE images.status = 'pending' AND (images.due_at <= :now OR images.due_at > :latest_due)
    AND (images.claimed_until IS NULL OR images.claimed_until <= :now
         OR images.claimed_until > :latest_claim)
    ORDER BY images.attempts, images.due_at LIMIT :limit
"""
WITHOUT_SIZES = """
    SELECT detection_id FROM detections INDEXED BY idx_detections_without_sizes
    WHERE size_bins IS NULL LIMIT ?
"""
RADII = "SELECT radius_px FROM objects WHERE detection_id = ?"
FILL_IN_SIZES = """
    UPDATE detections SET size_bins = :size_bins, size_total_px = :size_total_px,
           size_least_px = :size_least_px, size_most_px = :size_most_px
    WHERE detection_id = :detection_id
"""
WITHOUT_CANDIDATES = f"""
    WHERE images.image_id > ? AND images.status = 'detected' AND run.floor IS NULL
    AND run.protocol <> '{HUMAN}' ORDER BY images.image_id LIMIT ?
"""
UNKNOWN_IDS = f"""
    SELECT value FROM json_each(:values)
    WHERE NOT EXISTS (SELECT 1 FROM images WHERE image_id = value)
    AND NOT EXISTS (
        SELECT 1 FROM refusals WHERE object_id = value
        AND (code <> '{ObjectRefused.code}' OR refused_at BETWEEN :refused_from AND :refused_to)
    )
    AND NOT EXISTS (SELECT 1 FROM tombstones WHERE image_id = value AND finished_at IS NULL)
"""
UNKNOWN_KEYS = """
    SELECT value FROM json_each(:values)
    WHERE NOT EXISTS (SELECT 1 FROM images WHERE key = value)
    AND NOT EXISTS (SELECT 1 FROM tombstones WHERE key = value)
"""
TOMBSTONES = """
    SELECT image_id, key, source, deleted_at FROM tombstones WHERE finished_at IS NULL
    ORDER BY coalesce(tried_at, deleted_at) LIMIT ?
"""
LEASE = """
    INSERT INTO leases (name, holder, until) VALUES (:name, :holder, :until)
    ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until
    WHERE leases.until <= :now OR leases.until > :latest OR leases.holder = excluded.holder
"""
BEGIN_LOOK = """
    INSERT OR REPLACE INTO looks (object_id, holder, until) VALUES (:object_id, :holder, :until)
"""
OTHER_LOOKS = """
    SELECT count(*) FILTER (WHERE until <= :now OR until > :latest),
           count(*) FILTER (WHERE until > :now AND until <= :latest)
    FROM looks WHERE object_id = :object_id AND holder <> :holder
"""
FILL_IN_COUNTS = """
    UPDATE images SET detection_id = detection_id WHERE image_id IN (
        SELECT image_id FROM images INDEXED BY idx_images_not_counted
        WHERE detection_id IS NOT NULL AND served_count IS NULL LIMIT ?)
"""
"""A trigger of schema/m004_counting.py copies the counts of the run when it is written."""
