"""
The SQL of the code before claims had a column of their own (commit 46f6359), as it executes it.

During a rollout the old revision serves from the same file, so every migration must leave it
working: it names its columns where it inserts, and reads rows by name. What it puts together from
field names (inserts) is written out here.
"""

IMAGE = """
    SELECT images.*, coalesce(run.object_count, 0) AS object_count, run.model, run.model_version,
           run.duration_ms AS detection_ms, run.created_at AS detected_at
    FROM images LEFT JOIN detections AS run ON run.detection_id = images.detection_id
"""
ADD = """
    INSERT INTO images (image_id, key, media_type, size_bytes, sha256, width, height, source,
                        status, file_name, idempotency_key, attempts, error, created_at,
                        claimed_until, due_at)
    VALUES (:image_id, :key, 'image/png', 1, 'ab', 9, 9, 'upload', 'pending', NULL,
            :idempotency_key, :attempts, NULL, :now, :claimed_until, :due_at)
"""
CLAIM = """
    UPDATE images SET claimed_until = :until, attempts = attempts + 1,
           due_at = CASE status WHEN 'pending' THEN :until END
    WHERE image_id = :image_id AND (:again OR status = 'pending')
    AND (claimed_until IS NULL OR claimed_until <= :now)
"""
ADD_RUN = """
    INSERT INTO detections (detection_id, image_id, model, model_version, protocol, duration_ms,
                            object_count, created_at)
    VALUES (:detection_id, :image_id, 'm', '1', 'v1', 1.0, 1, :now)
"""
ADD_OBJECT = """
    INSERT INTO objects (object_id, detection_id, image_id, position, x, y, width, height,
                         centroid_x, centroid_y, radius_px, score, label)
    VALUES (:object_id, :detection_id, :image_id, 0, 1, 2, 3, 4, 2.5, 4.0, 2.0, 0.9, 'coin')
"""
SERVE = """
    UPDATE images SET status = 'detected', detection_id = ?, claimed_until = NULL, due_at = NULL,
           error = NULL
    WHERE image_id = ?
"""
RELEASE = """
    UPDATE images SET claimed_until = NULL, error = :error,
           due_at = CASE status WHEN 'pending' THEN :due_at END
    WHERE image_id = :image_id AND attempts = :claim
"""
GIVE_UP = """
    UPDATE images SET status = 'failed', claimed_until = NULL, due_at = NULL, error = :error
    WHERE image_id = :image_id AND attempts = :claim AND status = 'pending'
"""
DUE = f"""{IMAGE}
    WHERE images.status = 'pending' AND images.due_at <= :now
    AND (images.claimed_until IS NULL OR images.claimed_until <= :now)
    ORDER BY images.due_at LIMIT :limit
"""
BURIED = """
    SELECT 1 FROM tombstones WHERE image_id = :image_id AND finished_at IS NULL
    UNION ALL SELECT 1 FROM tombstones WHERE key = :key AND source = 'upload'
"""
BURY = """
    INSERT INTO tombstones (image_id, key, source, deleted_at)
    VALUES (:image_id, :key, 'upload', :now)
"""
TOMBSTONES = """
    SELECT image_id, key, source, deleted_at FROM tombstones WHERE finished_at IS NULL
    ORDER BY deleted_at LIMIT ?
"""
REFUSE = """
    INSERT INTO refusals (object_id, key, etag, code, detail, refused_at)
    VALUES (:object_id, 'incoming/a', 'e', 'too-large', 'x', :now)
"""
REFUSAL_FIELDS = {"object_id", "key", "etag", "code", "detail", "refused_at"}
"""The old code makes a Refusal of every column there is: that table can get no further ones."""
UNKNOWN_IDS = """
    SELECT value FROM json_each(?)
    WHERE NOT EXISTS (SELECT 1 FROM images WHERE image_id = value)
    AND NOT EXISTS (SELECT 1 FROM refusals WHERE object_id = value)
    AND NOT EXISTS (SELECT 1 FROM tombstones WHERE image_id = value AND finished_at IS NULL)
"""
LEASE = """
    INSERT INTO leases (name, holder, until) VALUES (:name, :holder, :until)
    ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until
    WHERE leases.until <= :now OR leases.holder = excluded.holder
"""
BOOKMARK = "INSERT OR REPLACE INTO bookmarks (name, place) VALUES (?, ?)"
SCHEMA = "SELECT 1 FROM _sqlite_migrations WHERE name = 'm002_events_and_repair'"
"""What the old code takes for the newest schema: it migrates a file that lacks this."""
