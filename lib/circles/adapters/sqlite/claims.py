"""Claim, detect, release and give up images inside the caller's transaction."""

import sqlite3
from datetime import datetime

from circles.adapters.sqlite import rows
from circles.domain.detections import HUMAN, Detection
from circles.domain.identifiers import new_id

# Older code numbers claims by attempts and does not change the column claim.
_CLAIM = """
    UPDATE images SET claimed_until = :until, attempts = attempts + 1,
           claim = coalesce(claim, 0) + 1
    WHERE image_id = :image_id AND (:again OR status = 'pending')
    AND (claimed_until IS NULL OR claimed_until <= :now OR claimed_until > :latest)
"""
_SERVE = """
    UPDATE images SET status = 'detected', detection_id = :detection_id, claimed_until = NULL,
           due_at = NULL, error = NULL, attempts = attempts - :given_back
    WHERE image_id = :image_id
"""
_RELEASE = """
    UPDATE images SET claimed_until = NULL, error = :error, attempts = attempts - :given_back,
           refused_attempts = coalesce(refused_attempts, 0) + :refused,
           due_at = CASE status WHEN 'pending' THEN coalesce(:due_at, due_at) END
    WHERE image_id = :image_id AND coalesce(claim, 0) = :claim
"""
_GIVE_UP = """
    UPDATE images SET status = 'failed', claimed_until = NULL, due_at = NULL, error = :error
    WHERE image_id = :image_id AND coalesce(claim, 0) = :claim AND status = 'pending'
"""
_SUPERSEDED = f"""
    SELECT detection_id FROM (
        SELECT detection_id FROM detections
        WHERE image_id = :image_id AND protocol <> '{HUMAN}'
        ORDER BY rowid DESC LIMIT -1 OFFSET :kept
    )
    WHERE detection_id NOT IN (
        SELECT detection_id FROM images WHERE image_id = :image_id
        UNION ALL
        SELECT parent_id FROM detections WHERE image_id = :image_id AND parent_id IS NOT NULL
    )
"""
"""
Old runs of the predictor that are not served and not the parent of a person's run.

Ordered by rowid, because clocks may go back.
"""


def claim_image(
    connection: sqlite3.Connection, image_id: str, now: datetime, until: datetime, again: bool
) -> bool:
    """Claim an image; return False where Catalogue.claim does not."""
    values = {**rows.span(now, until), "image_id": image_id, "again": again}
    return connection.execute(_CLAIM, values).rowcount == 1


def serve_run(
    connection: sqlite3.Connection, image_id: str, detection: Detection, now: datetime, counts: bool
) -> None:
    """Add a run with its objects, and serve it unless another is pinned."""
    detection_id = new_id()
    run = rows.detection_values(detection_id, image_id, detection, now)
    objects = [
        rows.object_values(detection_id, image_id, position, circle)
        for position, circle in enumerate(detection.circles)
    ]
    rows.insert(connection, "detections", [run])
    rows.insert(connection, "objects", objects)
    candidates = [
        rows.candidate_values(detection_id, position, circle)
        for position, circle in enumerate(detection.candidates)
    ]
    rows.insert(connection, "candidates", candidates)
    served = {"image_id": image_id, "detection_id": detection_id, "given_back": not counts}
    connection.execute(_SERVE, served)


def prune_runs(connection: sqlite3.Connection, image_id: str, keep_runs: int) -> None:
    """Delete all but the newest keep_runs runs of the predictor, the served one and parents."""
    values = {"image_id": image_id, "kept": keep_runs}
    superseded = [tuple(row) for row in connection.execute(_SUPERSEDED, values)]
    for table in ("objects", "detections"):
        connection.executemany(f"DELETE FROM {table} WHERE detection_id = ?", superseded)


def release_image(
    connection: sqlite3.Connection,
    image_id: str,
    claim: int,
    error: str,
    due_at: datetime | None,
    counts: bool,
    refused: bool,
) -> None:
    """Release a claimed image, if this is its last claim."""
    values = {
        "image_id": image_id,
        "claim": claim,
        "error": error,
        "due_at": rows.to_text_time(due_at) if due_at else None,
        "given_back": not counts,
        "refused": refused,
    }
    connection.execute(_RELEASE, values)


def give_up_image(connection: sqlite3.Connection, image_id: str, claim: int, error: str) -> bool:
    """Mark a pending image failed, if this is its last claim; return whether it was."""
    values = {"image_id": image_id, "claim": claim, "error": error}
    return connection.execute(_GIVE_UP, values).rowcount == 1
