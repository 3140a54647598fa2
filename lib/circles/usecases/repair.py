"""
Takes up what was cut off: deletions, detections, blobs without rows, rows without blobs, events.

Each part has its share of Rules.repair_budget and is the first by turns, so that none starves the others and a call
ends before its caller's patience does. Several repairs at once share the work: detections by the images' claims, sweep
and sending by leases.
"""

import logging
from collections.abc import Callable, Iterator
from datetime import datetime

from circles.domain.errors import CirclesError, NotFound, Unavailable
from circles.domain.images import Image, Status
from circles.domain.services import Services
from circles.usecases.delete import KEPT, finish_deletion
from circles.usecases.detect import claim, detect, give_up
from circles.usecases.dispatch import dispatch_outbox
from circles.usecases.report import RepairReport
from circles.usecases.sweep import sweep

log = logging.getLogger("circles")

_BATCH = 100
_FAILURES_IN_A_ROW = 3
"""So many images must fail one after the other before the predictor counts as away, and costs the others no attempt."""


Part = Callable[[RepairReport, datetime, Services], None]


def repair_images(services: Services) -> RepairReport:
    """
    Finish deletions, detect what is due, look for blobs without rows and rows without blobs, and send events.

    Bounded by Rules.repair_budget, to which one detection or one sending may be added. Raises Unavailable where the
    catalogue is away.
    """
    report, began, budget = RepairReport(), services.now(), services.rules.repair_budget
    _finish_deletions(report, began + budget * 0.1, services)
    for part, share in zip(_turn(services), (0.5, 0.75, 1.0), strict=True):
        part(report, began + budget * share, services)
    services.upkeep.compact()
    log.info("repair: %s", report)
    return report


def _turn(services: Services) -> list[Part]:
    """The parts whose pieces may be long, each of them first by turns: none can starve the others for good."""
    parts: list[Part] = [_send_events, sweep, _detect_due]
    first = int(services.upkeep.bookmark("repair") or 0)
    services.upkeep.set_bookmark("repair", str((first + 1) % len(parts)))
    return parts[first:] + parts[:first]


def _finish_deletions(report: RepairReport, until: datetime, services: Services) -> None:
    for tombstone in services.upkeep.tombstones(limit=_BATCH):
        if services.now() >= until:
            report.cut_short = True
            break
        try:
            finish_deletion(tombstone, services)
            report.blobs_deleted += 1
        except CirclesError as error:
            log.warning("the blob of the deleted image %s stays: %s", tombstone.image_id, error)
            report.cut_short = (
                True  # and on to the next: it may be this one blob that a store does not let go
            )
    services.upkeep.forget_tombstones(before=services.now() - KEPT)


def _detect_due(report: RepairReport, until: datetime, services: Services) -> None:
    failures = 0
    for image in _due(services):
        if services.now() >= until or failures >= _FAILURES_IN_A_ROW:
            report.cut_short = True
            return
        status = _detect_one(image, services)
        failures = failures + 1 if status is Status.PENDING else 0
        match status:
            case Status.DETECTED:
                report.detected += 1
            case Status.FAILED:
                report.failed += 1
            case Status.PENDING:
                report.put_off += 1


def _due(services: Services) -> Iterator[Image]:
    """Images that are due, each once; asked anew for each, because other repairs take some of them meanwhile."""
    seen: set[str] = set()
    while True:
        due = services.upkeep.due(now=services.now(), limit=_BATCH)
        image = next((image for image in due if image.image_id not in seen), None)
        if image is None:
            return
        seen.add(image.image_id)
        yield image


def _detect_one(image: Image, services: Services) -> Status | None:
    """Return the image's status after one detection; None where another is at it or the image is gone."""
    try:
        if image.attempts >= services.rules.max_attempts:
            reason = image.error or "Every detection of it was cut off."
            after = give_up(image, reason, services)
        elif claimed := claim(image.image_id, services):
            after = detect(claimed, services)
        else:
            return None
    except NotFound:
        return None
    except Unavailable:
        raise
    except Exception:  # a fault of ours with this image must not keep the others from their turn
        log.exception("image %s could not be repaired", image.image_id)
        return Status.PENDING
    return after.status


def _send_events(report: RepairReport, until: datetime, services: Services) -> None:
    report.events_sent = dispatch_outbox(services, until=until)
    report.events_laid_aside_seen = services.outbox.count_laid_aside()
