"""POST /: forward an object store's notification as CloudEvents to K_SINK."""

import functions_framework
from flask import Request, Response

from circles.bootstrap import load_services
from circles.domain.errors import Unavailable
from circles.usecases.events.forward import broker, forward_notification
from circles.web.access.senders import access_with
from circles.web.events import event_routes

services = load_services()


def take_notification(request: Request) -> None:
    forward_notification(request.get_data(cache=False), services)


def ready() -> None:
    """Raise Unavailable without a sink or a token. The store then keeps its notifications."""
    broker(services)
    if not services.settings.bridge_token:
        raise Unavailable("CIRCLES_BRIDGE_TOKEN is not set.")


answer = event_routes(
    take_notification,
    ready=ready,
    access=access_with(services.settings.bridge_token),
    never_status=204,
)


@functions_framework.http
def bridge(request: Request) -> Response:
    return answer(request)
