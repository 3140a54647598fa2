"""Run `python -m circles.detect --missing-candidates --rate N`: fill in older images."""

import argparse
import sys
import time

from circles.bootstrap import build
from circles.domain.errors import CirclesError
from circles.settings import Settings, SettingsError
from circles.usecases.upkeep.fill_in import fill_in_candidates

FINISH_S = 30.0
"""Limit for sending the events of the images. The next sender sends the rest."""


def main() -> None:
    """Print what was done; exit with 1 when a dependency is unavailable."""
    parser = argparse.ArgumentParser(prog="python -m circles.detect", description=__doc__)
    parser.add_argument(
        "--missing-candidates",
        action="store_true",
        required=True,
        help="detect images again whose run was made before candidates were asked for",
    )
    parser.add_argument("--rate", type=_rate, default=1.0, help="images a second (default 1)")
    given = parser.parse_args()
    try:
        services = build(Settings.from_env())
        if services.settings.candidate_min_score is None:
            sys.exit("CIRCLES_CANDIDATE_MIN_SCORE=none asks for no candidates")
        detected, failed = fill_in_candidates(services, per_second=given.rate, wait=time.sleep)
        services.finish(FINISH_S)
    except (CirclesError, SettingsError) as error:
        sys.exit(f"not all images were detected: {error}")
    print(f"detected: {detected}\nfailed: {failed}")


def _rate(text: str) -> float:
    rate = float(text)
    if not 0 < rate < float("inf"):
        raise argparse.ArgumentTypeError("must be a number above 0")
    return rate


if __name__ == "__main__":
    main()
