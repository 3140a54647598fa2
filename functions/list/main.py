"""GET /images/: list images, or the objects of one image."""

import functions_framework
from flask import Request, Response

from circles.bootstrap import load_services
from circles.domain.detections import ObjectFilter
from circles.formats.documents import object_summary
from circles.web.images import page_response, read_page
from circles.web.queries import number, read_query
from circles.web.routing import json_response, routes

services = load_services()
radius = number(0, 1e9)


def get_images(request: Request) -> Response:
    wanted, limit, before = read_page(request)
    images = services.catalogue.page(wanted, limit=limit + 1, before=before)
    return page_response(request, images, limit)


def get_objects(request: Request, image_id: str) -> Response:
    """Answer with the served run's objects. The list is empty while Image-Status is pending."""
    query = read_query(request, min_score=number(0, 1), min_radius=radius, max_radius=radius)
    wanted = ObjectFilter(query.get("min_score"), query.get("min_radius"), query.get("max_radius"))
    image, objects = services.catalogue.objects(image_id, wanted)
    document = [object_summary(found) for found in objects]
    return json_response(document, headers={"Image-Status": image.status})


answer = routes(
    quick={"GET /images/": get_images, "GET /images/<image_id>/objects": get_objects},
    ready=services.catalogue.ping,
    max_body_bytes=services.settings.max_body_bytes,
)


@functions_framework.http
def list_images(request: Request) -> Response:
    return answer(request)
