"""An export of 10,000 images: whole, in little memory, and beside lists that go on."""

import http.client
import os
import signal
import subprocess
import sys
import time
from contextlib import closing

import pytest

from tests.system.faults.catalogue import OBJECTS, fill
from tests.system.processes import ROOT, environment, memory_peak_bytes, wait_for

IMAGES = 10_000
MOST_GROWTH_BYTES = 40_000_000
"""The table has 80 MB."""
SLOW_BYTES = 2_000_000
PIECE, PAUSE_S = 100_000, 0.1
"""A reader of 1 MB/s."""


@pytest.fixture
def export(start, volume):
    process = start("export", threads=4)
    fill(volume, IMAGES)
    return process


def get(process, path):
    """Return status and body."""
    with closing(http.client.HTTPConnection("127.0.0.1", process.port, timeout=60)) as connection:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read()


def test_slow_reader_gets_all_rows_while_lists_go_on(start, export):
    """Check 6 of a user: all rows, flat memory, and lists that are answered meanwhile."""
    listing = start("list")
    assert get(export, "/export?format=csv-images&batch=none")[0] == 200
    before = memory_peak_bytes(export.popen.pid)
    with closing(http.client.HTTPConnection("127.0.0.1", export.port, timeout=60)) as connection:
        connection.request("GET", "/export?format=csv")
        response = connection.getresponse()
        lines, end = 0, b""
        for _ in range(SLOW_BYTES // PIECE):
            end = response.read(PIECE)
            lines += end.count(b"\n")
            time.sleep(PAUSE_S)
            assert get(listing, "/images/?limit=48")[0] == 200
        while piece := response.read(PIECE):
            lines += piece.count(b"\n")
            end = (end + piece)[-200:]

    assert lines == 1 + IMAGES * OBJECTS + 1
    assert end.endswith(f"# complete: {IMAGES * OBJECTS} objects of {IMAGES} images\r\n".encode())
    assert memory_peak_bytes(export.popen.pid) - before < MOST_GROWTH_BYTES


def test_client_says_that_a_killed_export_is_incomplete(export, tmp_path):
    """Check 6 of a user: the function is killed half-way."""
    folder = tmp_path / "out"
    with subprocess.Popen(
        [sys.executable, "-m", "circles_client", "export", "-o", folder / "table.csv"],
        env=environment(PYTHONPATH=str(ROOT / "lib"), CIRCLES_URL=export.url),
        stderr=subprocess.PIPE,
        text=True,
    ) as client:
        wait_for(lambda: half_of_a_file(folder), "the first megabyte")
        export.popen.send_signal(signal.SIGKILL)
        _, told = client.communicate(timeout=60)

    assert client.returncode == 1
    assert "broke off" in told
    assert os.listdir(folder) == []


def half_of_a_file(folder):
    return folder.exists() and any(each.stat().st_size > 1_000_000 for each in folder.iterdir())
