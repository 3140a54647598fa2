"""Write and read the jobs of exports, and describe them to clients."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from circles.domain.exports.jobs import KEPT, Job, JobStatus
from circles.domain.exports.tables import Table, TableFormat
from circles.domain.images import ImageFilter, Review, Status
from circles.formats.fields import format_time

_READ: Mapping[str, Callable[[Any], Any]] = {
    "status": Status,
    "review": Review,
    "since": datetime.fromisoformat,
    "until": datetime.fromisoformat,
}


def write_job(job: Job) -> bytes:
    """Return a job as JSON, without what follows from the store."""
    return json.dumps(asdict(replace(job, size_bytes=None)), default=datetime.isoformat).encode()


def read_job(data: bytes) -> Job:
    """Return what write_job wrote. Raises an exception of Python's for anything else."""
    stored = json.loads(data)
    table = stored.pop("table")
    given = {name: value for name, value in table.pop("wanted").items() if value is not None}
    wanted = ImageFilter(**{name: _READ.get(name, _same)(value) for name, value in given.items()})
    chosen = TableFormat(table.pop("format"))
    created_at = datetime.fromisoformat(stored.pop("created_at"))
    return Job(table=Table(chosen, wanted, **table), created_at=created_at, **stored)


def job_document(job: Job, key: str) -> dict[str, Any]:
    """Return the record of a job. key and content are null until the table is written."""
    done = job.status is JobStatus.DONE
    return {
        "export_id": job.job_id,
        "status": job.status,
        "format": job.table.format,
        "created_at": format_time(job.created_at),
        "expires_at": format_time(job.created_at + KEPT),
        "size_bytes": job.size_bytes,
        "key": key if done else None,
        "content": f"/exports/{job.job_id}/content" if done else None,
        "error": job.error,
    }


def _same(value: Any) -> Any:
    return value
