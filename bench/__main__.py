"""Run the measurements and print one table each. README.md explains them."""

import argparse
import os
import platform
import signal
import sys
import tempfile
from pathlib import Path

from bench.harness.programs import prepare_site
from bench.measurements import cold_start, contention, exports, ingest, lists, memory, reads, upload

MEASUREMENTS = {
    "cold_start": cold_start.measure,
    "upload": upload.measure,
    "ingest": ingest.measure,
    "reads": reads.measure,
    "lists": lists.measure,
    "contention": contention.measure,
    "exports": exports.measure,
    "memory": memory.measure,
}
ROUNDS = {
    "cold_start": 15,
    "upload": 10,
    "ingest": 10,
    "reads": 7,
    "lists": 5,
    "contention": 3,
    "exports": 1,
    "memory": 3,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "names",
        nargs="*",
        metavar="name",
        help=f"one of {', '.join(MEASUREMENTS)}; default: all",
    )
    parser.add_argument("--rounds", type=int, help="rounds of each measurement")
    options = parser.parse_args()
    signal.signal(
        signal.SIGTERM, lambda *_: sys.exit(143)
    )  # so that context managers stop the programs
    if unknown := set(options.names) - set(MEASUREMENTS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    load = f"load average now {os.getloadavg()[0]:.1f}"
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {load}", flush=True)
    for name in options.names or MEASUREMENTS:
        print(f"… {name}", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory() as folder, prepare_site(Path(folder)) as site:
            print("\n" + MEASUREMENTS[name](site, options.rounds or ROUNDS[name]), flush=True)


if __name__ == "__main__":
    main()
