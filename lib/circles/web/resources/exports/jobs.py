"""Answer with the jobs of exports, and stream the tables that they wrote."""

from collections.abc import Iterator
from itertools import chain

from flask import Request, Response

from circles.domain.errors import NotFound
from circles.domain.exports.jobs import Job, JobStatus
from circles.domain.exports.tables import FILES
from circles.formats.jobs import job_document
from circles.web.resources.exports.tables import POLICY
from circles.web.responses import json_response

_RETRY_AFTER_S = 2


def job_response(job: Job, key: str) -> Response:
    """Answer 202 with a job that is not written yet, or 200."""
    pending = job.status is JobStatus.PENDING
    headers = {"Location": f"/exports/{job.job_id}"}
    if pending:
        headers["Retry-After"] = str(_RETRY_AFTER_S)
    return json_response(job_document(job, key), 202 if pending else 200, headers)


def job_content_response(request: Request, job: Job, blocks: Iterator[bytes]) -> Response:
    """Answer with a written table. Raises NotFound for another one."""
    if job.status is not JobStatus.DONE:
        raise NotFound(f"This export is {job.status}; ask for /exports/{job.job_id}.")
    file = FILES[job.table.format]
    response = Response(content_type=file.media_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{file.name}"'
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["Content-Length"] = str(job.size_bytes)
    if request.method != "HEAD":
        response.response = chain([next(blocks, b"")], blocks)
    return response
