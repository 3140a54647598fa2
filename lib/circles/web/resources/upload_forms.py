"""Read which file a client is about to upload, and answer with a form."""

from typing import NamedTuple

from flask import Request, Response

from circles.domain.blobs import UploadForm
from circles.domain.errors import Malformed
from circles.domain.identifiers import parse_batch
from circles.formats.fields import format_time
from circles.web.requests.bodies import check_names, read_object
from circles.web.requests.queries import read_query
from circles.web.requests.uploads import idempotency_key
from circles.web.responses import json_response

MAX_NAME = 1024
"""Characters of a file's name."""


class WantedUpload(NamedTuple):
    """What a client is about to upload."""

    file_name: str
    batch: str | None
    idempotency_key: str | None


def read_wanted_upload(request: Request) -> WantedUpload:
    """Return name and batch of a file, and the Idempotency-Key. Raises Malformed."""
    read_query(request)
    document = check_names(read_object(request), ["file_name", "batch"], "An upload")
    name, batch = document.get("file_name"), document.get("batch")
    if not isinstance(name, str) or not 0 < len(name) <= MAX_NAME:
        raise Malformed(f"file_name is a text of 1 to {MAX_NAME} characters.")
    if batch is not None and not isinstance(batch, str):
        raise Malformed("batch is not a text.")
    folder = None if batch is None else parse_batch(batch)
    return WantedUpload(name, folder, idempotency_key(request))


def upload_form_response(form: UploadForm) -> Response:
    """Answer with a form. Nothing was stored."""
    document = {
        "url": form.url,
        "fields": dict(form.fields),
        "key": form.key,
        "expires_at": format_time(form.expires_at),
        "max_bytes": form.max_bytes,
    }
    response = json_response(document)
    response.headers["Cache-Control"] = "no-store"
    return response
