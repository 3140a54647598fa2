"""Read which table a client asks for, and stream it."""

import re
from collections.abc import Generator
from itertools import chain

from flask import Request, Response

from circles.domain.errors import Malformed
from circles.domain.exports.tables import FILES, Table, TableFormat
from circles.web.access.hosts import find_host
from circles.web.requests.queries import one_of, read_query
from circles.web.resources.images import FILTERS, make_filter

POLICY = "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'"
"""A report that is opened by itself runs nothing and loads nothing."""

_OPTIONS = {
    "candidates": (TableFormat.CSV, TableFormat.COCO, TableFormat.XLSX),
    "images": (TableFormat.YOLO,),
    "shape": (TableFormat.LABEL_STUDIO,),
    "image_url": (TableFormat.LABEL_STUDIO,),
}
"""Formats to which each option belongs."""

_HOST = re.compile(r"[a-z0-9.-]+(:\d+)?|\[[0-9a-f:.]+\](:\d+)?")


def read_table_query(request: Request) -> Table:
    """Return the table that a query asks for. Raises Malformed."""
    query = read_query(
        request,
        **FILTERS,
        format=_format,
        candidates=one_of("include", "exclude"),
        images=one_of("0", "1"),
        shape=one_of("ellipse", "rectangle"),
        image_url=one_of("api", "s3"),
    )
    if "format" not in query:
        raise Malformed(f"The query parameter 'format' is one of {', '.join(TableFormat)}.")
    chosen = query.pop("format")
    options = {name: query.pop(name) for name in _OPTIONS if name in query}
    for name in options:
        if chosen not in _OPTIONS[name]:
            raise Malformed(f"The query parameter {name!r} has no meaning for {chosen}.")
    return Table(
        chosen,
        make_filter(query),
        candidates=options.get("candidates") == "include",
        pictures=options.get("images") == "1",
        rectangles=options.get("shape") == "rectangle",
        url_base=None if options.get("image_url") == "s3" else _origin(request),
    )


def table_response(
    request: Request, table: Table, blocks: Generator[bytes, None, None]
) -> Response:
    """
    Answer with a table in blocks, and without its length.

    What fails before the first block is a problem. What fails later ends the connection without the
    last chunk (RFC 9112, section 7.1), so that the client can tell.
    """
    file = FILES[table.format]
    response = Response(content_type=file.media_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{file.name}"'
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Security-Policy"] = POLICY
    response.automatically_set_content_length = False  # otherwise HEAD promises 0 bytes
    if request.method != "HEAD":
        response.call_on_close(blocks.close)
        response.response = chain([next(blocks, b"")], blocks)
    return response


def _format(text: str) -> TableFormat:
    return TableFormat(one_of(*TableFormat)(text))


def _origin(request: Request) -> str:
    """Return the address that the client called."""
    scheme = "https" if request.headers.get("X-Forwarded-Proto") == "https" else "http"
    host = find_host(request)
    if not _HOST.fullmatch(host):
        raise Malformed("The header Host is not the name of a host.")
    return f"{scheme}://{host}"
