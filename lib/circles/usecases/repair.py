"""
Resume interrupted work: deletions, detections, blobs without rows, rows without blobs, events.

Each part has its share of Rules.repair_budget, and the parts take turns at being first. So no part
starves the others, and a call ends before its caller's timeout. Concurrent repairs share the work:
detections by the images' claims, sweep and sending by leases.
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
"""
After this many failed images in a row, the predictor counts as unavailable.

The images behind them then keep their attempts.
"""


Part = Callable[[RepairReport, datetime, Services], None]


def repair_images(services: Services) -> RepairReport:
    """
    Resume interrupted work, and return what was done.

    Finish deletions, detect due images, look for blobs without rows and rows without blobs, and
    send events. A call lasts at most Rules.repair_budget plus one detection or the sending of one
    event.

    Raises:
        Unavailable: the catalogue is unavailable.
    """
    report, began, budget = RepairReport(), services.now(), services.rules.repair_budget
    _finish_deletions(report, began + budget * 0.1, services)
    for part, share in zip(_turn(services), (0.5, 0.75, 1.0), strict=True):
        part(report, began + budget * share, services)
    services.upkeep.compact()
    log.info("repair: %s", report)
    return report


def _turn(services: Services) -> list[Part]:
    """Return the long parts, rotated by one at each call. So no part starves the others."""
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
            report.cut_short = True  # but go on: the store may refuse to delete only this blob
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
    """
    Yield the due images, each once.

    Each is read anew from the catalogue, because concurrent repairs claim some of them.
    """
    seen: set[str] = set()
    while True:
        due = services.upkeep.due(now=services.now(), limit=_BATCH)
        image = next((image for image in due if image.image_id not in seen), None)
        if image is None:
            return
        seen.add(image.image_id)
        yield image


def _detect_one(image: Image, services: Services) -> Status | None:
    """Detect an image and return its status. None: another process has it, or it is gone."""
    try:
        if image.attempts >= services.rules.max_attempts:
            reason = image.error or "Every detection of it was interrupted."
            after = give_up(image, reason, services)
        elif claimed := claim(image.image_id, services):
            after = detect(claimed, services)
        else:
            return None
    except NotFound:
        return None
    except Unavailable:
        raise
    except Exception:  # a bug that this image triggers must not hold up the others
        log.exception("image %s could not be repaired", image.image_id)
        return Status.PENDING
    return after.status


def _send_events(report: RepairReport, until: datetime, services: Services) -> None:
    report.events_sent = dispatch_outbox(services, until=until)
    report.events_laid_aside_seen = services.outbox.count_laid_aside()
