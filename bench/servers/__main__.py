"""
Compare WSGI servers under functions_framework.create_app().

Every round starts each candidate once, one after the other, so that a slow minute of the machine
affects all of them. The table shows medians. A ratio is the median of the rounds' own ratios to the
stock functions-framework CLI.

    python -m bench.servers --rounds 9        (Linux; see README.md for what to install)
"""

import argparse
import statistics
import sys
import tempfile
import time
from dataclasses import astuple, dataclass
from pathlib import Path

from bench.harness.http_load import load
from bench.harness.http_requests import Request
from bench.harness.processes import ROOT, Program, measure_memory_mib, run_program, stop
from bench.harness.tables import format_table
from bench.servers.snippets import SNIPPETS

LOAD_S = 2
BASELINE = "stock CLI"
COLUMNS = (
    "server",
    "first 200",
    "requests/s",
    "p50 / p99 ms",
    "idle PSS / RSS MiB",
    "PSS after load",
    "SIGTERM to end",
)
FUNCTION = str(ROOT / "bench" / "servers" / "function.py")


@dataclass(frozen=True)
class Sample:
    """One round of one server: times in ms, memory in MiB of all its processes."""

    start_ms: float
    requests_per_s: float
    p50_ms: float
    p99_ms: float
    idle_pss_mib: float
    idle_rss_mib: float
    loaded_pss_mib: float
    stop_ms: float


def list_candidates(threads: int) -> list[Program]:
    """Return the servers. The functions-framework CLI reads its threads from THREADS."""
    python = sys.executable
    stock = (
        str(Path(python).with_name("functions-framework")),
        "--source",
        FUNCTION,
        "--target",
        "hello",
    )
    env = {"THREADS": str(threads), "FUNCTION_SOURCE": FUNCTION}
    return [
        Program(BASELINE, (*stock, "--host", "127.0.0.1"), env),
        *(
            Program(name, (python, "-c", snippet.replace("THREADS", str(threads))), env)
            for name, snippet in SNIPPETS.items()
        ),
    ]


def measure(program: Program, folder: Path) -> Sample:
    with run_program(program, folder) as server:
        server.wait_for_answer(Request("GET", "/"))
        start_ms = (time.perf_counter() - server.began) * 1e3
        time.sleep(0.3)
        idle_pss, idle_rss = measure_memory_mib(server.process.pid)
        rate = load(server.port, "/", duration_s=LOAD_S)
        loaded_pss, _ = measure_memory_mib(server.process.pid)
        stop_ms = stop(server.process)
    return Sample(
        start_ms,
        rate.requests_per_s,
        rate.p50_ms,
        rate.p99_ms,
        idle_pss,
        idle_rss,
        loaded_pss,
        stop_ms,
    )


def format_samples(samples: dict[str, list[Sample]]) -> str:
    table = []
    for name, rows in samples.items():
        ratios = [
            (row.start_ms / base.start_ms, row.requests_per_s / base.requests_per_s)
            for row, base in zip(rows, samples[BASELINE], strict=True)
        ]
        start_x, rate_x = (statistics.median(column) for column in zip(*ratios, strict=True))
        ms, rate, p50, p99, pss, rss, loaded, _ = map(
            statistics.median, zip(*map(astuple, rows), strict=True)
        )
        slowest_stop_ms = max(row.stop_ms for row in rows)
        table.append(
            [
                name,
                f"{ms:.0f} ms ({start_x:.2f}×)",
                f"{rate:.0f} ({rate_x:.2f}×)",
                f"{p50:.1f} / {p99:.0f}",
                f"{pss:.0f} / {rss:.0f}",
                f"{loaded:.0f}",
                f"{slowest_stop_ms:.0f} ms",
            ]
        )
    return format_table(COLUMNS, table)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--threads", type=int, default=8)
    options = parser.parse_args()
    programs = list_candidates(options.threads)
    samples: dict[str, list[Sample]] = {program.name: [] for program in programs}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(options.rounds):
            for program in programs:
                samples[program.name].append(measure(program, Path(folder)))
    print(format_samples(samples))


if __name__ == "__main__":
    main()
