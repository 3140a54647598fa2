"""
Compare WSGI servers under list and detail, and under upload beside stalled uploads.

Every round starts each candidate once for each function, one after the other, so that a slow minute
of the machine affects all of them. The table shows medians.

    python -m bench.servers --rounds 5        (Linux; see README.md for what to install)
"""

import argparse
import contextlib
import http.client
import math
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.harness.http_load import load
from bench.harness.http_requests import Request, ask
from bench.harness.processes import Program, measure_memory_mib, run_program, stop
from bench.harness.programs import Site, prepare_site
from bench.harness.tables import format_table
from bench.servers.snippets import SNIPPETS

LOAD_S = 2
STALLED = 50
STALLED_TIMEOUT_S = 5
OURS = "circles.serve"
LIVENESS = Request("GET", "/health/liveness")
COLUMNS = (
    "server",
    "first 200, ms",
    "list, requests/s",
    "detail, requests/s",
    "list p50 / p99 ms",
    "idle PSS / RSS MiB",
    "liveness beside 50 stalled uploads",
    "SIGTERM to end, worst",
)


@dataclass(frozen=True)
class Sample:
    """One round of one server and function: times in ms, memory in MiB of all its processes."""

    start_ms: float
    requests_per_s: float
    p50_ms: float
    p99_ms: float
    pss_mib: float
    rss_mib: float
    stop_ms: float


def list_candidates(site: Site, function: str) -> dict[str, Program]:
    """Return the servers of one function, each the shortest program that serves it."""
    ours = site.function(function)
    target, source = ours.env["FUNCTION_TARGET"], ours.env["FUNCTION_SOURCE"]
    command = Path(sys.executable).with_name("functions-framework")
    stock = (str(command), "--source", source, "--target", target, "--host", "127.0.0.1")
    return {
        OURS: ours,
        "stock CLI": Program("stock", stock, {**ours.env, "THREADS": "8"}),
        **{
            name: Program("server", (sys.executable, "-c", snippet), ours.env)
            for name, snippet in SNIPPETS.items()
        },
    }


def measure(program: Program, request: Request, folder: Path) -> Sample:
    with run_program(program, folder) as server:
        server.wait_for_answer(request)
        start_ms = (time.perf_counter() - server.began) * 1e3
        time.sleep(0.3)
        pss_mib, rss_mib = measure_memory_mib(server.process.pid)
        rate = load(server.port, request.path, duration_s=LOAD_S)
        stop_ms = stop(server.process)
    return Sample(
        start_ms,
        rate.requests_per_s,
        rate.p50_ms,
        rate.p99_ms,
        pss_mib,
        rss_mib,
        stop_ms,
    )


def measure_stalled_ms(program: Program, folder: Path) -> float:
    """Return how long upload's liveness takes beside stalled uploads."""
    with run_program(program, folder) as server:
        server.wait_for_answer(LIVENESS)
        with stalled_clients(server.port):
            return measure_answer_ms(server.port, LIVENESS)


@contextlib.contextmanager
def stalled_clients(port: int) -> Iterator[None]:
    """Keep connections that promise a picture and send none."""
    head = b"POST /images/ HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n"
    with contextlib.ExitStack() as stack:
        for _ in range(STALLED):
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            connection.sendall(head)
        time.sleep(0.2)
        yield


def measure_answer_ms(port: int, request: Request) -> float:
    """Return the time of one answer, infinite after STALLED_TIMEOUT_S."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=STALLED_TIMEOUT_S)
    began = time.perf_counter()
    try:
        ask(connection, request)
    except OSError:
        return math.inf
    finally:
        connection.close()
    return (time.perf_counter() - began) * 1e3


def format_samples(
    samples: dict[tuple[str, str], list[Sample]], stalled: dict[str, list[float]]
) -> str:
    rows = []
    for name, times_ms in stalled.items():
        listing, detail = samples[name, "list"], samples[name, "detail"]
        stalled_ms = max(times_ms)
        rows.append(
            [
                name,
                _median(listing, "start_ms"),
                _median(listing, "requests_per_s"),
                _median(detail, "requests_per_s"),
                f"{_median(listing, 'p50_ms', 1)} / {_median(listing, 'p99_ms')}",
                f"{_median(listing, 'pss_mib')} / {_median(listing, 'rss_mib')}",
                "no answer" if math.isinf(stalled_ms) else f"{stalled_ms:.0f} ms",
                f"{max(sample.stop_ms for sample in listing + detail):.0f} ms",
            ]
        )
    return format_table(COLUMNS, rows)


def _median(samples: list[Sample], name: str, digits: int = 0) -> str:
    return f"{statistics.median(getattr(sample, name) for sample in samples):.{digits}f}"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", help=f"{OURS}, stock CLI, {', '.join(SNIPPETS)}")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    samples: dict[tuple[str, str], list[Sample]] = {}
    stalled: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder, prepare_site(Path(folder)) as site:
        known = site.upload_to_functions()
        requests = {"list": known.objects, "detail": known.object}
        names = options.names or list(list_candidates(site, "list"))
        for _ in range(options.rounds):
            for function, request in requests.items():
                candidates = list_candidates(site, function)
                for name in names:
                    sample = measure(candidates[name], request, Path(folder))
                    samples.setdefault((name, function), []).append(sample)
            uploads = list_candidates(site, "upload")
            for name in names:
                stalled_ms = measure_stalled_ms(uploads[name], Path(folder))
                stalled.setdefault(name, []).append(stalled_ms)
    print(format_samples(samples, stalled))


if __name__ == "__main__":
    main()
