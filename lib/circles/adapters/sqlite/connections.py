"""Open connections to one SQLite file: its mode, schema and identity."""

import fcntl
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SCHEMA = frozenset(
    {
        "m001_images_detections_objects",
        "m002_events_and_repair",
        "m003_claims_of_their_own",
        "m004_counting",
        "m005_access",
        "m006_deliveries",
        "m007_sizes",
    }
)
"""The migrations of migrations.py. sqlite-utils is imported only for a file that lacks one, because
the import costs 60 ms, or 250 ms and 15 MiB where numpy is installed: it imports that too."""

LOG_LIMIT_BYTES = 8 * 1024**2
"""Twice the 1,000 pages after which SQLite checkpoints its log."""

_LOG_WAIT_MS = 1000
"""Time that a truncating checkpoint waits for readers, and blocks other writers."""

_SHRINK_BYTES = 32 * 1024**2
"""Size that can be rewritten in about a second, while other writers wait."""

FileId = tuple[int, int]
"""Device and inode: the same after a rename, different after a replacement."""


class Connection(sqlite3.Connection):
    """A connection that knows which files it was opened on."""

    database_id: FileId | None
    log_id: FileId | None


def open_connection(
    path: Path, busy_timeout_s: float, known: Connection | None = None
) -> Connection:
    """
    Open a connection with the newest schema.

    Creates a missing file. Raises sqlite3.Error, OSError.

    Args:
        known: an earlier connection to path, which may have been replaced since.
    """
    while True:
        if known and known.database_id != file_id(path):
            forget_log(known, path)
        with _locked_folder(path.parent, fcntl.LOCK_SH):
            connection = _connect(path, busy_timeout_s)
        if connection.database_id == file_id(path):
            return connection
        forget_log(connection, path)
        connection.close()


def _connect(path: Path, busy_timeout_s: float) -> Connection:
    """Open a connection whose ids are None or outdated if path is replaced during the call."""
    before = file_id(path)
    connection = sqlite3.connect(
        path, timeout=busy_timeout_s, check_same_thread=False, factory=Connection
    )
    connection.row_factory = sqlite3.Row
    connection.database_id = connection.log_id = None
    try:
        opened = file_id(path)  # SQLite opens the database at once and the log with a statement
        if before in (None, opened):
            _prepare(connection, busy_timeout_s)
            connection.database_id, connection.log_id = opened, file_id(log_path(path))
    except BaseException:
        connection.close()
        raise
    return connection


def file_id(path: Path) -> FileId | None:
    """Return the id of the file at path, or None. Raises OSError."""
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def log_path(path: Path) -> Path:
    """Return the path of the write-ahead log (https://www.sqlite.org/walformat.html)."""
    return path.with_name(f"{path.name}-wal")


def forget_log(connection: Connection, path: Path) -> None:
    """
    Remove the log of a replaced file.

    SQLite would apply it to the new file. Call this before connection is closed, because its open
    files prevent reuse of their inodes. If another process has removed the log already, the
    present one belongs to the new file and is kept.
    """
    with _locked_folder(path.parent, fcntl.LOCK_EX):
        if connection.log_id and connection.log_id == file_id(log_path(path)):
            for suffix in ("-wal", "-shm"):
                path.with_name(path.name + suffix).unlink(missing_ok=True)


@contextmanager
def _locked_folder(folder: Path, how: int) -> Iterator[None]:
    """Keep other processes from opening the database while its log is removed, and vice versa."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, how)
        yield
    finally:
        os.close(handle)


def truncate_log(connection: sqlite3.Connection, busy_timeout_s: float) -> bool:
    """
    Copy the log into the database and truncate it.

    Returns whether that was possible; it is not while a reader needs the log. Other writers wait
    until this ends (https://www.sqlite.org/pragma.html#pragma_wal_checkpoint).

    Args:
        busy_timeout_s: the connection's own timeout, which is restored.
    """
    connection.execute(f"PRAGMA busy_timeout = {_LOG_WAIT_MS}")
    try:
        [busy, *_] = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except sqlite3.Error:
        return False
    finally:
        connection.execute(f"PRAGMA busy_timeout = {round(busy_timeout_s * 1000)}")
    return not busy


def count_free_bytes(connection: sqlite3.Connection) -> int:
    """Return the size of the free pages. New rows fill them before the file grows."""
    [pages] = connection.execute("PRAGMA freelist_count").fetchone()
    return int(pages) * _page_bytes(connection)


def shrink(connection: sqlite3.Connection) -> bool:
    """Rewrite a small file of mostly free pages. Returns whether that was done."""
    [pages] = connection.execute("PRAGMA page_count").fetchone()
    free_bytes = count_free_bytes(connection)
    used_bytes = int(pages) * _page_bytes(connection) - free_bytes
    if used_bytes > min(free_bytes, _SHRINK_BYTES):
        return False
    try:
        connection.execute("VACUUM")
    except sqlite3.Error:  # not enough space, or another process writes
        return False
    return True


def _page_bytes(connection: sqlite3.Connection) -> int:
    [size_bytes] = connection.execute("PRAGMA page_size").fetchone()
    return int(size_bytes)


def _prepare(connection: sqlite3.Connection, busy_timeout_s: float) -> None:
    # WAL persists in the file; the others are set per connection
    # (https://www.sqlite.org/pragma.html).
    _use_wal(connection, busy_timeout_s)
    connection.execute("PRAGMA synchronous = FULL")  # an accepted image outlives a power cut
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute(f"PRAGMA journal_size_limit = {LOG_LIMIT_BYTES}")
    if not _is_current(connection):
        from circles.adapters.sqlite.schema.migrations import migrate

        connection.execute("BEGIN IMMEDIATE")  # several processes may start on an empty volume
        migrate(connection)
        connection.execute("COMMIT")


def _use_wal(connection: sqlite3.Connection, busy_timeout_s: float) -> None:
    """Switch to WAL, with retries. SQLite does not wait for processes that open a new file."""
    deadline = time.monotonic() + busy_timeout_s
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() >= deadline:
                raise
            time.sleep(0.01)


def _is_current(connection: sqlite3.Connection) -> bool:
    table = "SELECT 1 FROM sqlite_master WHERE name = '_sqlite_migrations'"
    if not connection.execute(table).fetchone():
        return False
    applied = connection.execute(
        "SELECT name FROM _sqlite_migrations WHERE migration_set = 'circles'"
    )
    return SCHEMA <= {name for (name,) in applied}
