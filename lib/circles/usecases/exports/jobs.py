"""
Write tables into the bucket, in the background.

exports/<id>.json is the job, exports/<id>/<name> its table. A job whose process ended is begun
again by the next client that asks for it, or by repair.
"""

import hashlib
import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from circles.domain.blobs import StoredObject
from circles.domain.errors import CirclesError, NotFound, NotPossible, Unavailable
from circles.domain.exports.jobs import KEPT, PREFIX, Job, JobStatus
from circles.domain.exports.tables import FILES, Table
from circles.domain.identifiers import new_id, parse_id
from circles.domain.services import Services
from circles.formats.jobs import read_job, write_job
from circles.usecases.exports.tables import write_table

log = logging.getLogger("circles")

_LEASE = timedelta(minutes=2)
"""Renewed while a table is written. After it another process begins again."""
_MAX_ATTEMPTS = 5
"""A table that ends so many processes is not tried again."""
_MAX_JOB_BYTES = 64 * 1024
_STRETCH_BYTES = 1024 * 1024


def key_of(job: Job) -> str:
    """Return the key of a job's table."""
    return f"{PREFIX}{job.job_id}/{FILES[job.table.format].name}"


def begin_job(table: Table, services: Services) -> Job:
    """
    Store a job, and write its table in the background.

    The table holds what was there at this moment, however late it is written. Raises Unavailable.
    """
    now = services.now()
    until = min(table.wanted.until or now, now)
    job = Job(new_id(), replace(table, wanted=replace(table.wanted, until=until)), now)
    _save(job, services)
    _continue_soon(job, services)
    return job


def find_job(job_id: str, services: Services) -> Job:
    """
    Return a job, and begin it again if its process ended.

    Raises:
        NotFound: there is none, or it is older than KEPT.
        Unavailable: the store is unavailable.
    """
    job = _load(job_id, services)
    if job.created_at + KEPT <= services.now():
        raise NotFound("This export is no longer kept; ask for it again.")
    if job.status is JobStatus.PENDING:
        _continue_soon(job, services)
    return job


def read_table(job: Job, services: Services) -> Iterator[bytes]:
    """
    Yield a written table, a stretch of it at a time, so that a slow client occupies no space.

    Raises NotFound, Damaged if it was replaced, and Unavailable.
    """
    size_bytes = job.size_bytes or 0
    for first in range(0, size_bytes, _STRETCH_BYTES):
        last = min(first + _STRETCH_BYTES, size_bytes) - 1
        with services.store.open(
            key_of(job), size_bytes=size_bytes, first=first, last=last
        ) as file:
            yield file.read(last - first + 1)


def continue_jobs(until: datetime, services: Services) -> int:
    """
    Begin interrupted jobs again, and delete old ones; return the number of deleted objects.

    No further object is looked at after until. Raises Unavailable.
    """
    deleted = 0
    for stored in services.store.list(PREFIX):
        if services.now() >= until:
            break
        if services.now() - stored.modified_at > KEPT:
            services.store.delete(stored.key)
            deleted += 1
        elif _is_job(stored):
            _continue_unless_done(stored, services)
    return deleted


def _continue_unless_done(stored: StoredObject, services: Services) -> None:
    try:
        job = _load(stored.key.removeprefix(PREFIX).removesuffix(".json"), services)
    except NotFound as error:
        log.warning("the job %r is passed over: %s", stored.key, error)
        return
    if job.status is JobStatus.PENDING:
        _continue_soon(job, services)


def _is_job(stored: StoredObject) -> bool:
    name = stored.key.removeprefix(PREFIX)
    return name.endswith(".json") and "/" not in name


def _load(job_id: str, services: Services) -> Job:
    """Return a job with the size of its table, if that is written. Raises NotFound, Unavailable."""
    job = _read(job_id, services)
    try:
        return replace(job, size_bytes=services.store.stat(key_of(job)).size_bytes)
    except NotFound:
        return job


def _read(job_id: str, services: Services) -> Job:
    try:
        key = f"{PREFIX}{parse_id(job_id)}.json"
        return read_job(services.store.get(key, max_bytes=_MAX_JOB_BYTES))
    except Unavailable:
        raise
    except (CirclesError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise NotFound("There is no such export.") from error


def _save(job: Job, services: Services) -> None:
    data = write_job(job)
    sha256 = hashlib.sha256(data).hexdigest()
    key = f"{PREFIX}{job.job_id}.json"
    services.store.put(key, data, media_type="application/json", sha256=sha256)


def _continue_soon(job: Job, services: Services) -> None:
    name = f"export {job.job_id}"
    services.soon(lambda: _run(job.job_id, name, services), key=name)


def _run(job_id: str, name: str, services: Services) -> None:
    """Write the table of a job unless another process does."""
    holder = new_id()
    if not _hold(name, holder, services):
        return
    try:
        job = _load(job_id, services)
        if job.status is JobStatus.PENDING:
            _write(job, name, holder, services)
    except NotFound:
        return  # deleted meanwhile
    except Unavailable as error:
        log.warning("the export %s is left for later: %s", job_id, error)
    finally:
        services.upkeep.end_lease(name, holder)


def _write(job: Job, name: str, holder: str, services: Services) -> None:
    if job.attempts >= _MAX_ATTEMPTS:
        error = "Its process ended each time that it was written; select less."
        _save(replace(job, error=error), services)
        return
    _save(replace(job, attempts=job.attempts + 1), services)  # before it may end this process
    blocks = write_table(job.table, services)
    try:
        services.store.put_blocks(
            key_of(job),
            _held(blocks, name, holder, services),
            media_type=FILES[job.table.format].media_type,
        )
    except NotPossible as error:
        _save(replace(job, error=str(error)), services)
    except Unavailable:
        _save(job, services)  # what failed was not the table
        raise
    finally:
        blocks.close()


def _held(blocks: Iterator[bytes], name: str, holder: str, services: Services) -> Iterator[bytes]:
    """Yield blocks while this process has the lease. Raises Unavailable after that."""
    renew_at = services.now() + _LEASE / 4
    for block in blocks:
        if services.now() >= renew_at:
            if not _hold(name, holder, services):
                raise Unavailable("Another process writes this table now.")
            renew_at = services.now() + _LEASE / 4
        yield block


def _hold(name: str, holder: str, services: Services) -> bool:
    now = services.now()
    return services.upkeep.lease(name, holder, now=now, until=now + _LEASE)
