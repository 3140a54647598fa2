"""50 uploads from 16 clients over two upload processes that share one SQLite file: nothing may fail or be lost."""

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

from bench.harness.asking import Answer, Request, send
from bench.harness.pictures import jpeg
from bench.harness.processes import Running, running
from bench.harness.programs import OBJECT_COUNT, UPLOAD, Site
from bench.harness.tables import table

UPLOADS = 50
CLIENTS = 16


@dataclass(frozen=True)
class _Outcome:
    statuses: Counter[int]
    whole: int
    """Images whose 24 objects can be read back from another process."""
    blobs: int
    """Stored files with the picture's own SHA-256."""
    slowest_ms: float
    p50_ms: float


def measure(site: Site, rounds: int) -> str:
    """Every round starts from an empty folder. The blueprint's line is two uvicorn processes on one file."""
    outcomes: dict[str, list[_Outcome]] = {"upload": [], "blueprint": []}
    for _ in range(rounds):
        for name, outcome in outcomes.items():
            outcome.append(_round(site, name))
    rows = [[name, *_cells(many)] for name, many in outcomes.items()]
    columns = ["16 clients, 2 processes", "sent", "answers", "objects read back", "blobs", "p50 / slowest ms"]
    return table(columns, rows)


def _cells(outcomes: list[_Outcome]) -> list[str]:
    statuses = sum((one.statuses for one in outcomes), Counter[int]())
    return [
        str(UPLOADS * len(outcomes)),
        ", ".join(f"{count} × {status}" for status, count in sorted(statuses.items())),
        str(sum(one.whole for one in outcomes)),
        str(sum(one.blobs for one in outcomes)),
        f"{median(one.p50_ms for one in outcomes):.0f} / {max(one.slowest_ms for one in outcomes):.0f}",
    ]


def _round(site: Site, name: str) -> _Outcome:
    with tempfile.TemporaryDirectory(dir=site.folder) as folder:
        here = replace(site, folder=Path(folder))
        upload = here.blueprint() if name == "blueprint" else here.function("upload")
        read = here.blueprint() if name == "blueprint" else here.function("list")
        with ExitStack() as stack:
            servers = []
            for program in (upload, upload, read):  # one after the other: the blueprint makes its tables when it starts
                servers.append(stack.enter_context(running(program, here.folder)))
                servers[-1].wait_until_it_listens()
            return _outcome(here.folder, servers[:2], servers[2])


def _outcome(folder: Path, uploads: list[Running], reader: Running) -> _Outcome:
    with ThreadPoolExecutor(CLIENTS) as clients:
        timed = list(clients.map(lambda number: _timed(uploads[number % len(uploads)]), range(UPLOADS)))
    answers = [answer for answer, _ in timed]
    times = [took_ms for _, took_ms in timed]
    return _Outcome(
        Counter(answer.status for answer in answers),
        sum(_is_whole(answer, reader) for answer in answers),
        _blobs(folder),
        max(times),
        median(times),
    )


def _timed(server: Running) -> tuple[Answer, float]:
    began = time.perf_counter()
    answer = send(server.port, UPLOAD)
    return answer, (time.perf_counter() - began) * 1e3


def _is_whole(answer: Answer, reader: Running) -> bool:
    if answer.status != 200:
        return False
    image_id = json.loads(answer.body)["image_id"]
    objects = send(reader.port, Request("GET", f"/images/{image_id}/objects")).document()
    return len(objects) == OBJECT_COUNT


def _blobs(folder: Path) -> int:
    wanted = hashlib.sha256(jpeg()).digest()
    return sum(hashlib.sha256(path.read_bytes()).digest() == wanted for path in folder.rglob("*.jpg"))
