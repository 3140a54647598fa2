"""One SQLite file with its connections: how it is opened, locked, migrated, and how its faults are named."""

import sqlite3
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from circles.domain.errors import Unavailable
from circles.telemetry.metrics import metrics

_SCHEMA = "m002_events_and_repair"
"""The newest migration of migrations.py. Only a file without it makes us import sqlite-utils, which costs a start
60 ms, and 250 ms and 15 MiB where numpy is installed, because it imports that too."""


class SqliteFile:
    """
    Lends connections, one call each. They are opened when first needed and never cross a fork made before that.

    Everything that SQLite reports as an operational fault (busy for longer than the timeout, disk full, file away) is
    raised as Unavailable; a transaction that fails is rolled back whole.
    """

    def __init__(self, path: Path, *, busy_timeout_s: float) -> None:
        self._path = path
        self._busy_timeout_s = busy_timeout_s
        self._idle: deque[sqlite3.Connection] = deque()
        self._opening = Lock()
        self._migrated = False

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection for plain SQL outside any transaction."""
        with _faults_named(), self._connection() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """
        Lend a connection inside BEGIN IMMEDIATE; commit at the end, roll back at an exception.

        A deferred transaction that reads first and then writes fails at once when another process has written between,
        whatever the busy timeout (https://www.sqlite.org/lang_transaction.html, section 2.2).
        """
        with _faults_named(), self._connection() as connection:
            _lock(connection)
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Close the connections that nobody has borrowed."""
        while self._idle:
            self._idle.pop().close()

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._open()
        try:
            yield connection
        except sqlite3.Error:
            connection.close()  # whatever state it is in, the next call gets a fresh one
            raise
        except BaseException:
            self._idle.append(connection)
            raise
        self._idle.append(connection)

    def _open(self) -> sqlite3.Connection:
        with self._opening:  # one thread migrates, the others wait
            self._path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(self._path, timeout=self._busy_timeout_s, check_same_thread=False)
            connection.row_factory = sqlite3.Row
            try:
                self._prepare(connection)
            except BaseException:
                connection.close()
                raise
            return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        # WAL stays with the file; the others are each connection's own (https://www.sqlite.org/pragma.html).
        _use_wal(connection, self._busy_timeout_s)
        connection.execute("PRAGMA synchronous = FULL")  # an accepted image outlives a power cut
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA trusted_schema = OFF")
        if not self._migrated and not _is_current(connection):
            from circles.adapters.sqlite.migrations import migrate

            connection.execute("BEGIN IMMEDIATE")  # several processes may start on an empty volume
            migrate(connection)
            connection.execute("COMMIT")
        self._migrated = True


def _lock(connection: sqlite3.Connection) -> None:
    began = time.monotonic()
    try:
        connection.execute("BEGIN IMMEDIATE")
    finally:
        metrics.database_locked(time.monotonic() - began)


def _use_wal(connection: sqlite3.Connection, busy_timeout_s: float) -> None:
    """SQLite does not wait for others when it changes the mode: who opens a new file beside them has to ask again."""
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
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = '_sqlite_migrations'").fetchone():
        return False
    return bool(connection.execute("SELECT 1 FROM _sqlite_migrations WHERE name = ?", [_SCHEMA]).fetchone())


@contextmanager
def _faults_named() -> Iterator[None]:
    try:
        yield
    except sqlite3.IntegrityError:
        raise
    except (sqlite3.DatabaseError, OSError) as error:
        metrics.database_failed(getattr(error, "sqlite_errorname", "file"))
        raise Unavailable("The catalogue is busy or cannot be reached; nothing was written.") from error
