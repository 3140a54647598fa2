"""Cold start: milliseconds from starting a process to its first 200, byte code and disk cache warm."""

import time
from statistics import median

from bench.harness.asking import Request
from bench.harness.processes import Program, running
from bench.harness.programs import UPLOAD, Site
from bench.harness.tables import ratio, table

HELLO = "hello-world (functions-framework)"
TARGETS = {"list": "≤ 1.5×", "detail": "≤ 1.5×", "upload": "≤ 2.2×"}


def measure(site: Site, rounds: int) -> str:
    """Start every candidate once a round. A round before the first writes the byte code and does not count."""
    candidates = _candidates(site)
    samples: dict[str, list[float]] = {name: [] for name in candidates}
    for number in range(rounds + 1):
        for name, (program, request) in candidates.items():
            start_ms = _start_ms(site, program, request)
            if number > 0:
                samples[name].append(start_ms)
    rows = [
        [
            name,
            f"{median(values):.0f}",
            f"{min(values):.0f}",
            f"{ratio(samples, name, HELLO):.2f}×",
            TARGETS.get(name, ""),
        ]
        for name, values in samples.items()
    ]
    return table(["cold start to first 200", "median ms", "fastest ms", "ratio", "target"], rows)


def _candidates(site: Site) -> dict[str, tuple[Program, Request]]:
    known, blueprint = site.known_to_functions(), site.known_to_blueprint()
    return {
        HELLO: (site.hello(), Request("GET", "/")),
        "list": (site.function("list"), known.objects),
        "detail": (site.function("detail"), known.object),
        "upload": (site.function("upload"), UPLOAD),
        "blueprint, list": (site.blueprint(), blueprint.objects),
        "blueprint, upload": (site.blueprint(), UPLOAD),
    }


def _start_ms(site: Site, program: Program, request: Request) -> float:
    with running(program, site.folder) as server:
        server.first_answer(request)
        return (time.perf_counter() - server.began) * 1e3
