"""Test with real processes that an object whose decoding ends them is refused."""

import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime

import pytest

from tests.functions.pictures import png
from tests.functions.predictors import CIRCLE, answer_objects

FATAL, GOOD = png(1), png(2)
PROGRAM = """
import os, signal
from circles.bootstrap import ConfiguredServices
from circles.settings import Settings
from circles.usecases.upkeep.repair import repair_images

services = ConfiguredServices(Settings.from_env())
read, fatal = services.pictures.read, bytes.fromhex(os.environ["FATAL"])


def read_or_die(data):
    if data == fatal:
        os.kill(os.getpid(), signal.SIGKILL)
    return read(data)


services.pictures.read = read_or_die
repair_images(services)
"""


@pytest.fixture
def repair(volume, predictor):
    """Return a function that repairs in a process of its own and returns its exit status."""
    predictor.answer = answer_objects(CIRCLE)

    def run():
        known = {
            "CIRCLES_DATA_DIR": str(volume.folder),
            "CIRCLES_PREDICTOR_URL": predictor.url,
            "CIRCLES_ADOPT_AFTER_S": "0.001",
            "PYTHONPATH": "lib",
            "FATAL": FATAL.hex(),
        }
        return subprocess.run([sys.executable, "-c", PROGRAM], env=known, timeout=60).returncode

    return run


def let_time_pass(volume):
    """Expire the looks and the sweep's lease of a killed process, as five minutes do."""
    ended = datetime.now(UTC).isoformat(timespec="microseconds")
    with closing(sqlite3.connect(volume.database)) as connection, connection:
        for table in ("looks", "leases"):
            connection.execute(f"UPDATE {table} SET until = ?", [ended])


def test_object_that_ends_processes_is_refused(repair, volume):
    incoming = volume.folder / "blobs" / "incoming"
    incoming.mkdir(parents=True)
    (incoming / "a.png").write_bytes(FATAL)
    (incoming / "b.png").write_bytes(GOOD)
    exits = []
    for _ in range(8):
        exits.append(repair())
        let_time_pass(volume)

    assert exits.count(-signal.SIGKILL) == 3
    assert exits[:2] == [-signal.SIGKILL, 0]  # the second begins behind the object
    [image], [refusal] = volume.rows("images"), volume.rows("refusals")
    assert (image["key"], image["status"]) == ("incoming/b.png", "detected")
    assert (refusal["key"], refusal["code"]) == ("incoming/a.png", "undecodable-picture")
    assert volume.rows("looks") == []
