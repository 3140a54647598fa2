"""Read scales from requests, and answer with them."""

from flask import Request, Response

from circles.domain.counting.scales import MAX_DIAMETER_MM, MAX_MM_PER_PX, MIN_SIZE, NewScale, Scale
from circles.domain.errors import Malformed
from circles.domain.images import Image
from circles.formats.documents import image_document, scale_document
from circles.web.access.guard import get_principal
from circles.web.requests.bodies import check_names, read_id, read_number, read_object
from circles.web.responses import empty_response, json_response

_WHAT = "A scale"


def read_scale(request: Request) -> NewScale | None:
    """Return what a body sets, None for DELETE. Raises Malformed."""
    if request.method == "DELETE":
        return None
    document, by = read_object(request), get_principal(request).name
    if "mm_per_px" in document:
        check_names(document, ["mm_per_px"], _WHAT)
        return NewScale(mm_per_px=_read_size(document, "mm_per_px", MAX_MM_PER_PX), created_by=by)
    check_names(document, ["object_id", "diameter_mm", "mm_per_px"], _WHAT)
    return NewScale(
        object_id=read_id(document.get("object_id"), "object_id"),
        diameter_mm=_read_size(document, "diameter_mm", MAX_DIAMETER_MM),
        created_by=by,
    )


def scale_response(changed: Image | Scale | None, request: Request) -> Response:
    """Answer with the image's record, the batch's scale, or 204 after DELETE."""
    if changed is None or request.method == "DELETE":
        return empty_response()
    if isinstance(changed, Scale):
        return json_response(scale_document(changed))
    return json_response(image_document(changed))


def _read_size(document: dict[str, object], name: str, most: float) -> float:
    size = read_number(document.get(name), name, above=0)
    if not MIN_SIZE <= size <= most:
        raise Malformed(f"{name} must be from {MIN_SIZE:g} to {most:g}.")
    return size
