"""
make smoke: test the deployed system on the cluster of KUBECONFIG.

    smoke.py [--routes] [--ingress URL] [--only WORDS]

Needs what `make deploy` or `make deploy-kn` has applied. Prints a line for each step, and a table
at the end.
"""

import argparse
import subprocess
import sys
import time
from importlib import import_module

import requests
from steps import STEPS, System

from cluster import NAMESPACE

IN_ORDER = (
    "steps_answers",
    "steps_export",
    "steps_events",
    "steps_results",
    "steps_change",
    "steps_faults",
    "steps_undeploy",
)
"""Modules whose steps register when they are imported."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ingress", help="URL that serves Knative's host names")
    parser.add_argument(
        "--routes",
        action="store_true",
        help="use no gateway, but the functions' own Knative routes",
    )
    parser.add_argument("--only", default="", help="run only steps whose name contains this")
    options = parser.parse_args()
    for module in IN_ORDER:
        import_module(module)
    gateway = None if options.routes else gateway_url()
    system, rows, failed = System(gateway, options.ingress), [], 0
    for name, check in STEPS:
        if options.only not in name:
            continue
        print(f"… {name}", flush=True)
        began = time.monotonic()
        try:
            said = check(system)
        except (
            AssertionError,
            RuntimeError,
            ValueError,
            KeyError,
            requests.RequestException,
        ) as error:
            failed, said = failed + 1, f"FAILED: {error!r}"[:800]
        rows.append((name, f"{said} ({time.monotonic() - began:.0f} s)"))
        print(f"  {said}", flush=True)
    width = max((len(name) for name, _ in rows), default=0)
    print("\n" + "\n".join(f"{name:<{width}}  {said}" for name, said in rows))
    sys.exit(1 if failed else 0)


def gateway_url() -> str:
    """Return the gateway's URL as seen from this machine, or exit."""
    command = [sys.executable, "manifests/deploy/gateway_url.py", NAMESPACE]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(done.returncode)
    return done.stdout.strip()


if __name__ == "__main__":
    main()
