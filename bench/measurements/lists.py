"""Measure pages of a list by every filter and order, at a thousand images and at a million."""

import json
import sqlite3
import time
from contextlib import ExitStack, closing
from pathlib import Path
from statistics import median

from bench.harness.http_requests import Request, ask, connect
from bench.harness.processes import run_program
from bench.harness.programs import Site
from bench.harness.tables import format_table

COUNTS = (1_000, 1_000_000)
PAGES_A_ROUND = 5
TARGET = "≤ 1.5×"

_IMAGES = """
    WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < :count - 1)
    INSERT INTO images (
        image_id, key, media_type, size_bytes, sha256, width, height, source, created_at, status,
        attempts, claim, batch, detection_id, served_count, served_version, doubtful_count, review)
    SELECT printf('%08x-0000-7000-8000-000000000000', n),
           printf('incoming/b %d/%d.jpg', n / 100, n),
           'image/jpeg', 9, printf('%064x', n), 640, 480, iif(n % 2, 's3', 'upload'),
           strftime('%Y-%m-%dT%H:%M:%S.000000+00:00', 1700000000 + n, 'unixepoch'),
           CASE n % 10 WHEN 1 THEN 'pending' WHEN 2 THEN 'failed' ELSE 'detected' END, 1, 1,
           iif(n / 100 % 2, printf('b %d', n / 100), 'all'),
           iif(n % 10 IN (1, 2), NULL, printf('%08x-0000-7000-8000-000000000001', n)),
           iif(n % 10 IN (1, 2), NULL, 1), iif(n % 10 IN (1, 2), NULL, iif(n % 10 = 3, '7', '8')),
           iif(n % 10 IN (1, 2), NULL, n / 10 % 3), iif(n % 10 = 4, 'corrected', NULL)
    FROM numbers
"""
"""A tenth each is pending, failed, of another version, corrected. One batch has half of them."""

_RUNS = """
    INSERT INTO detections (
        detection_id, image_id, model, model_version, protocol, duration_ms, object_count,
        created_at, threshold, floor, sure_count, doubtful_count, review)
    SELECT detection_id, image_id, 'circles', served_version, 'v1', 12.5, 1, created_at, 0.87, 0.3,
           1, doubtful_count, review
    FROM images WHERE detection_id IS NOT NULL
"""
_OBJECTS = """
    INSERT INTO objects
        (object_id, detection_id, image_id, position, x, y, width, height, centroid_x, centroid_y,
         radius_px, score, label)
    SELECT printf('%s2', substr(image_id, 1, 35)), detection_id, image_id, 0, 9, 9, 20, 20, 19, 19,
           10, 0.97, 'circle'
    FROM images WHERE detection_id IS NOT NULL
"""
_BATCHES = """
    INSERT INTO batches (batch, created_at, arrived_at, open, revision)
    SELECT batch, min(created_at), max(created_at), 0, 1 FROM images GROUP BY batch
"""

_QUERIES = (
    "",
    "status=pending",
    "status=detected",
    f"sha256={500:064x}",
    "since=2023-11-14T22:20:00Z",
    "until=2023-11-14T22:20:00Z",
    "batch=b%201",
    "batch=all",
    "batch=all&status=failed",
    "source=s3",
    "key=incoming/b%205/500.jpg",
    "model_version=7",
    "review=corrected",
    "review=none",
    "min_count=1",
    "min_count=2",
    "max_count=1",
    "max_count=0",
    "min_count=1&model_version=7&source=s3",
)


def measure(site: Site, rounds: int) -> str:
    """Return the table. The images have one object each; both servers answer by turns."""
    queries = [each for query in _QUERIES for each in (query, f"{query}&order=doubt".lstrip("&"))]
    with ExitStack() as stack:
        ports = []
        for count in COUNTS:
            path = site.folder / f"{count}.db"
            program = site.function("list", {"CIRCLES_CATALOGUE_PATH": str(path)})
            server = stack.enter_context(run_program(program, site.folder))
            server.wait_for_answer(Request("GET", "/images/"))
            _fill(path, count)
            ports.append(server.port)
        rows = [_measure_query(ports, query, rounds) for query in queries]
    return format_table(
        ["list", "images of the page", "p50 ms at 10³", "p50 ms at 10⁶", "ratio", "target"], rows
    )


def _fill(path: Path, count: int) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA cache_size = -500000")
        for statement in (_IMAGES, _RUNS, _OBJECTS, _BATCHES):
            connection.execute(statement, {"count": count} if statement is _IMAGES else {})


def _measure_query(ports: list[int], query: str, rounds: int) -> list[str]:
    """Return a row: the first page, and the page behind it where there is one."""
    connections = [connect(port) for port in ports]
    samples: list[list[float]] = [[] for _ in ports]
    found = 0
    for number in range(rounds * PAGES_A_ROUND + 1):
        for connection, times in zip(connections, samples, strict=True):
            url: str | None = f"/images/?{query}"
            for _ in range(2):
                if url is None:
                    break
                began = time.perf_counter()
                answer = ask(connection, Request("GET", url))
                took_ms = (time.perf_counter() - began) * 1e3
                page = json.loads(answer.body) if answer.status == 200 else answer.document()
                found, url = max(found, len(page["images"])), page["next"]
                if number:  # the first one warms up
                    times.append(took_ms)
    for connection in connections:
        connection.close()
    small, large = (median(times) for times in samples)
    return [
        query or "all",
        str(found),
        f"{small:.2f}",
        f"{large:.2f}",
        f"{large / small:.2f}×",
        TARGET,
    ]
