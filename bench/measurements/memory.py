"""Measure the memory of an idle server that has answered one request."""

import time
from statistics import median

from bench.harness.http_requests import Request
from bench.harness.processes import Program, measure_memory_mib, run_program
from bench.harness.programs import UPLOAD, Site
from bench.harness.tables import format_table

SETTLE_S = 0.5
LIMIT, UPLOAD_LIMIT = "≤ 45 MiB", "≤ 60 MiB"


def measure(site: Site, rounds: int) -> str:
    """Return the table. PSS counts a page that two processes share once, RSS twice."""
    known, theirs = site.upload_to_functions(), site.upload_to_blueprint()
    servers = {
        "list": (site.function("list"), known.objects, LIMIT),
        "detail": (site.function("detail"), known.object, LIMIT),
        "upload": (site.function("upload"), UPLOAD, UPLOAD_LIMIT),
        "hello-world (functions-framework)": (site.hello(), Request("GET", "/"), ""),
        "blueprint, upload": (site.blueprint(), UPLOAD, ""),
        "blueprint, list": (site.blueprint(), theirs.objects, ""),
    }
    samples: dict[str, list[tuple[float, float]]] = {name: [] for name in servers}
    for _ in range(rounds):
        for name, (program, request, _) in servers.items():
            samples[name].append(_measure_idle_mib(site, program, request))
    rows = []
    for name, (_, _, limit) in servers.items():
        pss, rss = (median(column) for column in zip(*samples[name], strict=True))
        rows.append([name, f"{rss:.1f}", f"{pss:.1f}", limit])
    return format_table(["idle after one request", "RSS MiB", "PSS MiB", "target"], rows)


def _measure_idle_mib(site: Site, program: Program, request: Request) -> tuple[float, float]:
    with run_program(program, site.folder) as server:
        server.wait_for_answer(request)
        time.sleep(SETTLE_S)
        return measure_memory_mib(server.process.pid)
