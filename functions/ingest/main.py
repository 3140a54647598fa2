"""POST /: CloudEvents that tell of new objects in the bucket; each becomes an image."""

import functions_framework
from flask import Request, Response

from circles.bootstrap import services
from circles.notifications import notices
from circles.usecases import register_object
from circles.web_events import event_routes, read_cloud_event

app = services()


def take_event(request: Request) -> None:
    event = read_cloud_event(request)
    for notice in notices(event.type, event.data):
        register_object(notice.bucket, notice.key, notice.etag, notice.size_bytes, app)


def ready() -> None:
    app.catalogue.ping()
    app.store.ping()


app.warm_up.append(lambda: app.detector.wake())  # the predictor's cold start and ours overlap
answer = event_routes(take_event, ready=ready, settings=app.settings)


@functions_framework.http
def ingest(request: Request) -> Response:
    return answer(request)
