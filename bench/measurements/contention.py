"""Send 50 uploads from 16 clients to two processes that share one SQLite file."""

import hashlib
import json
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

from bench.harness.http_requests import Answer, Request, send
from bench.harness.pictures import draw_jpeg
from bench.harness.processes import Running, run_program
from bench.harness.programs import OBJECT_COUNT, UPLOAD, Site
from bench.harness.tables import format_table

UPLOADS = 50
CLIENTS = 16


@dataclass(frozen=True)
class _Outcome:
    statuses: Counter[int]
    readable: int
    """Images whose 24 objects can be read back from another process."""
    blobs: int
    """Stored files with the SHA-256 of the picture."""
    slowest_ms: float
    p50_ms: float


def measure(site: Site, rounds: int) -> str:
    """Return the table. Each round has an empty folder and two processes of each program."""
    outcomes: dict[str, list[_Outcome]] = {"upload": [], "blueprint": []}
    for _ in range(rounds):
        for name, outcome in outcomes.items():
            outcome.append(_run_round(site, name))
    rows = [[name, *_format_cells(many)] for name, many in outcomes.items()]
    columns = [
        "16 clients, 2 processes",
        "sent",
        "answers",
        "objects read back",
        "blobs",
        "p50 / slowest ms",
    ]
    return format_table(columns, rows)


def _format_cells(outcomes: list[_Outcome]) -> list[str]:
    statuses = sum((one.statuses for one in outcomes), Counter[int]())
    slowest_ms = max(one.slowest_ms for one in outcomes)
    return [
        str(UPLOADS * len(outcomes)),
        ", ".join(f"{count} × {status}" for status, count in sorted(statuses.items())),
        str(sum(one.readable for one in outcomes)),
        str(sum(one.blobs for one in outcomes)),
        f"{median(one.p50_ms for one in outcomes):.0f} / {slowest_ms:.0f}",
    ]


def _run_round(site: Site, name: str) -> _Outcome:
    with tempfile.TemporaryDirectory(dir=site.folder) as folder:
        here = replace(site, folder=Path(folder))
        upload = here.blueprint() if name == "blueprint" else here.function("upload")
        read = here.blueprint() if name == "blueprint" else here.function("list")
        with ExitStack() as stack:
            servers = []
            for program in (upload, upload, read):
                # One after the other, because the blueprint creates its tables when it starts.
                servers.append(stack.enter_context(run_program(program, here.folder)))
                servers[-1].wait_until_listening()
            return _send_uploads(here.folder, servers[:2], servers[2])


def _send_uploads(folder: Path, uploads: list[Running], reader: Running) -> _Outcome:
    with ThreadPoolExecutor(CLIENTS) as clients:
        timed = list(
            clients.map(lambda number: _send_timed(uploads[number % len(uploads)]), range(UPLOADS))
        )
    answers = [answer for answer, _ in timed]
    times = [took_ms for _, took_ms in timed]
    return _Outcome(
        Counter(answer.status for answer in answers),
        sum(_can_read_objects(answer, reader) for answer in answers),
        _count_blobs(folder),
        max(times),
        median(times),
    )


def _send_timed(server: Running) -> tuple[Answer, float]:
    began = time.perf_counter()
    answer = send(server.port, UPLOAD)
    return answer, (time.perf_counter() - began) * 1e3


def _can_read_objects(answer: Answer, reader: Running) -> bool:
    if answer.status != 200:
        return False
    image_id = json.loads(answer.body)["image_id"]
    objects = send(reader.port, Request("GET", f"/images/{image_id}/objects")).document()
    return len(objects) == OBJECT_COUNT


def _count_blobs(folder: Path) -> int:
    wanted = hashlib.sha256(draw_jpeg()).digest()
    return sum(
        hashlib.sha256(path.read_bytes()).digest() == wanted for path in folder.rglob("*.jpg")
    )
