"""Send pictures that were made of an image."""

from collections.abc import Callable
from pathlib import PurePath

from flask import Request, Response

from circles.domain.exports.renditions import WIDTHS, Rendition
from circles.domain.images import Image
from circles.web.requests.queries import one_of, read_query
from circles.web.resources.content import describe_file

_TYPES = {".jpg": "image/jpeg", ".png": "image/png", ".svg": "image/svg+xml"}


def read_width(request: Request) -> int:
    """Return the wanted width of a thumbnail, in pixels. Raises Malformed."""
    query = read_query(request, width=one_of(*map(str, WIDTHS)))
    return int(query.get("width", WIDTHS[0]))


def rendition_response(
    request: Request, image: Image, name: str, basis: str, make: Callable[[], Rendition]
) -> Response:
    """
    Answer 200 with a rendition, or 304; HEAD and 304 make none.

    Args:
        name: of the file, after that of the image, with its suffix.
        basis: a digest of what the rendition follows from. The tag is weak, because another
            version of an encoder may write other bytes.
    """
    media_type = _TYPES[PurePath(name).suffix]
    response = Response(content_type=media_type)
    response.set_etag(basis, weak=True)
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Content-Disposition"] = describe_file(_name_file(image, name))
    # a picture that is opened by itself runs nothing and loads nothing
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'; img-src data:"
    if request.if_none_match.contains_weak(basis):
        response.status_code = 304
    elif request.method != "HEAD":
        response.data = make().data
    return response


def _name_file(image: Image, name: str) -> str:
    stem = PurePath(image.file_name or image.image_id).stem
    return f"{stem}-{name}"
