"""Measure cold starts, from starting a process to its first 200, in ms. Byte code exists."""

import time
from statistics import median

from bench.harness.http_requests import Request
from bench.harness.processes import Program, run_program
from bench.harness.programs import UPLOAD, Site
from bench.harness.tables import compute_ratio, format_table

HELLO = "hello-world (functions-framework)"
TARGETS = {"list": "≤ 1.5×", "detail": "≤ 1.5×", "upload": "≤ 2.2×", "export": "≤ 2.2×"}


def measure(site: Site, rounds: int) -> str:
    """Start every candidate once a round. One more round before writes the byte code."""
    candidates = _list_candidates(site)
    samples: dict[str, list[float]] = {name: [] for name in candidates}
    for number in range(rounds + 1):
        for name, (program, request) in candidates.items():
            start_ms = _measure_start_ms(site, program, request)
            if number > 0:
                samples[name].append(start_ms)
    rows = [
        [
            name,
            f"{median(values):.0f}",
            f"{min(values):.0f}",
            f"{compute_ratio(samples, name, HELLO):.2f}×",
            TARGETS.get(name, ""),
        ]
        for name, values in samples.items()
    ]
    return format_table(
        ["cold start to first 200", "median ms", "fastest ms", "ratio", "target"], rows
    )


def _list_candidates(site: Site) -> dict[str, tuple[Program, Request]]:
    known, blueprint = site.upload_to_functions(), site.upload_to_blueprint()
    return {
        HELLO: (site.hello(), Request("GET", "/")),
        "list": (site.function("list"), known.objects),
        "detail": (site.function("detail"), known.object),
        "upload": (site.function("upload"), UPLOAD),
        "export": (site.function("export"), known.thumbnail),
        "blueprint, list": (site.blueprint(), blueprint.objects),
        "blueprint, upload": (site.blueprint(), UPLOAD),
    }


def _measure_start_ms(site: Site, program: Program, request: Request) -> float:
    with run_program(program, site.folder) as server:
        server.wait_for_answer(request)
        return (time.perf_counter() - server.began) * 1e3
