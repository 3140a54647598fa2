"""POST /: a CloudEvent of a PingSource; whatever was cut off is taken up again."""

import functions_framework
from flask import Request, Response

from circles.bootstrap import services
from circles.usecases import repair_images
from circles.web_events import event_routes, read_cloud_event

PING = "dev.knative.sources.ping"
"""The type of a PingSource's events (knative/eventing pkg/apis/sources/v1/ping_types.go)."""

app = services()


def take_event(request: Request) -> None:
    """Any other type is not for us, and no fault of its sender."""
    if read_cloud_event(request).type == PING:
        repair_images(app)


def ready() -> None:
    app.catalogue.ping()
    app.store.ping()


answer = event_routes(take_event, ready=ready, settings=app.settings)


@functions_framework.http
def repair(request: Request) -> Response:
    return answer(request)
