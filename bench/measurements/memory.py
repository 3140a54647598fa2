"""Memory of a server that has answered one request and is idle: all its processes together."""

import time
from statistics import median

from bench.harness.asking import Request
from bench.harness.processes import Program, memory_mib, running
from bench.harness.programs import UPLOAD, Site
from bench.harness.tables import table

SETTLE_S = 0.5
LIMIT = "≤ 60 MiB"


def measure(site: Site, rounds: int) -> str:
    """PSS counts a page shared by two processes once, RSS counts it in both."""
    known, theirs = site.known_to_functions(), site.known_to_blueprint()
    servers = {
        "list": (site.function("list"), known.objects, LIMIT),
        "detail": (site.function("detail"), known.object, LIMIT),
        "upload": (site.function("upload"), UPLOAD, LIMIT),
        "hello-world (functions-framework)": (site.hello(), Request("GET", "/"), ""),
        "blueprint, upload": (site.blueprint(), UPLOAD, ""),
        "blueprint, list": (site.blueprint(), theirs.objects, ""),
    }
    samples: dict[str, list[tuple[float, float]]] = {name: [] for name in servers}
    for _ in range(rounds):
        for name, (program, request, _) in servers.items():
            samples[name].append(_idle_mib(site, program, request))
    rows = []
    for name, (_, _, limit) in servers.items():
        pss, rss = (median(column) for column in zip(*samples[name], strict=True))
        rows.append([name, f"{rss:.1f}", f"{pss:.1f}", limit])
    return table(["idle after one request", "RSS MiB", "PSS MiB", "target"], rows)


def _idle_mib(site: Site, program: Program, request: Request) -> tuple[float, float]:
    with running(program, site.folder) as server:
        server.first_answer(request)
        time.sleep(SETTLE_S)
        return memory_mib(server.process.pid)
