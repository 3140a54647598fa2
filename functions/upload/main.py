"""POST /images/: store a picture, detect its circles, answer with its record."""

import functions_framework
from flask import Request, Response

from circles.bootstrap import services
from circles.documents import image_document
from circles.images import Status
from circles.usecases import upload_image
from circles.web import Handler, json_response, routes
from circles.web_requests import read_query, read_upload

app = services()


def post_image(request: Request) -> Response:
    """200 with the detected image; 202 where it is stored and its detection is still due."""
    read_query(request)
    upload = read_upload(request, app.settings.max_upload_bytes)
    image = upload_image(upload, app)
    status = 202 if image.status is Status.PENDING else 200
    return json_response(image_document(image), status, {"Location": f"/images/{image.image_id}"})


def ready() -> None:
    """An upload needs both to be safe; it does not need the predictor."""
    app.catalogue.ping()
    app.store.ping()


handlers: dict[str, Handler] = {"POST /images/": post_image}
answer = routes(handlers, ready=ready, settings=app.settings)


@functions_framework.http
def upload(request: Request) -> Response:
    return answer(request)
