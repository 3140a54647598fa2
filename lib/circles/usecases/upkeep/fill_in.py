"""Detect images again whose served run was made before candidates were asked for."""

import logging
from collections.abc import Callable, Iterator

from circles.domain.errors import CirclesError, DetectorUnavailable, NotFound, Unavailable
from circles.domain.images import Image
from circles.domain.services import Services
from circles.usecases.detect import detect_again

log = logging.getLogger("circles")

_BATCH = 100
_OUTAGES_IN_A_ROW = 3
"""As in repair: after this number, the rest is left for another call."""


def fill_in_candidates(
    services: Services, *, per_second: float, wait: Callable[[float], None]
) -> tuple[int, int]:
    """
    Detect again what has no candidates, at most per_second images a second.

    Images that a person corrected are left out. Returns how many were detected and how many failed;
    these keep their run. wait sleeps for seconds.

    Raises:
        DetectorUnavailable, Unavailable: a dependency failed three times in a row. A later call
            goes on.
    """
    detected = failed = outages = 0
    for image in _without_candidates(services):
        began = services.now()
        try:
            detect_again(image.image_id, services)
            detected, outages = detected + 1, 0
        except NotFound:
            continue  # deleted since, or its blob is lost
        except CirclesError as error:
            failed += 1
            outages = outages + 1 if isinstance(error, DetectorUnavailable | Unavailable) else 0
            if outages >= _OUTAGES_IN_A_ROW:
                raise
        wait(max(1 / per_second - (services.now() - began).total_seconds(), 0))
    return detected, failed


def _without_candidates(services: Services) -> Iterator[Image]:
    after = ""
    while images := services.upkeep.without_candidates(after=after, limit=_BATCH):
        yield from images
        after = images[-1].image_id
