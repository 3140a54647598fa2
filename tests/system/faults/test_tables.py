"""Tables from a real process: slow readers, and ends that the client can tell."""

import http.client
import os
import signal
import sqlite3
import time
from contextlib import closing, contextmanager

import pytest

from circles.adapters.sqlite.connections import LOG_LIMIT_BYTES
from circles.adapters.sqlite.upkeep.upkeep import SqliteUpkeep
from tests.system.processes import wait_for

IMAGES, OBJECTS = 5_000, 24
THREADS = 4
SOON_S = 10
"""Far more than it takes (tenths of a second), because the machine may be busy."""
PIECE = 256 * 1024
UNKNOWN = "01890a5d-ac96-774b-bcce-b302099a8057"

FILL = """
    WITH RECURSIVE numbers(n) AS
        (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < {count} - 1)
"""


@pytest.fixture
def export(start, volume):
    """Run export over 5,000 images: a CSV of about 40 MB, more than a server buffers."""
    process = start("export", threads=THREADS)
    upkeep = SqliteUpkeep(volume.database, busy_timeout_s=30)
    upkeep.bookmark("any")  # makes the tables
    upkeep.close()
    with closing(sqlite3.connect(volume.database)) as connection, connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute(
            FILL.format(count=IMAGES)
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
            FILL.format(count=OBJECTS)
            + """INSERT INTO objects (object_id, detection_id, image_id, position, x, y, width,
                                      height, centroid_x, centroid_y, radius_px, score, label)
                 SELECT printf('%s%012x', substr(image_id, 1, 24), n + 2), detection_id, image_id,
                        n, n, 9, 41, 41, n + 20.5, 29.3, 20.1, 0.97, 'circle'
                 FROM images, numbers"""
        )
    return process


@contextmanager
def reading(process, path="/export?format=csv"):
    """Ask for a table, and yield the response, of which nothing is read yet."""
    connection = http.client.HTTPConnection("127.0.0.1", process.port, timeout=60)
    try:
        connection.request("GET", path)
        yield connection.getresponse()
    finally:
        connection.close()


def read_end(response):
    """Return the last kilobyte of a table."""
    end = b""
    while piece := response.read(PIECE):
        end = (end + piece)[-1024:]
    return end.decode()


def ask(process, path):
    """Return the status of a small request, and the seconds that it took."""
    began = time.monotonic()
    with reading(process, path) as response:
        response.read()
    return response.status, time.monotonic() - began


def test_whole_table_says_so(export):
    with reading(export) as response:
        assert response.getheader("Transfer-Encoding") == "chunked"
        assert read_end(response).endswith(
            f"# complete: {IMAGES * OBJECTS} objects of {IMAGES} images\r\n"
        )


def test_killed_process_is_seen_by_the_client(export):
    with reading(export) as response:
        begin = response.read(PIECE)
        export.popen.send_signal(signal.SIGKILL)

        with pytest.raises((http.client.IncompleteRead, ConnectionError)):
            read_end(response)
    assert b"# complete" not in begin


def test_lost_catalogue_is_seen_by_the_client(export, volume):
    with reading(export) as response:
        response.read(PIECE)
        os.rename(volume.database, f"{volume.database}.away")

        with pytest.raises((http.client.IncompleteRead, ConnectionError)):
            read_end(response)
    assert ask(export, "/health/liveness")[0] == 200


def test_slow_readers_hold_up_nobody(export):
    with reading(export) as one, reading(export) as two:
        one.read(PIECE), two.read(PIECE)
        for _ in range(3):
            status, took_s = ask(export, f"/images/{UNKNOWN}/thumbnail")
            assert (status, took_s < SOON_S) == (404, True)
        assert ask(export, "/export?format=csv")[0] == 503
        assert ask(export, "/health/readiness")[0] == 200
        assert read_end(one).endswith("images\r\n")

    wait_for(  # the second reader hung up
        lambda: ask(export, "/export?format=csv-images&batch=none")[0] == 200, "a turn"
    )


def test_log_does_not_grow_behind_a_slow_reader(export, volume):
    upkeep = SqliteUpkeep(volume.database, busy_timeout_s=30)
    with reading(export) as response:
        response.read(PIECE)
        sizes = []
        for number in range(40):
            upkeep.set_bookmark("test", str(number % 10) * 1_000_000)
            sizes.append(os.stat(f"{volume.database}-wal").st_size)

        assert max(sizes) < LOG_LIMIT_BYTES + 4_000_000  # 40 MB were written
        assert read_end(response).endswith("images\r\n")
    upkeep.close()
