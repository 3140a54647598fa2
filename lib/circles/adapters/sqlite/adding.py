"""Check for conflicts inside the transaction that adds an image."""

import sqlite3

from circles.adapters.sqlite.rows import to_text_time
from circles.domain.errors import BlobTaken, Buried, IdTaken, KeyTaken
from circles.domain.images import Image

_BURIED = """
    SELECT 1 FROM tombstones WHERE image_id = :image_id AND finished_at IS NULL
    UNION ALL SELECT 1 FROM tombstones WHERE key = :key AND source = 'upload'
"""

_OPEN_BATCH = """
    INSERT INTO batches (batch, created_at, arrived_at, open, revision)
    VALUES (:batch, :now, :now, 1, 0)
    ON CONFLICT (batch) DO UPDATE SET open = 1, arrived_at = excluded.arrived_at
"""


def check_new(connection: sqlite3.Connection, image: Image) -> None:
    """Raise Buried, IdTaken or KeyTaken where Catalogue.add does."""
    values = {"image_id": image.image_id, "key": image.key}
    if connection.execute(_BURIED, values).fetchone():
        raise Buried
    if connection.execute("SELECT 1 FROM images WHERE image_id = ?", [image.image_id]).fetchone():
        raise IdTaken
    taken = "SELECT 1 FROM images WHERE idempotency_key = ?"
    if image.idempotency_key and connection.execute(taken, [image.idempotency_key]).fetchone():
        raise KeyTaken


def give_key_to_adopted(connection: sqlite3.Connection, image: Image) -> bool:
    """
    Give the idempotency key of a new image to the adopted image of the same blob.

    An upload that is killed before its row leaves a blob, which repair adopts later; then the
    client retries. Returns False if no image has the blob. Raises BlobTaken.
    """
    if image.source != "upload":
        return False
    other = "SELECT image_id, idempotency_key FROM images WHERE key = ? AND source = 'upload'"
    row = connection.execute(other, [image.key]).fetchone()
    if row is None:
        return False
    if row["idempotency_key"] or not image.idempotency_key:
        raise BlobTaken
    connection.execute(
        """UPDATE images SET idempotency_key = ?, file_name = coalesce(file_name, ?), batch = ?,
                  created_by = ? WHERE image_id = ?""",
        [image.idempotency_key, image.file_name, image.batch, image.created_by, row["image_id"]],
    )
    return True


def open_batch(connection: sqlite3.Connection, image: Image) -> None:
    """Open the batch of a new image, if it has one. It is to be announced again."""
    if image.batch:
        values = {"batch": image.batch, "now": to_text_time(image.created_at)}
        connection.execute(_OPEN_BATCH, values)
