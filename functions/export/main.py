"""What leaves the system for people and other programs: pictures, statistics, tables."""

import functions_framework
from flask import Request, Response

from circles.bootstrap import load_services
from circles.domain.exports.renditions import compute_basis
from circles.domain.waiting import limited_waits
from circles.usecases.access.identify import access
from circles.usecases.exports.tables import write_table
from circles.usecases.exports.thumbnails import make_thumbnail
from circles.web.exchanges import RECEIVED_AT
from circles.web.resources.renditions import read_width, rendition_response
from circles.web.resources.tables import read_table, table_response
from circles.web.routing import routes

services = load_services()


def get_thumbnail(request: Request, image_id: str) -> Response:
    width_px = read_width(request)
    image = services.catalogue.get(image_id)
    with limited_waits(request.environ.get(RECEIVED_AT)):
        return rendition_response(
            request,
            image,
            f"{width_px}.jpg",
            compute_basis(image, width_px),
            lambda: make_thumbnail(image, width_px, services),
        )


def get_table(request: Request) -> Response:
    table = read_table(request)
    return table_response(request, table, write_table(table, services))


answer = routes(
    {
        "GET /images/<image_id>/thumbnail": get_thumbnail,
        "GET /export": get_table,
    },
    ready=services.catalogue.ping,
    max_body_bytes=services.settings.max_body_bytes,
    access=access(services),
)


@functions_framework.http
def export(request: Request) -> Response:
    return answer(request)
