"""Everything that a client writes: images, detections, corrections and scales."""

import functions_framework
from flask import Request, Response

from circles.bootstrap import load_services
from circles.domain.identifiers import parse_batch
from circles.domain.waiting import limited_waits
from circles.usecases.access.identify import access
from circles.usecases.access.manage import create_token, revoke_token
from circles.usecases.access.sessions import begin_session, end_session
from circles.usecases.counting.correct import change_run
from circles.usecases.counting.measure import scale_batch, scale_image
from circles.usecases.delete import delete_image
from circles.usecases.detect import detect_again
from circles.usecases.events.replay import replay_event
from circles.usecases.presign import presign_upload
from circles.usecases.upload import upload_image
from circles.web.access.guard import get_principal
from circles.web.access.hosts import check_host
from circles.web.exchanges import RECEIVED_AT
from circles.web.requests.bodies import has_body
from circles.web.requests.queries import read_query
from circles.web.requests.tokens import read_new_token
from circles.web.requests.uploads import held_upload, prefers_async
from circles.web.resources.access import ended_response, session_response, token_response
from circles.web.resources.corrections import change_response, read_correction, read_expected
from circles.web.resources.deliveries import read_replay, replay_response
from circles.web.resources.images import image_response
from circles.web.resources.scales import read_scale, scale_response
from circles.web.resources.upload_forms import read_wanted_upload, upload_form_response
from circles.web.responses import empty_response
from circles.web.routing import routes

services = load_services()


def post_image(request: Request) -> Response:
    batch = read_query(request, batch=parse_batch).get("batch")
    wait, most = not prefers_async(request), services.settings.max_upload_bytes
    with held_upload(request, services.pictures, most, batch) as given:
        return image_response(upload_image(given, services, wait=wait), wait=wait)


def post_detection(request: Request, image_id: str) -> Response:
    read_query(request)
    if not has_body(request):
        with limited_waits(request.environ.get(RECEIVED_AT)):
            by = get_principal(request).name
            return image_response(detect_again(image_id, services, asked_by=by))
    expected, wanted = read_expected(request), read_correction(request)
    return change_response(change_run(image_id, wanted, expected, services))


def change_scale(request: Request, image_id: str) -> Response:
    read_query(request)
    return scale_response(scale_image(image_id, read_scale(request), services), request)


def change_batch_scale(request: Request, batch: str) -> Response:
    read_query(request)
    return scale_response(scale_batch(batch, read_scale(request), services), request)


def delete(request: Request, image_id: str) -> Response:
    read_query(request)
    delete_image(image_id, services)
    return empty_response()


def presign(request: Request) -> Response:
    wanted = read_wanted_upload(request)
    key = wanted.idempotency_key
    form = presign_upload(wanted.file_name, wanted.batch, services, idempotency_key=key)
    return upload_form_response(form)


def replay(request: Request, event_id: str) -> Response:
    return replay_response(replay_event(event_id, read_replay(request), services))


def post_session(request: Request) -> Response:
    read_query(request)
    check_host(request, services.access.hosts)
    principal = get_principal(request)
    return session_response(request, principal, *begin_session(principal, services))


def delete_session(request: Request) -> Response:
    read_query(request)
    end_session(get_principal(request), services)
    return ended_response(request)


def post_token(request: Request) -> Response:
    read_query(request)
    wanted, by = read_new_token(request), get_principal(request).name
    return token_response(*create_token(wanted, services, created_by=by))


def delete_token(request: Request, token_id: str) -> Response:
    read_query(request)
    revoke_token(token_id, services)
    return empty_response()


answer = routes(
    {
        "POST /images/": post_image,
        "POST /images/<image_id>/detections": post_detection,
        "DELETE /images/<image_id>": delete,
        "PUT /images/<image_id>/scale": change_scale,
        "DELETE /images/<image_id>/scale": change_scale,
        "PUT /batches/<batch>/scale": change_batch_scale,
        "DELETE /batches/<batch>/scale": change_batch_scale,
        "POST /deliveries/<event_id>/replay": replay,
        "POST /session": post_session,
        "DELETE /session": delete_session,
        "POST /tokens/": post_token,
        "DELETE /tokens/<token_id>": delete_token,
        "POST /uploads": presign,
    },
    ready=services.ping,
    max_body_bytes=services.settings.max_body_bytes,
    access=access(services),
)


@functions_framework.http
def upload(request: Request) -> Response:
    return answer(request)
