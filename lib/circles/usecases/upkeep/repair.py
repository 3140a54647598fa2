"""
Resume interrupted work: deletions, detections, blobs without rows, rows without blobs, events.

Each part has its share of Rules.repair_budget, and the parts take turns at being first. So no part
starves the others, and a call ends before its caller's timeout. Concurrent repairs share the work:
detections by the images' claims, sweep and sending by leases.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from circles.domain.errors import CirclesError, DetectorUnavailable, NotFound, Unavailable
from circles.domain.images import Image, Status
from circles.domain.services import Services
from circles.usecases.chances import latest_claim, latest_due, was_interrupted_too_often
from circles.usecases.counting.batches import complete_batches
from circles.usecases.delete import KEPT, finish_deletion
from circles.usecases.detect import Outcome, claim, give_up, try_detection
from circles.usecases.events.dispatch import dispatch_outbox
from circles.usecases.exports.jobs import continue_jobs
from circles.usecases.upkeep.bookmarks import in_turn
from circles.usecases.upkeep.report import RepairReport
from circles.usecases.upkeep.sweep import sweep

log = logging.getLogger("circles")

_BATCH = 100
_COUNTS = 500  # in one transaction, which other writers wait for
_OUTAGES_IN_A_ROW = 3
"""
After this many outages in a row, the images behind them are left for later.

A predictor that refuses a picture, or whose answer cannot be used, is not an outage.
"""
_LEFTOVER_AGE = timedelta(hours=1)
"""Longer than any put lasts."""

Part = Callable[[RepairReport, datetime, Services], None]


def repair_images(services: Services) -> RepairReport:
    """
    Resume interrupted work, and return what was done.

    Finish deletions, announce quiet batches, detect due images, look for blobs without rows and
    rows without blobs, send events, remove what killed processes left, and continue exports. A call
    lasts at most Rules.repair_budget plus one detection or the sending of one event.

    Raises:
        Unavailable: the catalogue is unavailable.
    """
    report, began, budget = RepairReport(), services.now(), services.rules.repair_budget
    _finish_deletions(report, began + budget * 0.1, services)
    _fill_in_counts(report, began + budget * 0.15, services)
    _fill_in_sizes(report, began + budget * 0.2, services)
    report.batches_completed = complete_batches(began + budget * 0.2, services)
    parts: list[Part] = [_send_events, sweep, _detect_due]
    shares = (0.5, 0.75, 1.0)
    for part, share in zip(in_turn("repair", parts, services), shares, strict=True):
        part(report, began + budget * share, services)
    _remove_leftovers(report, services)
    _continue_exports(report, began + budget, services)
    services.upkeep.compact()
    log.info("repair: %s", report)
    return report


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
            services.upkeep.put_off_tombstone(tombstone.image_id, now=services.now())
            report.cut_short = True  # but go on: the store may refuse to delete only this blob
    services.upkeep.forget_tombstones(before=services.now() - KEPT)


def _fill_in_counts(report: RepairReport, until: datetime, services: Services) -> None:
    """Fill in what lists filter by, for images that older code detected."""
    while filled := services.upkeep.fill_in_counts(limit=_COUNTS):
        report.counts_filled_in += filled
        if services.now() >= until:
            report.cut_short = True
            return


def _fill_in_sizes(report: RepairReport, until: datetime, services: Services) -> None:
    """Fill in what statistics add up, for runs of older code. Until then they count objects."""
    while filled := services.upkeep.fill_in_sizes(limit=_COUNTS):
        report.sizes_filled_in += filled
        if services.now() >= until:
            report.cut_short = True
            return


def _remove_leftovers(report: RepairReport, services: Services) -> None:
    """Remove what killed processes left in the store."""
    try:
        report.leftovers_removed = services.store.remove_leftovers(
            before=services.now() - _LEFTOVER_AGE
        )
    except Unavailable as error:
        log.warning("leftovers in the store stay: %s", error)
        report.cut_short = True


def _continue_exports(report: RepairReport, until: datetime, services: Services) -> None:
    """Begin interrupted exports again, and delete old ones."""
    try:
        report.exports_deleted = continue_jobs(until, services)
    except CirclesError as error:
        log.warning("exports are left for later: %s", error)
        report.cut_short = True


def _detect_due(report: RepairReport, until: datetime, services: Services) -> None:
    outages, seen = 0, set[str]()
    while image := _next_due(seen, services, last=outages > 0):
        if services.now() >= until or outages >= _OUTAGES_IN_A_ROW:
            report.cut_short = True
            return
        seen.add(image.image_id)
        outcome = _detect_one(image, services)
        if outcome is None:
            continue
        outages = outages + 1 if _is_outage(outcome) else 0
        _count(outcome.image, report)


def _next_due(seen: set[str], services: Services, *, last: bool) -> Image | None:
    """
    Return a due image that is not in seen, with the fewest attempts.

    Each is read anew from the catalogue, because concurrent repairs claim some of them.

    Args:
        last: return the last such image, not the first. After an outage that tells a predictor that
            is down from one that fails on a series of pictures.
    """
    found = services.upkeep.due(
        now=services.now(),
        latest_claim=latest_claim(services),
        latest_due=latest_due(services),
        limit=_BATCH,
    )
    due = [image for image in found if image.image_id not in seen]
    due = [image for image in due if image.attempts == due[0].attempts]
    return due[-1 if last else 0] if due else None


def _detect_one(image: Image, services: Services) -> Outcome | None:
    """Detect an image. None: another process has it, or it is gone."""
    try:
        if was_interrupted_too_often(image, services):
            reason = image.error or "Every detection of it was interrupted."
            return Outcome(give_up(image, reason, services), None)
        claimed = claim(image.image_id, services)
        return try_detection(claimed, services) if claimed else None
    except NotFound:
        return None
    except Unavailable:
        raise
    except Exception:  # a bug that this image triggers must not hold up the others
        log.exception("image %s could not be repaired", image.image_id)
        return Outcome(image, None)


def _is_outage(outcome: Outcome) -> bool:
    """Return whether a dependency failed, which says nothing of the image."""
    return isinstance(outcome.error, DetectorUnavailable | Unavailable)


def _count(image: Image, report: RepairReport) -> None:
    match image.status:
        case Status.DETECTED:
            report.detected += 1
        case Status.PENDING:
            report.put_off += 1
        case Status.FAILED:
            report.failed += 1


def _send_events(report: RepairReport, until: datetime, services: Services) -> None:
    report.events_sent = dispatch_outbox(services, until=until)
    report.events_laid_aside_seen = services.outbox.count_laid_aside()
