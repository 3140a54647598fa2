"""Test in processes of their own that no picture takes more memory than the manifests give."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from circles_pictures.budget import BUDGET_BYTES
from circles_pictures.limits import MIB
from tests.pictures.bombs import AT_THE_LIMIT, BEYOND, CHEAP

ROOT = Path(__file__).resolve().parents[2]
LIMIT_MIB = 768
"""Of upload, export, ingest, repair and predictor in manifests/base."""
IDLE_MIB = {"function": 60, "export": 60, "predictor": 130}
"""What the whole process has when it is idle; these here have less."""

READ = """
import json, sys, threading, time
from collections import Counter

side, path, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
data, outcomes = open(path, "rb").read(), Counter()

def peak_mib():
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) // 1024

if side == "function":
    from circles.adapters.pillow.pictures import PillowPictures
    from circles.adapters.pillow.reading import Reading
    from circles.domain.errors import CirclesError

    pictures = PillowPictures(Reading(max_pixels=50_000_000))

    def read():
        try:
            with pictures.hold(len(data)):
                pictures.upright(pictures.read(data))
            return 200
        except CirclesError as error:
            return error.http_status
elif side == "export":
    from circles.adapters.pillow.reading import Reading
    from circles.adapters.pillow.renderer import PillowRenderer
    from circles.adapters.spool import Spool
    from circles.domain.errors import CirclesError
    from circles.domain.exports.drawings import lay_out
    from circles_pictures.opening import open_picture

    renderer = PillowRenderer(Reading(max_pixels=50_000_000), Spool())
    size = open_picture(data).upright_size

    def read():
        try:
            with renderer.hold(len(data)):
                renderer.draw(data, lay_out([], *size, max(size)), None).file.close()
                renderer.shrink(data, 2048)
                renderer.crop(data, (0, 0, *size))
            return 200
        except CirclesError as error:
            return error.http_status
else:
    from circles_pictures.budget import Budget
    from circles_pictures.memory import return_freed_memory
    from predictor.errors import Refusal
    from predictor.inference.pictures import open_source, read_pixels, refusing

    budget = Budget()
    return_freed_memory()

    def read():
        try:
            source = open_source(data, max_pixels=50_000_000)
            with refusing(), budget.hold(source.rgb_bytes):
                read_pixels(source)
            return 200
        except Refusal as error:
            return error.status

idle = peak_mib()
workers = [threading.Thread(target=lambda: outcomes.update([read()])) for _ in range(threads)]
for worker in workers:
    worker.start()
for worker in workers:
    worker.join()
print(json.dumps([outcomes, peak_mib() - idle]))
"""


def read_in_a_process(tmp_path, side, data, threads):
    """Return how often each status came, and the peak's growth in MiB."""
    (tmp_path / "picture").write_bytes(data)
    done = subprocess.run(
        [sys.executable, "-c", READ, side, tmp_path / "picture", str(threads)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": "lib:."},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    outcomes, grown_mib = json.loads(done.stdout)
    return {int(status): count for status, count in outcomes.items()}, grown_mib


@pytest.mark.timeout(300)
@pytest.mark.parametrize("side", ["function", "predictor"])
@pytest.mark.parametrize("name", AT_THE_LIMIT)
def test_picture_at_the_limit(tmp_path, name, side):
    """Alone it is read; eight at once are read or told to come again. None takes too much."""
    data = AT_THE_LIMIT[name]()
    alone, alone_mib = read_in_a_process(tmp_path, side, data, 1)
    together, together_mib = read_in_a_process(tmp_path, side, data, 8)

    assert alone == {200: 1}
    assert set(together) <= {200, 503} and together[200] >= 1
    assert max(alone_mib, together_mib) + IDLE_MIB[side] <= LIMIT_MIB


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", ["baseline JPEG", "16-bit RGB PNG"])
def test_export_of_a_picture_at_the_limit(tmp_path, name):
    """Drawing on it, shrinking it and cropping all of it, by two clients."""
    outcomes, grown_mib = read_in_a_process(tmp_path, "export", AT_THE_LIMIT[name](), 2)

    assert set(outcomes) <= {200, 503} and outcomes[200] >= 1
    assert grown_mib + IDLE_MIB["export"] <= LIMIT_MIB


@pytest.mark.timeout(120)
@pytest.mark.parametrize("name", CHEAP)
def test_picture_with_much_that_means_nothing(tmp_path, name):
    """A function reads one costly picture at a time and lets half of eight wait for that."""
    data = CHEAP[name]()
    alone, _ = read_in_a_process(tmp_path, "function", data, 1)
    together, grown_mib = read_in_a_process(tmp_path, "function", data, 8)

    assert alone == {200: 1}
    assert set(together) <= {200, 503} and together[200] >= 1
    assert grown_mib < 200


@pytest.mark.timeout(120)
@pytest.mark.parametrize("name", BEYOND)
def test_picture_beyond_the_limit(tmp_path, name):
    """The predictor opens pictures by the same call; test_cases.py holds both together."""
    outcomes, grown_mib = read_in_a_process(tmp_path, "function", BEYOND[name](), 8)

    assert set(outcomes) <= {413, 422, 503}
    assert set(outcomes) != {503}
    assert grown_mib < 200


@pytest.mark.parametrize("name", ["upload", "export", "ingest", "repair", "predictor"])
def test_manifest_gives_the_budget_and_what_is_idle(name):
    text = (ROOT / f"manifests/base/{name}.yaml").read_text()
    idle_mib = IDLE_MIB["predictor" if name == "predictor" else "function"]

    assert f"memory: {LIMIT_MIB}Mi}}" in text
    assert BUDGET_BYTES // MIB + idle_mib <= LIMIT_MIB


FREE = """
from pathlib import Path

from circles_pictures.memory import return_free_pages

def resident_mib():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) // 1024

blocks = [bytes(64 * 1024) for _ in range(1000)]
last = bytes(64 * 1024)  # keeps the heap from shrinking by itself
blocks.clear()
before = resident_mib()
return_free_pages()
print(before - resident_mib())
"""


def test_free_pages_between_blocks_are_returned():
    """Loading a model leaves such pages; glibc alone keeps them as long as the process lives."""
    environment = {**os.environ, "PYTHONPATH": "lib"}
    done = subprocess.run(
        [sys.executable, "-c", FREE], cwd=ROOT, env=environment, capture_output=True, check=True
    )
    assert int(done.stdout) > 30
