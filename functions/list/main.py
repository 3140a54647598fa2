"""GET /images/: list images, or the objects of one image."""

import functions_framework
from flask import Request, Response

from circles.bootstrap import load_services
from circles.web.images import page_response, read_page
from circles.web.objects import objects_response, read_object_query
from circles.web.routing import routes

services = load_services()


def get_images(request: Request) -> Response:
    wanted, limit, before = read_page(request)
    images = services.catalogue.page(wanted, limit=limit + 1, before=before)
    return page_response(request, images, limit)


def get_objects(request: Request, image_id: str) -> Response:
    """Answer with a run's objects. The list is empty while Image-Status is pending."""
    wanted, full = read_object_query(request)
    image, objects = services.catalogue.objects(image_id, wanted)
    return objects_response(request, image, objects, wanted, full=full)


answer = routes(
    quick={"GET /images/": get_images, "GET /images/<image_id>/objects": get_objects},
    ready=services.catalogue.ping,
    max_body_bytes=services.settings.max_body_bytes,
)


@functions_framework.http
def list_images(request: Request) -> Response:
    return answer(request)
