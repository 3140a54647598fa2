"""Read the query of an image's objects, and answer with them."""

from collections.abc import Sequence

from flask import Request, Response

from circles.domain.detections import FoundObject, ObjectFilter
from circles.domain.errors import Malformed
from circles.domain.identifiers import parse_id
from circles.domain.images import Image
from circles.formats.documents import object_document, object_summary
from circles.web.requests.queries import number, one_of, read_query
from circles.web.responses import tagged_response

_radius = number(0, 1e9)
_EDGES = {"include": None, "exclude": False}


def read_object_query(request: Request) -> tuple[ObjectFilter, bool]:
    """Return the filter, and whether whole records are wanted. Raises Malformed."""
    query = read_query(
        request,
        min_score=number(0, 1),
        min_radius=_radius,
        max_radius=_radius,
        edge=one_of(*_EDGES),
        detection=run_id,
        fields=one_of("full"),
    )
    wanted = ObjectFilter(
        min_score=query.get("min_score"),
        min_radius_px=query.get("min_radius"),
        max_radius_px=query.get("max_radius"),
        detection_id=query.get("detection"),
        on_edge=_EDGES[query.get("edge", "include")],
    )
    return wanted, "fields" in query


def objects_response(
    request: Request,
    image: Image,
    objects: Sequence[FoundObject],
    wanted: ObjectFilter,
    *,
    full: bool,
) -> Response:
    """Answer with objects. The entity tag names run, scale, query and status."""
    if full:
        document = [object_document(found, image) for found in objects]
    else:
        document = [object_summary(found) for found in objects]
    run = wanted.detection_id or image.detection_id
    query = request.environ.get("QUERY_STRING", "")
    scale = image.scale and (image.scale.scale_id, image.scale.stale)
    return tagged_response(
        request,
        document,
        basis=f"{run} {scale} {image.status} {query}",
        headers={"Image-Status": image.status},
    )


def run_id(text: str) -> str:
    """Return the id of a run in a query. Raises ValueError."""
    try:
        return parse_id(text)
    except Malformed as error:
        raise ValueError("must be the detection_id of a run") from error
