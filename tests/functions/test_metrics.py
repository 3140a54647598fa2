"""Test the metrics of functions after requests."""

import pytest

from circles.bootstrap import load_services
from tests.functions.conftest import TARGETS
from tests.functions.pictures import png
from tests.functions.predictors import answer_text
from tests.scraping import Counted, total

ID = "01890a5d-ac96-774b-bcce-b302099a8057"
every_function = pytest.mark.parametrize("function", TARGETS)


@pytest.fixture
def counted():
    return Counted()


@every_function
def test_metrics_are_in_prometheus_format(load, function):
    response = load(function).get("/metrics")

    assert response.status_code == 200
    assert response.content_type.startswith("text/plain; version=")
    assert (
        total(response.text, "circles_build_info", function=TARGETS[function], build="source") == 1
    )
    assert total(response.text, "process_start_time_seconds") > 0


@every_function
def test_requests_are_counted_by_route_not_by_path(load, counted, function):
    client = load(function)
    for path in ("/images/1/2/3", "/images/1/2/4", "/%0a", "/wp-login.php"):
        client.get(path)

    assert counted("circles_request_seconds_count", route="none", status="404") == 4
    assert counted("circles_request_seconds_count") == 4
    assert counted("circles_refusals_total", reason="not-found") == 4
    assert "wp-login" not in client.get("/metrics").text


@every_function
def test_probes_and_scrapes_are_not_counted(load, counted, volume, function):
    client = load(function)
    for path in ("/health/liveness", "/health/readiness", "/metrics", "/metrics/"):
        assert client.get(path).status_code == 200
    volume.database.unlink()
    volume.database.mkdir()

    assert counted("circles_request_seconds_count") == 0


@every_function
def test_failed_probe_is_not_a_refusal(load, counted, volume, function):
    volume.folder.mkdir()
    volume.database.mkdir()  # a folder instead of the file

    assert load(function).get("/health/readiness").status_code == 503
    assert counted("circles_refusals_total") == 0
    assert (
        counted("circles_database_faults_total", fault="SQLITE_CANTOPEN") >= 1
    )  # a scrape opens it too


def test_upload_counts_bytes_and_objects(upload, counted):
    picture = png()
    assert upload.post("/images/", data=picture, content_type="image/png").status_code == 200

    assert counted("circles_request_seconds_count", route="/images/", status="200") == 1
    assert counted("circles_upload_bytes_sum") == len(picture)
    assert counted("circles_objects_per_image_sum") == 2  # as the fixed detector returns
    assert counted("circles_objects_per_image_count") == 1
    assert counted("circles_refusals_total") == 0


def test_repeated_upload_is_counted_once(upload, counted):
    for _ in range(2):
        upload.post(
            "/images/", data=png(), content_type="image/png", headers={"Idempotency-Key": "once"}
        )

    assert counted("circles_upload_bytes_count") == 1
    assert counted("circles_objects_per_image_count") == 1


@pytest.mark.parametrize(
    ("body", "content_type", "reason"),
    [
        (b"", "image/png", "malformed"),
        (b"text", "image/png", "unsupported-picture"),
        (b"text", "text/plain", "unsupported-picture"),
        (png()[:-30], "image/png", "undecodable-picture"),
        (bytes(9000), "image/png", "too-large"),
        (bytes(90_000), "image/png", "too-large"),
    ],
)
def test_refusal_is_counted_by_its_reason(load, counted, body, content_type, reason):
    client = load("upload", max_upload_bytes=8000)
    client.post("/images/", data=body, content_type=content_type)

    assert counted("circles_refusals_total", reason=reason) == 1
    assert counted("circles_refusals_total") == 1
    assert counted("circles_upload_bytes_count") == 0


def test_route_label_has_no_ids(detail, counted):
    detail.get(f"/images/{ID}")
    detail.get("/images/no-id")
    detail.delete(f"/images/{ID}")

    assert counted("circles_request_seconds_count", route="/images/<image_id>", status="404") == 1
    assert counted("circles_request_seconds_count", route="/images/<image_id>", status="400") == 1
    assert counted("circles_request_seconds_count", route="none", status="405") == 1


def test_crash_is_counted_as_internal(load, counted, monkeypatch):
    client = load("detail", checked=False)
    with monkeypatch.context() as patch:
        patch.setitem(vars(load_services()), "catalogue", None)
        response = client.get(f"/images/{ID}")

    assert response.status_code == 500
    assert counted("circles_refusals_total", reason="internal") == 1


def test_pending_images_are_reported_by_every_function(predicted, predictor, load):
    predictor.answer = answer_text("broken", status=500)
    assert (
        predicted("upload").post("/images/", data=png(), content_type="image/png").status_code
        == 202
    )
    reader = load("list")
    reader.get(f"/images/{ID}/objects")
    scrape = reader.get("/metrics").text

    assert total(scrape, "circles_images_pending") == 1
    assert 0 < total(scrape, "circles_images_pending_oldest_seconds") < 60
    assert total(scrape, "circles_predictor_call_seconds_count", outcome="refused") >= 1


def test_scrape_works_without_the_catalogue(load, volume):
    volume.folder.mkdir()
    volume.database.mkdir()
    client = load("list")
    assert client.get(f"/images/{ID}/objects").status_code == 503

    response = client.get("/metrics")

    assert response.status_code == 200
    assert "circles_images_pending" not in response.text
    assert total(response.text, "circles_database_faults_total", fault="SQLITE_CANTOPEN") >= 1
