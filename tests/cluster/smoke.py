"""
make smoke: the deployed system on a real cluster, whatever KUBECONFIG points at, from the first photo to killed pods.

    smoke.py GATEWAY_URL [--ingress URL] [--only WORDS]

Needs an overlay that `make deploy` has applied. Every step prints a line while it runs; a table stands at the end.
"""

import argparse
import sys
import time
from importlib import import_module

import requests
from steps import STEPS, System

IN_ORDER = ("steps_answers", "steps_events", "steps_change", "steps_faults", "steps_undeploy")
"""Modules whose steps register when they are imported."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("gateway")
    parser.add_argument("--ingress", help="where Knative's hosts are answered, e.g. http://127.0.0.1:8880")
    parser.add_argument("--only", default="", help="only steps whose name contains this")
    options = parser.parse_args()
    for module in IN_ORDER:
        import_module(module)
    system, rows, failed = System(options.gateway.rstrip("/"), options.ingress), [], 0
    for name, check in STEPS:
        if options.only not in name:
            continue
        print(f"… {name}", flush=True)
        began = time.monotonic()
        try:
            said = check(system)
        except (AssertionError, RuntimeError, ValueError, KeyError, requests.RequestException) as error:
            failed, said = failed + 1, f"FAILED: {error!r}"[:800]
        rows.append((name, f"{said} ({time.monotonic() - began:.0f} s)"))
        print(f"  {said}", flush=True)
    width = max((len(name) for name, _ in rows), default=0)
    print("\n" + "\n".join(f"{name:<{width}}  {said}" for name, said in rows))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
