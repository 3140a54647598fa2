"""Fill a catalogue with images that no pixels belong to."""

import sqlite3
from contextlib import closing

from circles.adapters.sqlite.upkeep.upkeep import SqliteUpkeep

OBJECTS = 24
"""Of each image."""

_NUMBERS = """
    WITH RECURSIVE numbers(n) AS
        (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < {count} - 1)
"""


def fill(volume, images):
    """Add so many detected images, each with 24 objects."""
    upkeep = SqliteUpkeep(volume.database, busy_timeout_s=30)
    upkeep.bookmark("any")  # makes the tables
    upkeep.close()
    with closing(sqlite3.connect(volume.database)) as connection, connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute(
            _NUMBERS.format(count=images)
            + """INSERT INTO images (image_id, key, media_type, size_bytes, sha256, width, height,
                                     source, created_at, status, attempts, claim, detection_id)
                 SELECT printf('%08x-0000-7000-8000-000000000000', n), n, 'image/jpeg', 9,
                        printf('%064x', n), 640, 480, 'upload',
                        strftime('%Y-%m-%dT%H:%M:%S.000000+00:00', 1700000000 + n, 'unixepoch'),
                        'detected', 1, 1, printf('%08x-0000-7000-8000-000000000001', n)
                 FROM numbers"""
        )
        connection.execute(
            f"""INSERT INTO detections (detection_id, image_id, model, model_version, protocol,
                                        duration_ms, object_count, created_at)
                SELECT detection_id, image_id, 'circles', '8', 'v1', 1, {OBJECTS}, created_at
                FROM images"""
        )
        connection.execute(
            _NUMBERS.format(count=OBJECTS)
            + """INSERT INTO objects (object_id, detection_id, image_id, position, x, y, width,
                                      height, centroid_x, centroid_y, radius_px, score, label)
                 SELECT printf('%s%012x', substr(image_id, 1, 24), n + 2), detection_id, image_id,
                        n, n, 9, 41, 41, n + 20.5, 29.3, 20.1, 0.97, 'circle'
                 FROM images, numbers"""
        )
