"""POST /: register each new object that a CloudEvent names as an image."""

import functions_framework
from flask import Request, Response

from circles.bootstrap import load_services
from circles.domain.waiting import limited_waits
from circles.formats.cloud_events import IncomingEvent
from circles.formats.s3_notifications import read_notices
from circles.usecases.register import register_objects
from circles.web.access.senders import access_of_broker
from circles.web.events import cloud_event_routes

services = load_services()


def handle(event: IncomingEvent) -> bool:
    found = read_notices(event.type, event.data)
    with limited_waits():
        register_objects(found, services)
    return bool(found)


answer = cloud_event_routes(
    handle,
    ready=services.ping,
    access=access_of_broker(services.settings.events_token, services.senders),
)


@functions_framework.http
def ingest(request: Request) -> Response:
    return answer(request)
