"""Read what picture of an image is wanted, and send it."""

from collections.abc import Callable
from pathlib import PurePath
from typing import NamedTuple

from flask import Request, Response

from circles.domain.detections import ObjectFilter
from circles.domain.errors import Malformed
from circles.domain.exports.renditions import WIDTHS, Rendition, RenditionFile
from circles.domain.images import Image
from circles.domain.temporary import TemporaryFiles
from circles.domain.waiting import limited_waits
from circles.web.exchanges import RECEIVED_AT
from circles.web.requests.queries import number, one_of, read_query
from circles.web.resources.content import describe_file, send_file
from circles.web.resources.objects import run_id

_AT_ONCE_BYTES = 256 * 1024
"""The server keeps this much in memory for a client that reads slowly."""
_TYPES = {".jpg": "image/jpeg", ".png": "image/png", ".svg": "image/svg+xml"}


class WantedOverlay(NamedTuple):
    """What a client asks for: format is svg or png; whole is the picture's own size."""

    wanted: ObjectFilter
    format: str
    whole: bool


def read_width(request: Request) -> int:
    """Return the wanted width of a thumbnail, in pixels. Raises Malformed."""
    query = read_query(request, width=one_of(*map(str, WIDTHS)))
    return int(query.get("width", WIDTHS[0]))


def read_overlay_query(request: Request) -> WantedOverlay:
    """Return what overlay is wanted. Raises Malformed."""
    query = read_query(
        request,
        format=one_of("svg", "png"),
        size=one_of("2048", "full"),
        min_score=number(0, 1),
        detection=run_id,
    )
    asked = WantedOverlay(
        ObjectFilter(min_score=query.get("min_score"), detection_id=query.get("detection")),
        query.get("format", "svg"),
        query.get("size") == "full",
    )
    if asked.whole and asked.format == "svg":
        raise Malformed("The query parameter 'size' must be 2048 for an SVG; ask for format=png.")
    return asked


def rendition_response(
    request: Request,
    image: Image,
    name: str,
    basis: str,
    make: Callable[[], Rendition | RenditionFile],
    files: TemporaryFiles,
) -> Response:
    """
    Answer 200 with a rendition, or 304; HEAD and 304 make none.

    Args:
        name: of the file, after that of the image, with its suffix.
        basis: a digest of what the rendition follows from. The tag is weak, because another
            version of an encoder may write other bytes.
        files: keep a large rendition until a slow client has read it.
    """
    response = Response(content_type=_TYPES[PurePath(name).suffix])
    response.set_etag(basis, weak=True)
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Content-Disposition"] = describe_file(_name_file(image, name))
    # A picture that is opened by itself runs nothing and loads nothing.
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'; img-src data:"
    if request.if_none_match.contains_weak(basis):
        response.status_code = 304
    elif request.method != "HEAD":
        with limited_waits(request.environ.get(RECEIVED_AT)):
            _fill(request, response, make(), files)
    return response


def _fill(
    request: Request, response: Response, made: Rendition | RenditionFile, files: TemporaryFiles
) -> None:
    if isinstance(made, Rendition) and len(made.data) > _AT_ONCE_BYTES:
        made = _spool(made, files)
    if isinstance(made, RenditionFile):
        send_file(request, response, made.file, made.size_bytes)
    else:
        response.data = made.data


def _spool(made: Rendition, files: TemporaryFiles) -> RenditionFile:
    """Return a rendition as a file. The server would keep its own, whose space nothing counts."""
    with files.filled(len(made.data)) as file:
        file.write(made.data)
    return RenditionFile(made.media_type, file, len(made.data))


def _name_file(image: Image, name: str) -> str:
    stem = PurePath(image.file_name or image.image_id).stem
    return f"{stem}-{name}"
