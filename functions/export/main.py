"""What leaves the system for people and other programs: pictures, statistics, tables."""

from functools import partial

import functions_framework
from flask import Request, Response

from circles.bootstrap import load_services
from circles.domain.exports.renditions import compute_basis
from circles.usecases.access.identify import access
from circles.usecases.exports.crops import crop_object
from circles.usecases.exports.jobs import begin_job, find_job, key_of, read_table
from circles.usecases.exports.overlays import draw_overlay, find_overlay
from circles.usecases.exports.statistics import add_up, add_up_batch
from circles.usecases.exports.tables import write_table
from circles.usecases.exports.thumbnails import make_thumbnail
from circles.web.requests.queries import read_query
from circles.web.resources.exports.jobs import job_content_response, job_response
from circles.web.resources.exports.statistics import (
    batch_response,
    read_batch_query,
    read_statistics_query,
    statistics_response,
)
from circles.web.resources.exports.tables import read_table_query, table_response
from circles.web.resources.renditions import read_overlay_query, read_width, rendition_response
from circles.web.routing import routes

services = load_services()


def get_thumbnail(request: Request, image_id: str) -> Response:
    width_px = read_width(request)
    image = services.catalogue.get(image_id)
    basis, make = compute_basis(image), partial(make_thumbnail, image, width_px, services)
    name = f"{width_px}.jpg"
    return rendition_response(request, image, name, basis, make, services.temporary)


def get_overlay(request: Request, image_id: str) -> Response:
    asked = read_overlay_query(request)
    overlay = find_overlay(image_id, asked.wanted, services)
    make = partial(draw_overlay, overlay, asked.format, asked.whole, services)
    name = f"overlay.{asked.format}"
    return rendition_response(request, overlay.image, name, overlay.basis, make, services.temporary)


def get_crop(request: Request, image_id: str, object_id: str) -> Response:
    read_query(request)
    found = services.catalogue.object(image_id, object_id)
    image = services.catalogue.get(image_id)
    basis, make = compute_basis(image), partial(crop_object, image, found, services)
    name = f"{object_id}.jpg"
    return rendition_response(request, image, name, basis, make, services.temporary)


def get_table(request: Request) -> Response:
    table = read_table_query(request)
    return table_response(request, table, write_table(table, services))


def post_job(request: Request) -> Response:
    job = begin_job(read_table_query(request), services)
    return job_response(job, key_of(job))


def get_job(request: Request, export_id: str) -> Response:
    read_query(request)
    job = find_job(export_id, services)
    return job_response(job, key_of(job))


def get_job_content(request: Request, export_id: str) -> Response:
    read_query(request)
    job = find_job(export_id, services)
    return job_content_response(request, job, read_table(job, services))


def get_statistics(request: Request) -> Response:
    wanted = read_statistics_query(request)
    totals = add_up(wanted.selection, wanted.measure, wanted.by, services)
    return statistics_response(request, totals, wanted)


def get_batch(request: Request, batch: str) -> Response:
    measure, bins = read_batch_query(request)
    found, summary = add_up_batch(batch, measure, services)
    return batch_response(request, found, summary, bins)


answer = routes(
    {
        "GET /images/<image_id>/thumbnail": get_thumbnail,
        "GET /images/<image_id>/overlay": get_overlay,
        "GET /images/<image_id>/objects/<object_id>/crop": get_crop,
        "GET /export": get_table,
        "POST /exports": post_job,
        "GET /exports/<export_id>": get_job,
        "GET /exports/<export_id>/content": get_job_content,
        "GET /stats": get_statistics,
        "GET /batches/<batch>": get_batch,
    },
    ready=services.catalogue.ping,
    max_body_bytes=services.settings.max_body_bytes,
    access=access(services),
)


@functions_framework.http
def export(request: Request) -> Response:
    return answer(request)
