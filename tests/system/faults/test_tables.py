"""Tables from a real process: slow readers, and ends that the client can tell."""

import http.client
import os
import re
import signal
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from circles.adapters.sqlite.connections import LOG_LIMIT_BYTES
from circles.adapters.sqlite.upkeep.upkeep import SqliteUpkeep
from tests.contract.sqlite.full_disks import tiny_disk
from tests.system.faults.catalogue import OBJECTS, fill
from tests.system.processes import wait_for

IMAGES = 5_000
THREADS = 4
SOON_S = 10
"""Far more than it takes (tenths of a second), because the machine may be busy."""
PIECE = 256 * 1024
UNKNOWN = "01890a5d-ac96-774b-bcce-b302099a8057"


@pytest.fixture
def export(start, volume):
    return run_export(start, volume)


def run_export(start, volume, **options):
    """Run export over 5,000 images: a CSV of about 40 MB, more than a server buffers."""
    process = start("export", threads=THREADS, **options)
    fill(volume, IMAGES)
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


def test_full_disk_is_seen_by_the_client(start, volume, tmp_path):
    with tiny_disk(tmp_path / "tmp", 1024 * 1024) as folder:
        export = run_export(start, volume, environment={"TMPDIR": str(folder)})
        with reading(export, "/export?format=coco") as response:
            begin = response.read(PIECE)
            with pytest.raises((http.client.IncompleteRead, ConnectionError)):
                read_end(response)  # the images do not fit, which are kept for the end

        assert response.status == 200 and b'"complete"' not in begin
        assert ask(export, "/health/liveness")[0] == 200
        wait_for(lambda: ask(export, "/export?format=coco&batch=none")[0] == 200, "a turn")


def test_memory_does_not_grow_with_tables(export):
    """Stream 17 MB by turns in each of the threads."""
    path, sizes_kib = "/export?format=csv&since=2023-11-14T23:00:00Z", []
    for _ in range(THREADS + 1):
        with reading(export, path) as response:
            assert read_end(response).endswith("images\r\n")
        status = Path(f"/proc/{export.popen.pid}/status").read_text()
        sizes_kib.append(int(re.search(r"VmRSS:\s+(\d+)", status)[1]))

    assert sizes_kib[-1] - sizes_kib[0] < 30 * 1024, sizes_kib


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
