"""
Files that are synced into a folder get results beside them, and their batch a summary.

A receiver behind the Broker sees one event of it.
"""

import csv
import io
import json
import time

from receiver import receiving
from steps import step
from steps_events import client

from cluster import object_store, wait_for_zero, wait_until

FILES = 200


def keys(s3, prefix: str) -> list[str]:
    """Return the keys below a prefix, at most a thousand."""
    return [each["Key"] for each in s3.list_objects_v2(Bucket="circles", Prefix=prefix).get(
        "Contents", [])]  # fmt: skip


@step(f"{FILES} files synced into a folder from zero: their results, one summary, one event")
def results(system):
    batch = f"d7-{time.time_ns()}"
    with receiving("batch-receiver", "dev.circles.batch.completed", batch) as receiver:
        wait_for_zero()
        said = sync(system, batch)
        wait_until("the event", receiver.events, 120)
        [told] = receiver.events().values()
    counts = (told["revision"], told["detected"], told["pending"], told["failed"])
    assert counts == (1, FILES, 0, 0), told
    return f"{said}, one batch.completed"


def sync(system, batch: str) -> str:
    """Put the files into the bucket, and wait for what is written beside them."""
    began = time.monotonic()
    with object_store() as url:
        s3 = client(url)
        for number in range(FILES):
            key = f"incoming/{batch}/{number:03}.png"
            s3.put_object(Bucket="circles", Key=key, Body=system.picture)
        prefix = f"results/{batch}/"
        documents = [f"{prefix}{number:03}.png.json" for number in range(FILES)]
        wait_until("results", lambda: set(documents) <= set(keys(s3, prefix)), 400)
        found_s = time.monotonic() - began
        wait_until("the summary", lambda: f"{prefix}summary.csv" in keys(s3, prefix), 400)
        took_s = time.monotonic() - began
        assert sorted(keys(s3, prefix)) == sorted([*documents, f"{prefix}summary.csv"])

        def read(key: str) -> str:
            return s3.get_object(Bucket="circles", Key=key)["Body"].read().decode()

        rows = list(csv.DictReader(io.StringIO(read(f"{prefix}summary.csv"), newline="")))
        assert len(rows) == FILES, len(rows)
        assert {row["status"] for row in rows} == {"detected"}
        one = json.loads(read(documents[7]))
        assert one["object_count"] == len(one["objects"]) > 15, one
    [known] = [each for each in system.get("/batches/").json()["batches"] if each["batch"] == batch]
    assert (known["revision"], known["open"]) == (1, False), known
    return (
        f"{FILES} results after {found_s:.0f} s, a summary of {len(rows)} rows after {took_s:.0f} s"
    )
