"""Announce the batches to which no more images come."""

import logging
from datetime import datetime

from circles.domain.services import Services
from circles.telemetry.metrics import metrics
from circles.usecases.events.announce import announcing_completed, send_soon

log = logging.getLogger("circles")

_AT_ONCE = 500


def complete_batches(until: datetime, services: Services) -> int:
    """
    Announce the batches that are quiet, each revision once, and return their number.

    A batch is quiet when none of its images is pending and none arrived for Rules.batch_quiet. When
    more arrive it is announced again. No further batch is begun after until; a later call goes on.

    Raises:
        Unavailable: the catalogue is unavailable.
    """
    completed, announce = 0, announcing_completed(services)
    now = services.now()
    quiet = {
        "arrived_before": now - services.rules.batch_quiet,
        # A later arrival was written with a clock that was ahead.
        "arrived_after": now + 2 * services.rules.batch_quiet,
    }
    for name in services.batches.quiet(**quiet, limit=_AT_ONCE):
        if services.now() >= until:
            break
        batch = services.batches.complete(name, now=now, announce=announce, **quiet)
        if batch is None:
            continue  # another process did, or an image arrived
        log.info("batch %r is complete, revision %d", name, batch.revision)
        metrics.batch_completed()
        completed += 1
        send_soon(services)
    return completed
