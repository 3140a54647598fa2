"""Requests a second at 16 keep-alive connections, one process each: ours and the blueprint by turns."""

from statistics import median

from bench.harness.asking import Request
from bench.harness.http_load import Load, load
from bench.harness.processes import Running, running
from bench.harness.programs import Site
from bench.harness.tables import ratio, table

WARM_UP_S = 1.0
ROUND_S = 3.0
TARGETS = {"list": "≥ 4×", "detail": "≥ 3×"}

Places = dict[str, tuple[Running, Request]]


def measure(site: Site, rounds: int) -> str:
    """The image has 24 objects. The generator runs on the same machine, beside the server that is asked."""
    known, theirs = site.known_to_functions(), site.known_to_blueprint()
    with (
        running(site.function("list"), site.folder) as objects,
        running(site.function("detail"), site.folder) as detail,
        running(site.blueprint(), site.folder) as blueprint,
    ):
        places: Places = {
            "list": (objects, known.objects),
            "blueprint, list": (blueprint, theirs.objects),
            "detail": (detail, known.object),
            "blueprint, detail": (blueprint, theirs.object),
        }
        return _table(_loads(places, rounds))


def _loads(places: Places, rounds: int) -> dict[str, list[Load]]:
    loads: dict[str, list[Load]] = {name: [] for name in places}
    for server, request in places.values():
        server.first_answer(request)
        load(server.port, request.path, duration_s=WARM_UP_S)
    for _ in range(rounds):
        for name, (server, request) in places.items():
            loads[name].append(load(server.port, request.path, duration_s=ROUND_S))
    return loads


def _table(loads: dict[str, list[Load]]) -> str:
    rates = {name: [one.requests_per_s for one in many] for name, many in loads.items()}
    rows = []
    for name, many in loads.items():
        p50_ms, p99_ms = median(one.p50_ms for one in many), median(one.p99_ms for one in many)
        baseline = name if name.startswith("blueprint") else f"blueprint, {name}"
        x = ratio(rates, name, baseline)
        rows.append(
            [name, f"{median(rates[name]):.0f}", f"{p50_ms:.1f} / {p99_ms:.0f}", f"{x:.2f}×", TARGETS.get(name, "")]
        )
    return table(["reading, 16 connections", "requests/s", "p50 / p99 ms", "ratio", "target"], rows)
