"""Measure tables of 10,000 images of 24 objects: time, memory, log, and lists meanwhile."""

import contextlib
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from statistics import median

from bench.harness.http_requests import Request, ask, connect
from bench.harness.processes import Running, measure_memory_mib, run_program
from bench.harness.programs import Site
from bench.harness.tables import format_table

IMAGES, OBJECTS = 10_000, 24
SLOW_S = 30
"""How long the slow reader reads."""
_PAUSE_S = 0.01
_KILLED_AFTER_S = 3.0
_TARGETS = "≤ 20 MiB, ≤ 1.2×"

_NUMBERS = """
    WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < :count - 1)
"""
_FILL = (
    f"""{_NUMBERS}
    INSERT INTO images (
        image_id, key, media_type, size_bytes, sha256, width, height, source, created_at, status,
        file_name, attempts, claim, batch, detection_id)
    SELECT printf('%08x-0000-7000-8000-000000000000', n), printf('images/%d.jpg', n),
           'image/jpeg', 9, printf('%064x', n), 640, 480, 'upload',
           strftime('%Y-%m-%dT%H:%M:%S.000000+00:00', 1700000000 + n, 'unixepoch'), 'detected',
           printf('photograph %d.jpg', n), 1, 1, printf('b %d', n / 100),
           printf('%08x-0000-7000-8000-000000000001', n)
    FROM numbers""",
    f"""{_NUMBERS}
    INSERT INTO detections (
        detection_id, image_id, model, model_version, protocol, duration_ms, object_count,
        created_at, threshold, floor, sure_count, doubtful_count)
    SELECT detection_id, image_id, 'circles', '8', 'v1', 12.5, {OBJECTS}, created_at, 0.87, 0.3,
           {OBJECTS}, 0 FROM images""",
    f"""{_NUMBERS}
    INSERT INTO objects
        (object_id, detection_id, image_id, position, x, y, width, height, centroid_x, centroid_y,
         radius_px, score, label)
    SELECT printf('%s%012x', substr(image_id, 1, 24), n + 2), detection_id, image_id, n,
           20 * n, 9, 41, 41, 20.25 * n + 30, 29.31, 20.12, 0.97, 'circle'
    FROM images, numbers""",
)


def measure(site: Site, rounds: int) -> str:
    """Return the table: each format as fast as it goes, and read at 1 MB/s."""
    with run_program(site.function("list"), site.folder) as lists, ExitStack() as stack:
        lists.wait_for_answer(Request("GET", "/images/"))
        database = site.folder / "circles/catalogue.db"
        _fill(database)
        export = stack.enter_context(run_program(site.function("export"), site.folder))
        export.wait_for_answer(Request("GET", "/export?format=csv&batch=b%201"))
        rows = []
        for _ in range(rounds):
            for form in ("csv", "coco"):
                for rate in (None, "1M"):
                    rows.append(_measure_one(form, rate, lists, export, database))
                    print("  " + ", ".join(rows[-1][:3]), file=sys.stderr, flush=True)
        killed = _kill_midway(export)
    heads = ["table", "MB", "s", "memory +MiB", "log KiB, most", "list p50 ms alone, meanwhile",
             "ratio", "target"]  # fmt: skip
    return f"{format_table(heads, rows)}\n\n{killed}"


def _kill_midway(export: Running) -> str:
    """Kill a process that streams a table, and say what its client sees."""
    with _reader("csv", "1M", export.port) as reader:
        time.sleep(_KILLED_AFTER_S)
        export.process.kill()
        status = reader.wait(30)
    if status == 0:
        raise RuntimeError("curl took a cut table for a complete one")
    return f"Killed after {_KILLED_AFTER_S:.0f} s, the client's curl ended with {status}."


def _fill(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA synchronous = OFF")
        for statement, count in zip(_FILL, (IMAGES, 1, OBJECTS), strict=True):
            connection.execute(statement, {"count": count})
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _measure_one(
    form: str, rate: str | None, lists: Running, export: Running, database: Path
) -> list[str]:
    alone = _ask_for(5.0, lists)
    memory_before, _ = measure_memory_mib(export.process.pid)
    began = time.perf_counter()
    with _write_meanwhile(database), _reader(form, rate, export.port) as reader:
        meanwhile, most_mib, most_log = [], memory_before, 0
        while reader.poll() is None and time.perf_counter() - began < (SLOW_S if rate else 600):
            meanwhile += _ask_for(0.5, lists)
            most_mib = max(most_mib, measure_memory_mib(export.process.pid)[0])
            with contextlib.suppress(FileNotFoundError):
                most_log = max(most_log, Path(f"{database}-wal").stat().st_size)
        took_s = time.perf_counter() - began
        status = reader.poll()
        size = "" if status is None or reader.stdout is None else reader.stdout.read().decode()
    if status:
        raise RuntimeError(f"curl ended with {status}")
    before, during = median(alone), median(meanwhile)
    return [
        f"{form}{f', at {rate}B/s' if rate else ''}",
        size and f"{int(size) / 1e6:.0f}",
        f"{took_s:.1f}" if status == 0 else f"stopped after {took_s:.0f}",
        f"{most_mib - memory_before:.1f}",
        f"{most_log / 1024:.0f}",
        f"{before:.2f}, {during:.2f}",
        f"{during / before:.2f}×",
        _TARGETS,
    ]


def _ask_for(seconds: float, lists: Running) -> list[float]:
    """Return the milliseconds of pages that are asked for one after the other."""
    times_ms, ends = [], time.perf_counter() + seconds
    with closing(connect(lists.port)) as connection:
        while time.perf_counter() < ends:
            began = time.perf_counter()
            ask(connection, Request("GET", "/images/?limit=50"))
            times_ms.append((time.perf_counter() - began) * 1e3)
            time.sleep(_PAUSE_S)
    return times_ms


@contextlib.contextmanager
def _reader(form: str, rate: str | None, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Read a table with curl, which takes no time of this process. It prints the bytes."""
    curl = shutil.which("curl")
    if curl is None:
        raise RuntimeError("this needs curl")
    limit = ["--limit-rate", rate] if rate else []
    url = f"http://127.0.0.1:{port}/export?format={form}"
    command = [curl, "-sf", "-o", "/dev/null", "-w", "%{size_download}", *limit, url]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as reader:
        try:
            yield reader
        finally:
            if reader.poll() is None:
                reader.terminate()


@contextlib.contextmanager
def _write_meanwhile(database: Path) -> Iterator[None]:
    """Write a row 50 times a second, as uploads do: what reads must not keep in the log."""
    done = threading.Event()

    def write() -> None:
        with closing(sqlite3.connect(database, timeout=30, isolation_level=None)) as connection:
            number = 0
            while not done.wait(0.02):
                number += 1
                connection.execute(
                    "INSERT OR REPLACE INTO bookmarks (name, place) VALUES ('bench', ?)",
                    [str(number) * 100],
                )

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield
    finally:
        done.set()
        writer.join()
