"""Lend connections to one SQLite file for reads and short transactions."""

import os
import sqlite3
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from circles.adapters.sqlite.connections import (
    LOG_LIMIT_BYTES,
    Connection,
    count_free_bytes,
    file_id,
    forget_log,
    log_path,
    open_connection,
    shrink,
    truncate_log,
)
from circles.adapters.sqlite.reserve import Reserve
from circles.adapters.volume import free_bytes, make_folder
from circles.domain.errors import StorageFull, Unavailable
from circles.telemetry.metrics import metrics

_LOG_PAUSE_S = 5.0
"""Delay before a write retries truncating a log that readers needed."""
_NO_SPACE = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE)


class SqliteFile:
    """
    Lends connections, each for one call.

    They are opened on first use, so a fork made before that does not share them.
    Every operational error of SQLite (busy for longer than the timeout, disk full, missing file) is
    raised as Unavailable. A failed transaction is rolled back.
    """

    def __init__(self, path: Path, *, busy_timeout_s: float, reserve_bytes: int = 0) -> None:
        self._path, self._log = path, log_path(path)
        self._busy_timeout_s = busy_timeout_s
        self._reserve = Reserve(path, reserve_bytes)
        self._idle: deque[Connection] = deque()
        self._opening = Lock()
        self._newest: Connection | None = None
        self._truncate_log_at = 0.0

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection for SQL outside a transaction."""
        with _named_errors(), self._connection() as connection:
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """
        Lend a connection whose reads are all as of one moment.

        The log cannot be truncated meanwhile, so the caller reads a bounded number of rows.
        """
        with self.read() as connection:
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                if connection.in_transaction:
                    connection.execute("COMMIT")

    @contextmanager
    def write(self, *, grows: bool = False) -> Iterator[sqlite3.Connection]:
        """
        Lend a connection inside BEGIN IMMEDIATE, then commit or roll back.

        A deferred transaction that reads first and then writes fails immediately if another process
        wrote in between, whatever the busy timeout
        (https://www.sqlite.org/lang_transaction.html, section 2.2).

        Args:
            grows: the transaction adds rows, so it must not use the reserve. All others may use
                it, so that deleting and repairing work on a full volume.
        """
        with _named_errors(), self._connection() as connection:
            if not grows:
                self._reserve.make_room()
            _lock(connection)
            try:
                if grows:
                    self._reserve.check_growth(lambda: count_free_bytes(connection))
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
            self._bound_log(connection)

    def compact(self) -> None:
        """
        Release the space of the log, and of free pages if that is quick.

        Raises Unavailable.
        """
        with self.read() as connection:
            truncate_log(connection, self._busy_timeout_s)
            if shrink(connection):
                truncate_log(connection, self._busy_timeout_s)  # only this shortens the file
            self._reserve.refill()

    def measure(self) -> Mapping[str, float]:
        """Return sizes in bytes by metric name. Raises Unavailable."""
        with _named_errors():
            return {
                "circles_database_bytes": self._path.stat().st_size,
                "circles_database_log_bytes": self._log_bytes(),
                "circles_database_free_bytes": free_bytes(self._path.parent),
            }

    def close(self) -> None:
        """Close the idle connections."""
        while self._idle:
            self._idle.pop().close()

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        connection = self._take_idle() or self._open()
        try:
            yield connection
        except sqlite3.Error:
            connection.close()  # its state is unknown; the next call gets a new one
            raise
        except BaseException:
            self._idle.append(connection)
            raise
        self._idle.append(connection)

    def _take_idle(self) -> Connection | None:
        """
        Return an idle connection to the current file; close those to a replaced one.

        A removed file is not created again, because it may be restored soon.
        """
        current = file_id(self._path)
        if current is None and self._newest:
            raise FileNotFoundError(f"{self._path} was removed")
        while self._idle:
            try:
                connection = self._idle.pop()
            except IndexError:  # another thread took it
                return None
            if connection.database_id == current:
                return connection
            forget_log(connection, self._path)
            connection.close()
        return None

    def _open(self) -> Connection:
        with self._opening:  # one thread migrates, the others wait
            make_folder(self._path.parent)
            self._reserve.make_room_to_open()
            self._newest = open_connection(self._path, self._busy_timeout_s, self._newest)
            return self._newest

    def _bound_log(self, connection: Connection) -> None:
        """
        Truncate a log that has grown too long.

        SQLite's own checkpoints do not block readers, so under constant reads it never restarts.
        """
        if self._log_bytes() <= LOG_LIMIT_BYTES or time.monotonic() < self._truncate_log_at:
            return
        if not truncate_log(connection, self._busy_timeout_s):
            self._truncate_log_at = time.monotonic() + _LOG_PAUSE_S

    def _log_bytes(self) -> int:
        try:
            return os.stat(self._log).st_size
        except OSError:
            return 0


def _lock(connection: sqlite3.Connection) -> None:
    began = time.monotonic()
    try:
        connection.execute("BEGIN IMMEDIATE")
    finally:
        metrics.database_locked(time.monotonic() - began)


@contextmanager
def _named_errors() -> Iterator[None]:
    try:
        yield
    except sqlite3.IntegrityError:
        raise
    except (sqlite3.DatabaseError, OSError) as error:
        metrics.database_failed(getattr(error, "sqlite_errorname", "file"))
        if getattr(error, "sqlite_errorcode", None) in _NO_SPACE:
            raise StorageFull("The catalogue's volume is full; nothing was written.") from error
        raise Unavailable(
            "The catalogue is busy or cannot be reached; nothing was written."
        ) from error
