"""Catalogue in one SQLite file shared by several threads and processes of one node."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from circles.adapters.sqlite import adding, claims, objects, outbox_rows, pages, rows
from circles.adapters.sqlite.database import SqliteFile
from circles.domain.catalogue import Position
from circles.domain.detections import Detection, FoundObject, ObjectFilter
from circles.domain.errors import KeyTaken
from circles.domain.events import Announce, nobody
from circles.domain.images import Backlog, Image, ImageFilter, Order, Tombstone


class SqliteCatalogue:
    """
    Stores the catalogue; opens the file on the first call.

    Reads are plain SQL; each write is one BEGIN IMMEDIATE transaction.
    """

    def __init__(self, path: Path, *, busy_timeout_s: float, reserve_bytes: int = 0) -> None:
        self._file = SqliteFile(path, busy_timeout_s=busy_timeout_s, reserve_bytes=reserve_bytes)

    def add(
        self, image: Image, *, announce: Announce = nobody, quota: "Quota | None" = None
    ) -> None:
        with self._file.write(grows=True) as connection:
            adding.check_new(connection, image)
            adopted = adding.give_key_to_adopted(connection, image)
            adding.open_batch(connection, image)
            if not adopted:
                rows.insert(connection, "images", [rows.image_values(image)])
                connection.execute("DELETE FROM looks WHERE object_id = ?", [image.image_id])
                outbox_rows.announce(connection, image, announce)
                _spend(connection, quota)
        if adopted:
            raise KeyTaken

    def get(self, image_id: str) -> Image:
        with self._file.read() as connection:
            return rows.get_image(connection, image_id)

    def find_by_idempotency_key(self, key: str) -> Image | None:
        with self._file.read() as connection:
            found = rows.find_images(
                connection, f"{rows.IMAGE} WHERE images.idempotency_key = ?", [key]
            )
        return found[0] if found else None

    def page(
        self,
        wanted: ImageFilter,
        *,
        limit: int,
        before: Position | None = None,
        order: Order = Order.NEWEST,
    ) -> Sequence[Image]:
        with self._file.read() as connection:
            return pages.find_page(connection, wanted, order, limit, before)

    def claim(
        self,
        image_id: str,
        *,
        now: datetime,
        until: datetime,
        again: bool = False,
        quota: "Quota | None" = None,
    ) -> Image | None:
        with self._file.write() as connection:
            claimed = claims.claim_image(connection, image_id, now, until, again)
            if claimed:
                _spend(connection, quota)
            return rows.get_image(connection, image_id) if claimed else None

    def record(
        self,
        image_id: str,
        detection: Detection,
        *,
        claim: int,
        now: datetime,
        counts: bool = True,
        keep_runs: int | None = None,
        announce: Announce = nobody,
    ) -> Image:
        with self._file.write(grows=True) as connection:
            image = rows.get_image(connection, image_id)
            if image.claim != claim:
                return image
            claims.serve_run(connection, image_id, detection, now, counts)
            if keep_runs is not None:
                claims.prune_runs(connection, image_id, keep_runs)
            return outbox_rows.announce(connection, rows.get_image(connection, image_id), announce)

    def release(
        self,
        image_id: str,
        *,
        claim: int,
        error: str,
        due_at: datetime | None,
        counts: bool = True,
        refused: bool = False,
    ) -> Image:
        with self._file.write() as connection:
            claims.release_image(connection, image_id, claim, error, due_at, counts, refused)
            return rows.get_image(connection, image_id)

    def give_up(
        self, image_id: str, *, claim: int, error: str, announce: Announce = nobody
    ) -> Image:
        with self._file.write() as connection:
            changed = claims.give_up_image(connection, image_id, claim, error)
            image = rows.get_image(connection, image_id)
            return outbox_rows.announce(connection, image, announce) if changed else image

    def delete(self, image_id: str, *, now: datetime, announce: Announce = nobody) -> Tombstone:
        with self._file.write() as connection:
            image = rows.get_image(connection, image_id)
            tombstone = Tombstone(image_id, image.key, image.source, now)
            for table in ("objects", "detections", "images"):
                connection.execute(f"DELETE FROM {table} WHERE image_id = ?", [image_id])
            rows.bury(connection, tombstone)
            outbox_rows.announce(connection, image, announce)
            return tombstone

    def objects(self, image_id: str, wanted: ObjectFilter) -> tuple[Image, Sequence[FoundObject]]:
        with self._file.read() as connection:
            image = rows.get_image(connection, image_id)
            return image, objects.read_objects(connection, image, wanted)

    def object(self, image_id: str, object_id: str) -> FoundObject:
        with self._file.read() as connection:
            return objects.read_object(connection, image_id, object_id)

    def runs(self, image_id: str) -> "Sequence[Run]":
        with self._file.read() as connection:
            rows.get_image(connection, image_id)
            return objects.read_runs(connection, image_id)

    def backlog(self) -> Backlog:
        with self._file.read() as connection:
            pending, oldest = connection.execute(
                "SELECT count(*), min(created_at) FROM images WHERE status = 'pending'"
            ).fetchone()
        return Backlog(pending, rows.from_text_time(oldest))

    def has_more_pending(self, limit: int) -> bool:
        query = "SELECT 1 FROM images WHERE status = 'pending' LIMIT 1 OFFSET ?"
        with self._file.read() as connection:
            return connection.execute(query, [limit]).fetchone() is not None

    def ping(self) -> None:
        with self._file.read() as connection:
            connection.execute("SELECT 1 FROM images LIMIT 1").fetchone()

    def measure(self) -> Mapping[str, float]:
        return self._file.measure()

    def close(self) -> None:
        """Close the idle connections."""
        self._file.close()


def _spend(connection: "Connection", quota: "Quota | None") -> None:
    """Count one more in a quota, if there is one. Raises TooManyRequests."""
    if quota is not None:
        from circles.adapters.sqlite.access.usage import spend

        spend(connection, quota)


if TYPE_CHECKING:
    from sqlite3 import Connection

    from circles.domain.access.quotas import Quota
    from circles.domain.catalogue import Catalogue
    from circles.domain.counting.runs import Run

    _: type[Catalogue] = SqliteCatalogue
