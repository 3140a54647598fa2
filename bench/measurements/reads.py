"""Measure requests a second of our functions and the blueprint, by turns."""

from statistics import median

from bench.harness.http_load import Load, load
from bench.harness.http_requests import Request
from bench.harness.processes import Running, run_program
from bench.harness.programs import Site
from bench.harness.tables import compute_ratio, format_table

WARM_UP_S = 1.0
ROUND_S = 3.0
TARGETS = {"list": "≥ 4×", "detail": "≥ 3×"}

Places = dict[str, tuple[Running, Request]]


def measure(site: Site, rounds: int) -> str:
    """Return the table. The load generator runs on the same machine as the server."""
    known, theirs = site.upload_to_functions(), site.upload_to_blueprint()
    with (
        run_program(site.function("list"), site.folder) as objects,
        run_program(site.function("detail"), site.folder) as detail,
        run_program(site.blueprint(), site.folder) as blueprint,
    ):
        places: Places = {
            "list": (objects, known.objects),
            "blueprint, list": (blueprint, theirs.objects),
            "detail": (detail, known.object),
            "blueprint, detail": (blueprint, theirs.object),
        }
        return _format_loads(_measure_loads(places, rounds))


def _measure_loads(places: Places, rounds: int) -> dict[str, list[Load]]:
    loads: dict[str, list[Load]] = {name: [] for name in places}
    for server, request in places.values():
        server.wait_for_answer(request)
        load(server.port, request.path, duration_s=WARM_UP_S)
    for _ in range(rounds):
        for name, (server, request) in places.items():
            loads[name].append(load(server.port, request.path, duration_s=ROUND_S))
    return loads


def _format_loads(loads: dict[str, list[Load]]) -> str:
    rates = {name: [one.requests_per_s for one in many] for name, many in loads.items()}
    rows = []
    for name, many in loads.items():
        p50_ms, p99_ms = median(one.p50_ms for one in many), median(one.p99_ms for one in many)
        baseline = name if name.startswith("blueprint") else f"blueprint, {name}"
        x = compute_ratio(rates, name, baseline)
        rows.append(
            [
                name,
                f"{median(rates[name]):.0f}",
                f"{p50_ms:.1f} / {p99_ms:.0f}",
                f"{x:.2f}×",
                TARGETS.get(name, ""),
            ]
        )
    return format_table(
        ["reading, 16 connections", "requests/s", "p50 / p99 ms", "ratio", "target"], rows
    )
