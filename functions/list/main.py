"""GET /images/: list images, the objects of one, batches, refusals and deliveries."""

import functions_framework
from flask import Request, Response

from circles.bootstrap import load_services
from circles.usecases.access.identify import access
from circles.web.access.guard import get_principal
from circles.web.requests.queries import read_query
from circles.web.resources.access import principal_response, tokens_response
from circles.web.resources.batches import (
    batches_response,
    read_batch_page,
    read_refusal_page,
    refusals_response,
)
from circles.web.resources.deliveries import deliveries_response, read_delivery_page
from circles.web.resources.images import images_response, read_page
from circles.web.resources.objects import objects_response, read_object_query
from circles.web.routing import routes

services = load_services()


def get_images(request: Request) -> Response:
    page = read_page(request)
    images = services.catalogue.page(
        page.wanted, limit=page.limit + 1, before=page.before, order=page.order
    )
    return images_response(request, images, page)


def get_objects(request: Request, image_id: str) -> Response:
    """Answer with a run's objects. The list is empty while Image-Status is pending."""
    wanted, full = read_object_query(request)
    image, objects = services.catalogue.objects(image_id, wanted)
    return objects_response(request, image, objects, wanted, full=full)


def get_batches(request: Request) -> Response:
    page = read_batch_page(request)
    batches = services.batches.page(limit=page.limit + 1, before=page.before)
    return batches_response(request, batches, page.limit)


def get_refusals(request: Request) -> Response:
    page = read_refusal_page(request)
    refusals = services.upkeep.refusals(
        key=page.key, since=page.since, limit=page.limit + 1, before=page.before
    )
    return refusals_response(request, refusals, page.limit)


def get_deliveries(request: Request) -> Response:
    page = read_delivery_page(request)
    deliveries = services.outbox.deliveries(
        sink=page.sink, state=page.state, limit=page.limit + 1, before=page.before
    )
    return deliveries_response(request, deliveries, services.outbox.backlogs(), page.limit)


def get_tokens(request: Request) -> Response:
    read_query(request)
    return tokens_response(services.tokens.all())


def get_sender(request: Request) -> Response:
    read_query(request)
    return principal_response(get_principal(request), is_open=services.access.is_open)


answer = routes(
    quick={
        "GET /images/": get_images,
        "GET /images/<image_id>/objects": get_objects,
        "GET /batches/": get_batches,
        "GET /refusals": get_refusals,
        "GET /deliveries": get_deliveries,
        "GET /tokens/": get_tokens,
        "GET /whoami": get_sender,
    },
    ready=services.catalogue.ping,
    max_body_bytes=services.settings.max_body_bytes,
    access=access(services),
)


@functions_framework.http
def list_images(request: Request) -> Response:
    return answer(request)
