"""GET /images/{image_id}: return an image, its runs, one of its objects, or its bytes."""

from functools import partial

import functions_framework
from flask import Request, Response

from circles.bootstrap import load_services
from circles.formats.documents import image_document, object_document, run_document
from circles.usecases.access.identify import access
from circles.usecases.content import open_content
from circles.web.requests.queries import read_query
from circles.web.resources.content import content_response
from circles.web.responses import tagged_response
from circles.web.routing import routes

services = load_services()


def get_image(request: Request, image_id: str) -> Response:
    read_query(request)
    return tagged_response(request, image_document(services.catalogue.get(image_id)))


def get_object(request: Request, image_id: str, object_id: str) -> Response:
    read_query(request)
    found = services.catalogue.object(image_id, object_id)
    image = services.catalogue.get(image_id)
    return tagged_response(request, object_document(found, image))


def get_runs(request: Request, image_id: str) -> Response:
    read_query(request)
    runs = services.catalogue.runs(image_id)
    return tagged_response(request, [run_document(run) for run in runs])


def get_content(request: Request, image_id: str) -> Response:
    read_query(request)
    image = services.catalogue.get(image_id)
    return content_response(request, image, partial(open_content, image, services.store))


answer = routes(
    {"GET /images/<image_id>/content": get_content},
    quick={
        "GET /images/<image_id>": get_image,
        "GET /images/<image_id>/detections": get_runs,
        "GET /images/<image_id>/objects/<object_id>": get_object,
    },
    ready=services.catalogue.ping,
    max_body_bytes=services.settings.max_body_bytes,
    access=access(services),
)


@functions_framework.http
def detail(request: Request) -> Response:
    return answer(request)
