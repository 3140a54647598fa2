"""Run `python -m circles.repair`: resume interrupted work and print a report."""

import sys
from dataclasses import asdict

from circles.bootstrap import build
from circles.domain.errors import CirclesError
from circles.settings import Settings, SettingsError
from circles.usecases.upkeep.repair import repair_images

FINISH_S = 30.0
"""Limit for sending the events of repaired images. The next sender sends the rest."""


def main() -> None:
    """Print the report, one figure a line; exit with 1 when store or catalogue is unavailable."""
    try:
        services = build(Settings.from_env())
        report = repair_images(services)
        services.finish(FINISH_S)
    except (CirclesError, SettingsError) as error:
        sys.exit(f"nothing was repaired: {error}")
    for name, figure in asdict(report).items():
        print(f"{name.replace('_', ' ')}: {figure}")


if __name__ == "__main__":
    main()
