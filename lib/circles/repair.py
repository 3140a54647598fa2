"""`python -m circles.repair` takes up by hand what was cut off, and says what it did and saw."""

import sys
from dataclasses import asdict

from circles.bootstrap import build
from circles.domain.errors import CirclesError
from circles.settings import Settings, SettingsError
from circles.usecases.repair import repair_images

FINISH_S = 30.0
"""How long what others are told of the repaired may take; what is not sent by then the next sender sends."""


def main() -> None:
    """Print the report, a line a figure; end with 1 where store or catalogue is away."""
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
