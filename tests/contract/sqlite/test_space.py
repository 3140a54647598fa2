"""Test a catalogue on a full volume, and its log beside constant readers."""

import json
import os
import sqlite3
import threading
from contextlib import contextmanager

import pytest

from circles.adapters.sqlite.catalogue import SqliteCatalogue
from circles.adapters.sqlite.connections import LOG_LIMIT_BYTES
from circles.adapters.sqlite.upkeep.upkeep import SqliteUpkeep
from circles.domain.errors import StorageFull, Unavailable
from circles.domain.images import ImageFilter, Status
from tests.contract.catalogue.test_catalogue import LATER, NOW, an_image, circle, run
from tests.contract.processes import output
from tests.contract.sqlite.full_disks import tiny_disk

MIB = 1024**2
RESERVE = MIB
MANY = run(*[circle(number) for number in range(300)])


@pytest.fixture
def disk(tmp_path):
    with tiny_disk(tmp_path / "disk", 12 * MIB) as folder:
        yield folder


@contextmanager
def opened(folder):
    made = [
        kind(folder / "catalogue.db", busy_timeout_s=1, reserve_bytes=RESERVE)
        for kind in (SqliteCatalogue, SqliteUpkeep)
    ]
    try:
        yield made
    finally:
        for each in made:
            each.close()


def fill_with(folder):
    """Fill the volume as another program would."""
    with (
        pytest.raises(OSError, match="No space"),
        open(folder / "filler", "wb", buffering=0) as file,
    ):
        while True:
            file.write(bytes(4096))


def add_until_full(catalogue):
    """Add images with many objects until the volume is full. Returns those added."""
    added = []
    with pytest.raises(StorageFull):
        while True:
            image = an_image()
            catalogue.add(image)
            added.append(image)
            catalogue.record(image.image_id, MANY, claim=0, now=NOW)
    return added


def test_rows_fill_a_volume_up_to_the_reserve(disk):
    with opened(disk) as (catalogue, upkeep):
        added = add_until_full(catalogue)

        assert len(added) > 5
        assert (disk / "catalogue.db-reserve").stat().st_size == RESERVE
        assert [catalogue.get(image.image_id).image_id for image in added] == [
            image.image_id for image in added
        ]
        assert upkeep.lease("sweep", "me", now=NOW, until=LATER)
        catalogue.claim(added[-1].image_id, now=NOW, until=LATER)


def test_deleting_makes_room_for_adding(disk):
    """The database file keeps its size and reuses its free pages."""
    with opened(disk) as (catalogue, upkeep):
        added = add_until_full(catalogue)
        for image in added[: len(added) // 2]:
            catalogue.delete(image.image_id, now=NOW)
        upkeep.compact()
        again = add_until_full(catalogue)

    assert len(again) >= 10


def test_full_volume_still_reads_and_deletes(disk):
    with opened(disk) as (catalogue, _):
        image, other = an_image(), an_image()
        for each in (image, other):
            catalogue.add(each)
            catalogue.record(each.image_id, MANY, claim=0, now=NOW)
    fill_with(disk)

    with opened(disk) as (catalogue, upkeep):  # as after a scale to zero: the log is new, too
        assert catalogue.get(image.image_id).status is Status.DETECTED
        with pytest.raises(StorageFull):
            catalogue.add(an_image())
        catalogue.delete(image.image_id, now=NOW)
        upkeep.finish_tombstone(image.image_id, now=NOW)
        assert upkeep.lease("sweep", "me", now=NOW, until=LATER)
        upkeep.set_bookmark("rows", "a")
        upkeep.compact()
        assert [each.image_id for each in catalogue.page(ImageFilter(), limit=9)] == [
            other.image_id
        ]
        assert not (disk / "catalogue.db-reserve").exists()

        (disk / "filler").unlink()
        catalogue.add(an_image())
        assert (disk / "catalogue.db-reserve").stat().st_size == RESERVE


def test_large_image_is_deleted_from_a_full_volume(tmp_path):
    """Ten runs of 1,000 objects, with the default reserve."""
    with tiny_disk(tmp_path / "disk", 40 * MIB) as folder:
        made = [
            kind(folder / "catalogue.db", busy_timeout_s=1, reserve_bytes=8 * MIB)
            for kind in (SqliteCatalogue, SqliteUpkeep)
        ]
        catalogue, upkeep = made
        image = an_image()
        catalogue.add(image)
        for _ in range(10):
            catalogue.record(image.image_id, run(*map(circle, range(1000))), claim=0, now=NOW)
        fill_with(folder)
        catalogue.delete(image.image_id, now=NOW)
        assert upkeep.tombstones(limit=9)
        for each in made:
            each.close()


def test_without_a_reserve_nothing_is_kept_back(tmp_path):
    catalogue = SqliteCatalogue(tmp_path / "catalogue.db", busy_timeout_s=1)
    catalogue.add(an_image())
    catalogue.close()

    assert [path.name for path in tmp_path.iterdir()] == ["catalogue.db"]


def test_partial_reserve_is_completed_after_a_crash(tmp_path):
    (tmp_path / "catalogue.db-reserve").write_bytes(b"x")
    with opened(tmp_path) as (catalogue, _):
        catalogue.add(an_image())

    assert (tmp_path / "catalogue.db-reserve").stat().st_size == RESERVE


# The log


@contextmanager
def always_a_reader(path):
    """Read at every moment, with two connections that take turns."""
    stop = threading.Event()

    def read():
        first, second = (sqlite3.connect(path, isolation_level=None) for _ in range(2))
        begin(first)
        while not stop.is_set():
            begin(second)
            first.execute("COMMIT")
            first, second = second, first
            stop.wait(0.005)
        for each in (first, second):
            each.close()

    def begin(connection):
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM images").fetchone()

    thread = threading.Thread(target=read)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@pytest.mark.timeout(120)
def test_log_is_bounded_despite_constant_readers(tmp_path):
    path = tmp_path / "catalogue.db"
    catalogue = SqliteCatalogue(path, busy_timeout_s=30)
    many, longest = run(*map(circle, range(1000))), 0
    catalogue.add(image := an_image())
    with always_a_reader(path):
        for _ in range(100):  # more than 300 KiB each
            catalogue.record(image.image_id, many, claim=0, now=NOW)
            longest = max(longest, log_size(path))
    catalogue.close()

    assert path.stat().st_size > 3 * LOG_LIMIT_BYTES
    assert longest < 2 * LOG_LIMIT_BYTES


def log_size(path):
    return os.stat(f"{path}-wal").st_size


def test_log_held_by_a_reader_costs_writers_one_wait(tmp_path):
    """The next attempt comes after a pause."""
    path = tmp_path / "catalogue.db"
    catalogue = SqliteCatalogue(path, busy_timeout_s=30)
    catalogue.add(an_image())
    reader = sqlite3.connect(path)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM images").fetchall()
    statements = []
    with catalogue._file.read() as connection:
        connection.set_trace_callback(statements.append)
    while log_size(path) < 2 * LOG_LIMIT_BYTES:
        image = an_image()
        catalogue.add(image)
        catalogue.record(image.image_id, MANY, claim=0, now=NOW)
    tries = len([each for each in statements if "wal_checkpoint" in each])
    reader.close()
    catalogue.close()

    assert 1 <= tries <= 5


def test_compacting_cuts_the_log_to_nothing(tmp_path):
    path = tmp_path / "catalogue.db"
    catalogue, upkeep = (kind(path, busy_timeout_s=1) for kind in (SqliteCatalogue, SqliteUpkeep))
    catalogue.add(an_image())
    assert log_size(path) > 0
    upkeep.compact()
    assert log_size(path) == 0
    assert catalogue.measure()["circles_database_log_bytes"] == 0
    assert catalogue.measure()["circles_database_bytes"] == path.stat().st_size
    assert catalogue.measure()["circles_database_free_bytes"] > 0
    for each in (catalogue, upkeep):
        each.close()


# Replaced files


def copy_of(path, to):
    """Copy the file as docs/deploy.md does."""
    source, copy = sqlite3.connect(path), sqlite3.connect(to)
    source.backup(copy)
    for each in (source, copy):
        each.close()


def test_replaced_file_is_noticed_by_the_next_call(tmp_path):
    """SQLite would otherwise apply the old log to the copy."""
    path = tmp_path / "catalogue.db"
    first, second = (SqliteCatalogue(path, busy_timeout_s=5) for _ in range(2))
    kept, lost = an_image(), an_image()
    first.add(kept)
    copy_of(path, tmp_path / "copy.db")
    first.add(lost)
    second.record(lost.image_id, MANY, claim=0, now=NOW)
    os.replace(tmp_path / "copy.db", path)

    added = an_image()
    first.add(added)
    fresh = SqliteCatalogue(path, busy_timeout_s=5)
    for each in (first, second, fresh):
        found = {image.image_id for image in each.page(ImageFilter(), limit=9)}
        assert found == {kept.image_id, added.image_id}
    second.add(an_image())
    assert len(fresh.page(ImageFilter(), limit=9)) == 3
    for each in (first, second, fresh):
        each.close()
    assert sqlite3.connect(path).execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_replaced_file_of_an_older_schema_is_migrated(tmp_path):
    path = tmp_path / "catalogue.db"
    catalogue = SqliteCatalogue(path, busy_timeout_s=5)
    catalogue.add(an_image())
    sqlite3.connect(tmp_path / "empty.db").close()
    os.replace(tmp_path / "empty.db", path)

    catalogue.add(image := an_image())
    assert catalogue.page(ImageFilter(), limit=9) == [image]
    catalogue.close()


def test_missing_file_is_not_recreated(tmp_path):
    path = tmp_path / "catalogue.db"
    catalogue = SqliteCatalogue(path, busy_timeout_s=5)
    catalogue.add(image := an_image())
    os.rename(path, tmp_path / "elsewhere.db")
    for call in (lambda: catalogue.add(an_image()), lambda: catalogue.get(image.image_id)):
        with pytest.raises(Unavailable):
            call()
    assert not path.exists()

    os.rename(tmp_path / "elsewhere.db", path)
    assert catalogue.get(image.image_id) == image
    catalogue.close()


REPLACE_UNDER_WRITERS = """
import json, os, sqlite3, sys, threading, time
from datetime import UTC, datetime
from pathlib import Path
from circles.adapters.sqlite.catalogue import SqliteCatalogue
from circles.domain.errors import Unavailable
from circles.domain.identifiers import new_id
from circles.domain.images import Image
folder = Path(sys.argv[1])
path, now = folder / "catalogue.db", datetime(2026, 3, 1, tzinfo=UTC)
catalogue = SqliteCatalogue(path, busy_timeout_s=30)
def add():
    image = Image(image_id := new_id(), image_id, "image/png", 1, "0" * 64, 9, 9, "upload", now)
    catalogue.add(image)
    return image.image_id
add()
source, copy = sqlite3.connect(path), sqlite3.connect(folder / "copy.db")
source.backup(copy); source.close(); copy.close()
stop, told = threading.Event(), []
def work():
    while not stop.is_set():
        begun_after = replaced.is_set()
        try:
            image_id = add()
        except Unavailable:
            continue  # nothing was written, and the client was told so
        if begun_after:
            told.append(image_id)
replaced = threading.Event()
threads = [threading.Thread(target=work) for _ in range(4)]
for each in threads: each.start()
os.replace(folder / "copy.db", path)
replaced.set()
while len(told) < 40: time.sleep(0.01)
stop.set()
for each in threads: each.join()
catalogue.close()
print(json.dumps(told))
"""


@pytest.mark.timeout(60)
def test_no_write_that_began_after_a_replacement_is_lost(tmp_path):
    told = json.loads(output(REPLACE_UNDER_WRITERS, tmp_path))
    connection = sqlite3.connect(tmp_path / "catalogue.db")
    kept = {image_id for (image_id,) in connection.execute("SELECT image_id FROM images")}
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()

    assert set(told) <= kept


def test_emptied_file_returns_its_space(tmp_path):
    path = tmp_path / "catalogue.db"
    catalogue, upkeep = (kind(path, busy_timeout_s=1) for kind in (SqliteCatalogue, SqliteUpkeep))
    kept, *others = images = [an_image() for _ in range(20)]
    for image in images:
        catalogue.add(image)
        catalogue.record(image.image_id, MANY, claim=0, now=NOW)
    upkeep.compact()
    full = path.stat().st_size
    for image in others[:5]:
        catalogue.delete(image.image_id, now=NOW)
    upkeep.compact()
    assert path.stat().st_size == full  # most of it is used

    for image in others[5:]:
        catalogue.delete(image.image_id, now=NOW)
    upkeep.compact()
    assert path.stat().st_size < full / 4
    assert catalogue.get(kept.image_id).object_count == 300
    for each in (catalogue, upkeep):
        each.close()
