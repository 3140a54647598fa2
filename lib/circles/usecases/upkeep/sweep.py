"""
Look for blobs without rows, rows without blobs, and what was made of deleted images.

Each call looks at one stretch, so that a large store does not make it long.
"""

import logging
from collections.abc import Callable
from datetime import datetime
from itertools import islice

from circles.domain.blobs import StoredObject
from circles.domain.errors import CirclesError, NotFound, ObjectRefused, Unavailable
from circles.domain.exports.renditions import PREFIX
from circles.domain.identifiers import new_id, object_id
from circles.domain.images import Image
from circles.domain.services import Services
from circles.usecases.exports.renditions import find_image_id
from circles.usecases.register import register_stored
from circles.usecases.upkeep.bookmarks import Bookmark, in_turn
from circles.usecases.upkeep.report import RepairReport

log = logging.getLogger("circles")

_OWN_PREFIX = "images/"
_BLOBS = 1000  # of each prefix in one sweep: one request to the store
_ROWS = 200  # in one sweep: one request to the store for each row

Stretch = Callable[[RepairReport, datetime, Services], None]


def sweep(report: RepairReport, until: datetime, services: Services) -> None:
    """
    Compare a stretch of the store with the catalogue, and count in report.

    The stretch begins where the last sweep ended. One process at a time sweeps, and it checks no
    further blob or row after until. An unavailable store ends the sweep early; the next one begins
    with another kind of stretch, and passes the object at which this one ended.
    """
    name, holder, now = "sweep", new_id(), services.now()
    lease = services.rules.repair_budget + services.rules.lease
    if now >= until or not services.upkeep.lease(name, holder, now=now, until=now + lease):
        return
    stretches: list[Stretch] = [_sweep_incoming, _sweep_own, _sweep_rows, _sweep_renditions]
    try:
        for look_at in in_turn("sweep", stretches, services):
            look_at(report, until, services)
    except Unavailable as error:
        log.warning("the sweep over the store ends early: %s", error)
        report.cut_short = True
    finally:
        services.upkeep.end_lease(name, holder)


def _sweep_incoming(report: RepairReport, until: datetime, services: Services) -> None:
    _sweep_blobs(services.rules.incoming_prefix, report, until, services)


def _sweep_own(report: RepairReport, until: datetime, services: Services) -> None:
    _sweep_blobs(_OWN_PREFIX, report, until, services)


def _sweep_blobs(prefix: str, report: RepairReport, until: datetime, services: Services) -> None:
    with Bookmark(f"blobs {prefix}", services) as bookmark:
        stretch = list(islice(services.store.list(prefix, after=bookmark.place or None), _BLOBS))
        without_row = _without_row(stretch, prefix, services)
        for stored in stretch:
            if stored not in without_row:
                bookmark.place = stored.key
                continue
            if services.now() >= until:
                report.cut_short = True
                return
            bookmark.place = stored.key  # before the check, which may end the sweep
            if _may_be_young(stored, services):
                report.blobs_without_row_seen += 1
                continue
            bookmark.save()  # decoding it may even end this process
            _adopt(stored, report, services)
        bookmark.begin_again(at_end=len(stretch) < _BLOBS)


def _without_row(stretch: list[StoredObject], prefix: str, services: Services) -> set[StoredObject]:
    """
    Return the blobs that the catalogue does not know.

    Another program's file is compared by its version, because it may have been replaced. An own
    blob is written once and compared by its key, because its version changes when the folder of
    blobs is copied.
    """
    ids = {object_id(stored.bucket, stored.key, stored.etag): stored for stored in stretch}
    unknown_ids = services.upkeep.unknown_ids(
        list(ids), now=services.now(), refused_for=services.rules.adopt_after
    )
    unknown = {ids[each] for each in unknown_ids}
    if prefix == _OWN_PREFIX:
        keys = services.upkeep.unknown_keys([stored.key for stored in unknown])
        unknown = {stored for stored in unknown if stored.key in keys}
    return unknown


def _may_be_young(stored: StoredObject, services: Services) -> bool:
    """
    Return whether the row of a blob may still be written, or its event may still arrive.

    A blob from far in the future was written with a clock that was ahead.
    """
    return abs(services.now() - stored.modified_at) < services.rules.adopt_after


def _adopt(stored: StoredObject, report: RepairReport, services: Services) -> None:
    """Register a blob."""
    log.warning("blob %r has no row and becomes an image", stored.key)
    try:
        register_stored(stored, services)
        report.adopted += 1
    except Unavailable:
        raise
    except NotFound:
        return  # gone or replaced since
    except CirclesError:
        report.refused += 1
    except Exception:  # a bug that this blob triggers must not hold up the rest of the repair
        log.exception("blob %r could not be checked", stored.key)


def _sweep_rows(report: RepairReport, until: datetime, services: Services) -> None:
    with Bookmark("rows", services) as bookmark:
        stretch = services.upkeep.images(after=bookmark.place, limit=_ROWS)
        for image in stretch:
            if services.now() >= until:
                report.cut_short = True
                return
            bookmark.place = image.image_id
            if not _has_blob(image, services) and services.upkeep.key_in_use(image.key):
                log.error("image %s has lost its blob %r", image.image_id, image.key)
                report.rows_without_blob_seen += 1
        bookmark.begin_again(at_end=len(stretch) < _ROWS)


def _sweep_renditions(report: RepairReport, until: datetime, services: Services) -> None:
    """Delete renditions that were put while their image was deleted."""
    with Bookmark("renditions", services) as bookmark:
        after = bookmark.place or None
        stretch = list(islice(services.store.list(PREFIX, after=after), _BLOBS))
        without_image = _find_without_image(stretch, services)
        for stored in stretch:
            if services.now() >= until:
                report.cut_short = True
                return
            bookmark.place = stored.key
            if stored in without_image:
                _delete_rendition(stored.key, report, services)
        bookmark.begin_again(at_end=len(stretch) < _BLOBS)


def _delete_rendition(key: str, report: RepairReport, services: Services) -> None:
    try:
        services.store.delete(key)
        report.renditions_deleted += 1
    except ObjectRefused as error:
        log.warning("the rendition %r of a deleted image stays: %s", key, error)


def _find_without_image(stretch: list[StoredObject], services: Services) -> set[StoredObject]:
    """Return the renditions of deleted images. Files of other programs are left."""
    images = {stored: find_image_id(stored.key) for stored in stretch}
    ids = list({each for each in images.values() if each})
    unknown = services.upkeep.unknown_ids(
        ids, now=services.now(), refused_for=services.rules.adopt_after
    )
    return {stored for stored, image_id in images.items() if image_id in unknown}


def _has_blob(image: Image, services: Services) -> bool:
    try:
        stored = services.store.stat(image.key)
    except NotFound:
        return False
    except ObjectRefused:
        return True  # it is there
    version = object_id(stored.bucket, stored.key, stored.etag)
    return image.source == "upload" or version == image.image_id
