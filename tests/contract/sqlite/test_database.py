"""Test SQLite with processes, locks, kills, full disks and broken files."""

import json
import sqlite3
import threading
from contextlib import closing, contextmanager

import pytest

from circles.adapters.sqlite.catalogue import SqliteCatalogue
from circles.adapters.sqlite.connections import SCHEMA
from circles.domain.errors import NotFound, Unavailable
from circles.domain.images import Status
from tests.contract.catalogue.test_catalogue import (
    EVERYTHING,
    LATER,
    NOW,
    Faulty,
    an_image,
    circle,
    run,
)
from tests.contract.processes import output, python
from tests.contract.sqlite.full_disks import LIMIT_FILES, tiny_disk
from tests.scraping import Counted


@pytest.fixture
def path(tmp_path):
    return tmp_path / "catalogue.db"


@contextmanager
def opened(path, busy_timeout_s=30.0):
    catalogue = SqliteCatalogue(path, busy_timeout_s=busy_timeout_s)
    try:
        yield catalogue
    finally:
        catalogue.close()


def filled(path):
    """Create a file with a detected and a pending image."""
    detected, pending = an_image(idempotency_key="detected"), an_image(idempotency_key="pending")
    with opened(path) as catalogue:
        catalogue.add(detected)
        catalogue.add(pending)
        return catalogue.record(
            detected.image_id, run(circle(1), circle(2)), claim=0, now=NOW
        ), pending


def select(path, query):
    """Query the file without our code."""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query).fetchall()


def assert_consistent(path):
    """Assert an intact file in which every run is complete."""
    assert select(path, "PRAGMA integrity_check") == [("ok",)]
    assert select(path, "PRAGMA foreign_key_check") == []
    halves = """SELECT detection_id FROM detections LEFT JOIN objects USING (detection_id)
                GROUP BY detection_id HAVING count(object_id) <> object_count"""
    assert select(path, halves) == []
    dangling = """SELECT key FROM images LEFT JOIN detections USING (detection_id)
                  WHERE (images.status = 'detected') <> (detections.detection_id IS NOT NULL)"""
    assert select(path, dangling) == []


# Reopening


def test_data_survives_reopening_the_file(path):
    detected, pending = filled(path)
    with opened(path) as catalogue:
        assert catalogue.get(detected.image_id) == detected
        assert catalogue.find_by_idempotency_key("pending") == pending
        image, found = catalogue.objects(detected.image_id, EVERYTHING)
        assert (image, [each.circle for each in found]) == (detected, [circle(1), circle(2)])
        assert catalogue.object(image.image_id, found[0].object_id) == found[0]


def test_file_is_created_by_the_first_call(tmp_path):
    with opened(tmp_path / "not" / "yet" / "catalogue.db") as catalogue:
        assert list(tmp_path.iterdir()) == []
        catalogue.ping()
    assert (tmp_path / "not" / "yet" / "catalogue.db").is_file()


def test_empty_file_becomes_a_catalogue(path):
    path.touch()
    with opened(path) as catalogue:
        catalogue.add(an_image())

    assert_consistent(path)


def test_file_uses_a_write_ahead_log(path):
    """Readers and a writer do not block each other in WAL mode."""
    filled(path)

    assert select(path, "PRAGMA journal_mode") == [("wal",)]


# Processes


WORKER = """
import json, sys
from datetime import UTC, datetime
from pathlib import Path
# imported before the race, so that all open concurrently
from circles.adapters.sqlite.schema import migrations
from circles.adapters.sqlite.catalogue import SqliteCatalogue
from circles.domain.identifiers import new_id
from circles.domain.detections import Circle, Detection
from circles.domain.images import Image
now = datetime(2026, 3, 1, tzinfo=UTC)
circles = tuple(Circle((n, 0, 5, 5), (n + 2.5, 2.5), 2.5, 0.5, "coin") for n in range(3))
print("ready", flush=True)
for line in sys.stdin:
    path, writes = json.loads(line)
    catalogue, faults = SqliteCatalogue(Path(path), busy_timeout_s=30), []
    for _ in range(writes):
        try:
            image_id = new_id()
            catalogue.add(Image(image_id, image_id, "image/png", 1, "0" * 64, 9, 9, "upload", now))
            catalogue.record(image_id, Detection("m", "1", "v1", 1.0, circles), claim=0, now=now)
        except Exception as error:
            faults.append(f"{error!r} from {error.__cause__!r}")
    catalogue.close()
    print(json.dumps(faults), flush=True)
"""


@pytest.fixture(scope="module")
def workers():
    """Yield eight processes that wait for a file to write to."""
    processes = [python(WORKER) for _ in range(8)]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    yield processes
    for process in processes:
        process.stdin.close()
        process.wait()
        process.stdout.close()


def work(workers, path, writes):
    """Let all processes write concurrently and return their errors."""
    for process in workers:
        process.stdin.write(json.dumps([str(path), writes]) + "\n")
        process.stdin.flush()
    return [fault for process in workers for fault in json.loads(process.stdout.readline())]


@pytest.mark.timeout(60)
def test_processes_open_an_empty_file_concurrently(workers, tmp_path):
    for round_ in range(8):
        path = tmp_path / f"{round_}.db"
        assert work(workers, path, writes=1) == []

        assert select(path, "SELECT status, count(*) FROM images GROUP BY status") == [
            ("detected", 8)
        ]
        assert select(path, "SELECT count(*) FROM _sqlite_migrations") == [(len(SCHEMA),)]


@pytest.mark.timeout(60)
def test_processes_write_concurrently(workers, path):
    assert work(workers, path, writes=25) == []

    assert select(path, "SELECT status, count(*) FROM images GROUP BY status") == [
        ("detected", 200)
    ]
    assert select(path, "SELECT count(*) FROM objects") == [(600,)]
    assert_consistent(path)


# Locks


LOCKER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute(f"BEGIN {sys.argv[2]}")
print("locked", flush=True)
sys.stdin.readline()
connection.execute("ROLLBACK")
"""


@contextmanager
def locked(path, how="IMMEDIATE"):
    """Hold the write lock in another process."""
    with python(LOCKER, path, how) as process:
        assert process.stdout.readline() == "locked\n"
        yield process
        process.stdin.close()


def writes(image_id):
    """Return every write of the port by name."""
    return {
        "add": lambda catalogue: catalogue.add(an_image()),
        "claim": lambda catalogue: catalogue.claim(image_id, now=NOW, until=LATER),
        "record": lambda catalogue: catalogue.record(image_id, run(circle(1)), claim=0, now=NOW),
        "release": lambda catalogue: catalogue.release(image_id, claim=0, due_at=LATER, error="x"),
    }


@pytest.mark.parametrize("write", ["add", "claim", "record", "release"])
def test_lock_beyond_the_busy_timeout_is_unavailable(path, write):
    detected, pending = filled(path)
    with (
        opened(path, busy_timeout_s=0.05) as catalogue,
        closing(sqlite3.connect(path)) as connection,
    ):
        with locked(path):
            before = list(connection.iterdump())
            with pytest.raises(Unavailable, match="busy") as raised:
                writes(pending.image_id)[write](catalogue)
            assert catalogue.get(pending.image_id) == pending
            assert catalogue.get(detected.image_id) == detected
        assert list(connection.iterdump()) == before
        assert not any(
            word in str(raised.value) for word in (str(path), "sqlite", "locked", "Error")
        )

        assert writes(pending.image_id)[write](catalogue) is not False
        assert list(connection.iterdump()) != before


def test_lock_timeouts_and_waits_are_counted(path):
    filled(path)
    counted = Counted()
    with opened(path, busy_timeout_s=0.05) as catalogue:
        with locked(path), pytest.raises(Unavailable):
            catalogue.add(an_image())
        catalogue.add(an_image())

    assert counted("circles_database_faults_total", fault="SQLITE_BUSY") == 1
    assert counted("circles_database_faults_total") == 1
    assert counted("circles_database_wait_seconds_count") == 2
    assert counted("circles_database_wait_seconds_sum") >= 0.05


@pytest.mark.parametrize("new", [False, True], ids=["old file", "new file"])
@pytest.mark.timeout(20)
def test_lock_within_the_busy_timeout_is_awaited(path, new):
    if not new:
        filled(path)
    with opened(path, busy_timeout_s=30) as catalogue, locked(path) as process:
        release = threading.Timer(0.2, process.stdin.close)
        release.start()
        catalogue.add(image := an_image())
        release.join()

        assert catalogue.get(image.image_id) == image


def test_locked_new_file_is_unavailable(path):
    with opened(path, busy_timeout_s=0.05) as catalogue:
        with locked(path, "EXCLUSIVE"):
            with pytest.raises(Unavailable):
                catalogue.ping()
            with pytest.raises(Unavailable):
                catalogue.add(an_image())
        catalogue.add(image := an_image())

        assert catalogue.get(image.image_id) == image


def test_open_reader_does_not_block_writers(path):
    _, pending = filled(path)
    with opened(path, busy_timeout_s=0.05) as catalogue, closing(sqlite3.connect(path)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM images").fetchall()
        catalogue.record(pending.image_id, run(), claim=0, now=NOW)

        assert catalogue.get(pending.image_id).status is Status.DETECTED


def test_failed_record_leaves_no_row(path):
    detected, pending = filled(path)
    with opened(path) as catalogue:
        for image in (detected, pending):
            with pytest.raises(RuntimeError, match="boom"):
                catalogue.record(image.image_id, run(circles=Faulty()), claim=0, now=LATER)

    assert select(
        path, "SELECT (SELECT count(*) FROM detections), (SELECT count(*) FROM objects)"
    ) == [(1, 2)]
    assert_consistent(path)


# Kills


KILLED_INSIDE = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from circles.adapters.sqlite.catalogue import SqliteCatalogue
from circles.domain.detections import Circle, Detection

class Deadly(tuple):
    def __iter__(self):
        yield Circle((0, 0, 1, 1), (0.5, 0.5), 0.5, 0.5, "coin")
        os.kill(os.getpid(), signal.SIGKILL)

catalogue = SqliteCatalogue(Path(sys.argv[1]), busy_timeout_s=30)
detection = Detection("m", "1", "v1", 1.0, Deadly())
catalogue.record(sys.argv[2], detection, claim=0, now=datetime.now(UTC))
"""


def test_kill_inside_a_transaction_rolls_back(path):
    detected, pending = filled(path)
    for image in (pending, detected):
        with python(KILLED_INSIDE, path, image.image_id) as process:
            process.wait()
        assert process.returncode == -9

    assert_consistent(path)
    with opened(path, busy_timeout_s=0.05) as catalogue:
        assert catalogue.get(pending.image_id) == pending
        assert catalogue.get(detected.image_id) == detected
        assert len(catalogue.objects(detected.image_id, EVERYTHING)[1]) == 2
        assert catalogue.claim(pending.image_id, now=NOW, until=LATER)


WRITE_FOREVER = """
import itertools, sys
from datetime import UTC, datetime
from pathlib import Path
from circles.adapters.sqlite.catalogue import SqliteCatalogue
from circles.domain.identifiers import new_id
from circles.domain.detections import Circle, Detection
from circles.domain.images import Image
now = datetime(2026, 3, 1, tzinfo=UTC)
catalogue = SqliteCatalogue(Path(sys.argv[1]), busy_timeout_s=30)
circles = tuple(Circle((n, 0, 5, 5), (n + 2.5, 2.5), 2.5, 0.5, "coin") for n in range(200))
while True:
    image_id = new_id()
    catalogue.add(Image(image_id, image_id, "image/png", 1, "0" * 64, 9, 9, "upload", now))
    catalogue.record(image_id, Detection("m", "1", "v1", 1.0, circles), claim=0, now=now)
    print(image_id, flush=True)
"""


def test_killed_writer_keeps_committed_rows(path):
    promised = []
    for kill_after in (1, 5, 8):
        with python(WRITE_FOREVER, path) as process:
            promised += [process.stdout.readline().strip() for _ in range(kill_after)]
            process.kill()
        assert_consistent(path)

    with opened(path) as catalogue:
        assert len(promised) == len(set(promised)) == 14
        assert {catalogue.get(image_id).object_count for image_id in promised} == {200}
        catalogue.add(an_image())


# Broken files


def every_call(image_id):
    """Return every call of the port."""
    return [
        *writes(image_id).values(),
        lambda catalogue: catalogue.get(image_id),
        lambda catalogue: catalogue.find_by_idempotency_key("pending"),
        lambda catalogue: catalogue.objects(image_id, EVERYTHING),
        lambda catalogue: catalogue.object(image_id, image_id),
        lambda catalogue: catalogue.ping(),
    ]


GARBAGE = {
    "text": b"these are no tables\n" * 1000,
    "noise behind the right beginning": b"SQLite format 3\0" + bytes(range(256)) * 64,
    "a picture": b"\x89PNG\r\n\x1a\n" + bytes(5000),
}


@pytest.mark.parametrize("garbage", GARBAGE)
def test_non_database_file_is_unavailable(path, garbage):
    path.write_bytes(GARBAGE[garbage])
    with opened(path, busy_timeout_s=0.05) as catalogue:
        for call in every_call(str(an_image().image_id)):
            with pytest.raises(Unavailable):
                call(catalogue)

    assert path.read_bytes() == GARBAGE[garbage]


def test_file_overwritten_while_open_never_crashes(path):
    _, pending = filled(path)
    with opened(path, busy_timeout_s=0.05) as catalogue:
        catalogue.ping()
        with open(path, "r+b") as file:
            file.write(b"garbage " * 20_000)
        for call in every_call(pending.image_id):
            try:
                call(catalogue)
            except (Unavailable, NotFound):
                continue


def test_truncated_file_is_unavailable(path):
    _, pending = filled(path)
    select(path, "PRAGMA wal_checkpoint(TRUNCATE)")
    with open(path, "r+b") as file:
        file.truncate(4096 * 3)
    with opened(path) as catalogue, pytest.raises(Unavailable):
        catalogue.add(pending)


def test_folder_instead_of_the_file_is_unavailable(path):
    path.mkdir()
    with opened(path) as catalogue:
        for call in every_call("x"):
            with pytest.raises(Unavailable):
                call(catalogue)


def test_path_through_a_file_is_unavailable(path):
    path.write_bytes(b"")
    with opened(path / "below" / "catalogue.db") as catalogue, pytest.raises(Unavailable):
        catalogue.ping()


def test_failed_open_can_be_retried(path):
    path.mkdir()
    with opened(path) as catalogue:
        with pytest.raises(Unavailable):
            catalogue.ping()
        path.rmdir()
        catalogue.add(image := an_image())

        assert catalogue.get(image.image_id) == image


# Full disks


def test_full_disk_is_unavailable_until_there_is_room(tmp_path):
    with tiny_disk(tmp_path / "disk", 1024**2) as disk:
        path = disk / "catalogue.db"
        detected, pending = filled(path)
        with opened(path) as catalogue:
            catalogue.ping()
            with pytest.raises(OSError), open(disk / "filler", "wb", buffering=0) as filler:
                while True:
                    filler.write(bytes(4096))
            many = run(*[circle(number) for number in range(500)])
            with pytest.raises(Unavailable):
                catalogue.record(pending.image_id, many, claim=0, now=NOW)
            assert catalogue.get(pending.image_id) == pending
            assert catalogue.get(detected.image_id) == detected

            (disk / "filler").unlink()
            assert catalogue.record(pending.image_id, many, claim=0, now=NOW).object_count == 500
        assert_consistent(path)


def test_disk_full_from_the_start_is_unavailable(tmp_path):
    with tiny_disk(tmp_path / "disk", 8192) as disk, opened(disk / "catalogue.db") as catalogue:
        for _ in range(2):
            with pytest.raises(Unavailable):
                catalogue.add(an_image())


FILL = (
    LIMIT_FILES.format(600_000)
    + """
import json, sys
from datetime import UTC, datetime
from pathlib import Path
from circles.adapters.sqlite.catalogue import SqliteCatalogue
from circles.domain.errors import Unavailable
from circles.domain.identifiers import new_id
from circles.domain.detections import Circle, Detection
from circles.domain.images import Image
now = datetime(2026, 3, 1, tzinfo=UTC)
catalogue, told, refused = SqliteCatalogue(Path(sys.argv[1]), busy_timeout_s=1), [], 0
circles = tuple(Circle((n, 0, 5, 5), (n + 2.5, 2.5), 2.5, 0.5, "coin") for n in range(100))
while refused < 3:
    try:
        image_id = new_id()
        catalogue.add(Image(image_id, image_id, "image/png", 1, "0" * 64, 9, 9, "upload", now))
        told.append(image_id)
        catalogue.record(image_id, Detection("m", "1", "v1", 1.0, circles), claim=0, now=now)
    except Unavailable:
        refused += 1
catalogue.close()
print(json.dumps(told))
"""
)


@pytest.mark.timeout(60)
def test_file_size_limit_keeps_committed_rows(path):
    promised = json.loads(output(FILL, path))

    assert_consistent(path)
    with opened(path) as catalogue:
        assert promised
        assert [catalogue.get(image_id).image_id for image_id in promised] == promised
        catalogue.add(an_image())
