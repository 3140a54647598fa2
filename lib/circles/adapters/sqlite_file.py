"""One SQLite file with its connections: how it is opened, locked, migrated, and how its faults are named."""

import sqlite3
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from sqlite_utils import Database

from circles.adapters.sqlite_schema import migrations
from circles.errors import Unavailable


class SqliteFile:
    """
    Lends connections, one call each. They are opened when first needed and never cross a fork made before that.

    Everything that SQLite reports as an operational fault (busy for longer than the timeout, disk full, file away) is
    raised as Unavailable; a transaction that fails is rolled back whole.
    """

    def __init__(self, path: Path, *, busy_timeout_s: float) -> None:
        self._path = path
        self._busy_timeout_s = busy_timeout_s
        self._idle: deque[Database] = deque()
        self._opening = Lock()
        self._migrated = False

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection for plain SQL outside any transaction."""
        with _faults_named(), self._connection() as db:
            yield db.conn

    @contextmanager
    def write(self) -> Iterator[Database]:
        """
        Lend a database inside BEGIN IMMEDIATE; commit at the end, roll back at an exception.

        A deferred transaction that reads first and then writes fails at once when another process has written between,
        whatever the busy timeout (https://www.sqlite.org/lang_transaction.html, section 2.2). sqlite-utils' own
        transactions nest in ours as savepoints.
        """
        with _faults_named(), self._connection() as db:
            db.conn.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.conn.execute("COMMIT")
            except BaseException:
                if db.conn.in_transaction:
                    db.conn.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Close the connections that nobody has borrowed."""
        while self._idle:
            self._idle.pop().close()

    @contextmanager
    def _connection(self) -> Iterator[Database]:
        try:
            db = self._idle.pop()
        except IndexError:
            db = self._open()
        try:
            yield db
        except sqlite3.Error:
            db.close()  # whatever state it is in, the next call gets a fresh one
            raise
        except BaseException:
            self._idle.append(db)
            raise
        self._idle.append(db)

    def _open(self) -> Database:
        with self._opening:  # one thread migrates, the others wait
            self._path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(self._path, timeout=self._busy_timeout_s, check_same_thread=False)
            connection.row_factory = sqlite3.Row
            db = Database(connection, execute_plugins=False)
            try:
                self._prepare(db)
            except BaseException:
                db.close()
                raise
            return db

    def _prepare(self, db: Database) -> None:
        # WAL stays with the file; the others are each connection's own (https://www.sqlite.org/pragma.html).
        db.conn.execute("PRAGMA journal_mode = WAL")
        db.conn.execute("PRAGMA synchronous = FULL")  # an accepted image outlives a power cut
        db.conn.execute("PRAGMA foreign_keys = ON")
        db.conn.execute("PRAGMA trusted_schema = OFF")
        if not self._migrated and migrations.pending(db):
            db.conn.execute("BEGIN IMMEDIATE")  # several processes may start on an empty volume
            migrations.apply(db)
            db.conn.execute("COMMIT")
        self._migrated = True


@contextmanager
def _faults_named() -> Iterator[None]:
    try:
        yield
    except sqlite3.IntegrityError:
        raise
    except (sqlite3.DatabaseError, OSError) as error:
        raise Unavailable("The catalogue is busy or cannot be reached; nothing was written.") from error
