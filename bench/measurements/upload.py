"""Measure one upload after the other, ours and the blueprint's, without the predictor's time."""

import time
from contextlib import ExitStack
from statistics import median, quantiles

from bench.harness.http_requests import ask, connect
from bench.harness.processes import Running, run_program
from bench.harness.programs import OBJECT_COUNT, UPLOAD, Site
from bench.harness.tables import compute_ratio, format_table

WARM_UP = 5
UPLOADS_A_ROUND = 10
TARGETS = {"upload": "≤ 25 ms, ≤ 0.5×"}


def measure(site: Site, rounds: int) -> str:
    """Return the table. Each server stores a 500 kB JPEG, over one open connection."""
    programs = {
        "upload": site.function("upload"),
        "blueprint": site.blueprint(),
        "blueprint, new httpx client each": site.blueprint(client_per_upload=True),
    }
    with ExitStack() as stack:
        servers = {
            name: stack.enter_context(run_program(program, site.folder))
            for name, program in programs.items()
        }
        samples = _measure_samples(servers, rounds * UPLOADS_A_ROUND)
    rows = []
    for name, values in samples.items():
        p95_ms = quantiles(values, n=20)[18]
        x = compute_ratio(samples, name, "blueprint")
        rows.append(
            [
                name,
                f"{median(values):.1f}",
                f"{p95_ms:.1f}",
                f"{min(values):.1f}",
                f"{x:.2f}×",
                TARGETS.get(name, ""),
            ]
        )
    return format_table(
        ["upload, predictor instant", "p50 ms", "p95 ms", "fastest ms", "ratio", "target"], rows
    )


def _measure_samples(servers: dict[str, Running], count: int) -> dict[str, list[float]]:
    samples: dict[str, list[float]] = {name: [] for name in servers}
    for server in servers.values():
        server.wait_for_answer(UPLOAD)
    connections = {name: connect(server.port) for name, server in servers.items()}
    for number in range(WARM_UP + count):
        for name, connection in connections.items():
            began = time.perf_counter()
            found = ask(connection, UPLOAD).document()["object_count"]
            took_ms = (time.perf_counter() - began) * 1e3
            if found != OBJECT_COUNT:
                raise RuntimeError(f"{name}: {found} objects instead of {OBJECT_COUNT}")
            if number >= WARM_UP:
                samples[name].append(took_ms)
    return samples
