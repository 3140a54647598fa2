"""Read corrections from requests, and answer with runs."""

import hashlib
import json
from typing import Any

from flask import Request, Response

from circles.domain.counting.corrections import Correction, Drawn, Expected, Kept, Restore
from circles.domain.counting.runs import Run
from circles.domain.errors import Malformed, PreconditionRequired
from circles.domain.images import Image
from circles.formats.documents import image_document, run_document
from circles.web.access.guard import get_principal
from circles.web.requests.bodies import check_names, read_id, read_number, read_object
from circles.web.requests.uploads import idempotency_key
from circles.web.responses import json_response

RESTORE = "restore"


def read_expected(request: Request) -> Expected:
    """Return what the client expects to be served. Raises PreconditionRequired without If-Match."""
    if not request.headers.get("If-Match", "").strip():
        raise PreconditionRequired("Send the field served of the image's record in If-Match.")
    tags = request.if_match
    return lambda served: tags.star_tag or (served is not None and tags.contains(served))


def read_correction(request: Request) -> Correction | Restore:
    """
    Return what a body asks for.

    Raises:
        Malformed: the body is neither, or a number is not finite or out of range.
    """
    document = read_object(request)
    if RESTORE in document:
        check_names(document, [RESTORE], "A restore")
        run = document[RESTORE]
        return Restore(None if run is None else read_id(run, RESTORE))
    check_names(document, ["based_on", "objects"], "A correction")
    entries = document.get("objects")
    if not isinstance(entries, list):
        raise Malformed("objects is not a list.")
    return Correction(
        based_on=read_id(document.get("based_on"), "based_on"),
        entries=tuple(_read_entry(entry) for entry in entries),
        idempotency_key=idempotency_key(request),
        created_by=get_principal(request).name,
        digest=hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest(),
    )


def change_response(changed: Run | Image) -> Response:
    """Answer 201 with a new run, or 200 with the record after a restore."""
    if isinstance(changed, Image):
        location = f"/images/{changed.image_id}"
        return json_response(image_document(changed), headers={"Location": location})
    location = f"/images/{changed.image_id}/objects?detection={changed.detection_id}"
    return json_response(run_document(changed), 201, {"Location": location})


def _read_entry(entry: Any) -> Kept | Drawn:
    if isinstance(entry, dict) and "object_id" in entry:
        check_names(entry, ["object_id"], "An entry that keeps an object")
        return Kept(read_id(entry["object_id"], "object_id"))
    check_names(entry, ["centroid", "radius", "replaces"], "An entry")
    centroid, replaces = entry.get("centroid"), entry.get("replaces")
    if not isinstance(centroid, list) or len(centroid) != 2:
        raise Malformed("A centroid is a list of two numbers.")
    x, y = (read_number(number, "A centroid") for number in centroid)
    radius_px = read_number(entry.get("radius"), "A radius", above=0)
    return Drawn((x, y), radius_px, None if replaces is None else read_id(replaces, "replaces"))
