"""Measure an upload and an event for the same picture, by turns, without the predictor's time."""

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from statistics import median, quantiles

from bench.harness.buckets import Bucket, open_folder_bucket, run_seaweedfs
from bench.harness.http_requests import Request, ask, connect
from bench.harness.pictures import draw_jpeg
from bench.harness.processes import run_program
from bench.harness.programs import OBJECT_COUNT, UPLOAD, Site
from bench.harness.tables import compute_ratio, format_table

WARM_UP = 5
PICTURES_A_ROUND = 10
STORES = {"a folder": open_folder_bucket, "SeaweedFS": run_seaweedfs}
TARGETS = {"ingest": "≤ 1.3×"}


def measure(site: Site, rounds: int) -> str:
    """Return the table for each store. Putting the object there is not timed."""
    rows = []
    for store, bucket_in in STORES.items():
        with bucket_in(site.folder) as bucket:
            samples = _measure_samples(site, bucket, rounds * PICTURES_A_ROUND)
        for name, values in samples.items():
            p95_ms, x = quantiles(values, n=20)[18], compute_ratio(samples, name, "upload")
            figures = [f"{median(values):.1f}", f"{p95_ms:.1f}", f"{min(values):.1f}", f"{x:.2f}×"]
            rows.append([f"{name}, {store}", *figures, TARGETS.get(name, "")])
    return format_table(
        ["one picture, predictor instant", "p50 ms", "p95 ms", "fastest ms", "ratio", "target"],
        rows,
    )


def _measure_samples(site: Site, bucket: Bucket, count: int) -> dict[str, list[float]]:
    samples: dict[str, list[float]] = {"upload": [], "ingest": []}
    with ExitStack() as stack:
        servers = [
            stack.enter_context(run_program(site.function(name, bucket.env), site.folder))
            for name in samples
        ]
        for server in servers:
            server.wait_for_answer(Request("GET", "/health/readiness"))
        connections = [connect(server.port) for server in servers]
        for number, event in enumerate(_put_objects(bucket, WARM_UP + count)):
            for name, connection, request in zip(
                samples, connections, (UPLOAD, event), strict=True
            ):
                began = time.perf_counter()
                status = ask(connection, request).status
                took_ms = (time.perf_counter() - began) * 1e3
                if status not in (200, 204):
                    raise RuntimeError(f"{name}: {status}")
                if number >= WARM_UP:
                    samples[name].append(took_ms)
    _check_catalogue(Path(bucket.env["CIRCLES_DATA_DIR"]) / "catalogue.db", WARM_UP + count)
    return samples


def _put_objects(bucket: Bucket, count: int) -> Iterator[Request]:
    """Put the picture under a new key each time, and give the event of it."""
    data = draw_jpeg()
    headers = {
        "ce-specversion": "1.0",
        "ce-id": "1",
        "ce-type": "com.amazonaws.s3.ObjectCreated:Put",
        "ce-source": "bench",
        "content-type": "application/json",
    }
    for number in range(count):
        key = f"incoming/{number}.jpg"
        bucket.put(key, data)
        stored = {"key": key, "size": len(data), "eTag": str(number)}
        record = {
            "eventName": "ObjectCreated:Put",
            "s3": {"bucket": {"name": bucket.name}, "object": stored},
        }
        yield Request("POST", "/", json.dumps(record).encode(), headers)


def _check_catalogue(catalogue: Path, count: int) -> None:
    """Raise RuntimeError unless both registered count images with all their objects."""
    query = """SELECT source, count(*), sum(object_count = ?) FROM images
        JOIN detections USING (detection_id) WHERE status = 'detected'
        GROUP BY source ORDER BY source"""
    with closing(sqlite3.connect(catalogue)) as connection:
        found = connection.execute(query, [OBJECT_COUNT]).fetchall()
    if found != [("s3", count, count), ("upload", count, count)]:
        raise RuntimeError(f"{found} instead of {count} images each")
