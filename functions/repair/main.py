"""POST /: resume interrupted work on the CloudEvent of a PingSource."""

import functions_framework
from flask import Request, Response

from circles.bootstrap import load_services
from circles.formats.cloud_events import IncomingEvent
from circles.usecases.upkeep.repair import repair_images
from circles.web.access.senders import access_of_broker
from circles.web.events import cloud_event_routes

PING = "dev.knative.sources.ping"
"""The type of a PingSource's events (knative/eventing pkg/apis/sources/v1/ping_types.go)."""

services = load_services()


def handle(event: IncomingEvent) -> bool:
    if event.type != PING:
        return False
    repair_images(services)
    return True


answer = cloud_event_routes(
    handle,
    ready=services.ping,
    access=access_of_broker(services.settings.events_token, services.senders),
)


@functions_framework.http
def repair(request: Request) -> Response:
    return answer(request)
