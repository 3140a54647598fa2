"""GET /images/{image_id} and what lies below it: the record, one object, the stored bytes."""

import functions_framework
from flask import Request, Response

from circles.bootstrap import services
from circles.formats.documents import image_document, object_document
from circles.usecases.content import read_content
from circles.web.content import content_response
from circles.web.queries import read_query
from circles.web.routing import Handler, json_response, routes

app = services()


def get_image(request: Request, image_id: str) -> Response:
    read_query(request)
    return json_response(image_document(app.catalogue.get(image_id)))


def get_object(request: Request, image_id: str, object_id: str) -> Response:
    read_query(request)
    return json_response(object_document(app.catalogue.object(image_id, object_id)))


def get_content(request: Request, image_id: str) -> Response:
    read_query(request)
    image = app.catalogue.get(image_id)
    return content_response(request, image, lambda: read_content(image, app.store))


handlers: dict[str, Handler] = {
    "GET /images/<image_id>": get_image,
    "GET /images/<image_id>/objects/<object_id>": get_object,
    "GET /images/<image_id>/content": get_content,
}
answer = routes(handlers, ready=app.catalogue.ping, max_body_bytes=app.settings.max_body_bytes)


@functions_framework.http
def detail(request: Request) -> Response:
    return answer(request)
