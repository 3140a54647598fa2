"""Test the metrics hooks and that no count is lost."""

import threading

import pytest

from circles.telemetry.metrics import KEPT_MAX, Metrics
from circles.version import read_version
from tests.contract.processes import output
from tests.scraping import Counted, open_metrics_names, samples, total


@pytest.fixture
def metrics():
    """Return the metrics of a process with a name."""
    mine = Metrics(keep_max=7)
    mine.identify(function="mine", build="b7")
    return mine


@pytest.fixture
def counted(metrics):
    return Counted(metrics)


def text(metrics):
    return metrics.exposition("")[0].decode()


HOOKS = {
    "circles_request_seconds_count": (
        lambda metrics: metrics.request_answered("/images/", 413, 0.2, refusal="too-large"),
        {"route": "/images/", "status": "413"},
    ),
    "circles_refusals_total": (
        lambda metrics: metrics.request_answered("none", 404, 0.2, refusal="not-found"),
        {"reason": "not-found"},
    ),
    "circles_upload_bytes_count": (lambda metrics: metrics.image_stored(70_000), {}),
    "circles_objects_per_image_count": (lambda metrics: metrics.objects_found(12), {}),
    "circles_corrections_total": (
        lambda metrics: metrics.run_corrected("confirmed"),
        {"kind": "confirmed"},
    ),
    "circles_scales_total": (lambda metrics: metrics.scale_set("batch"), {"kind": "batch"}),
    "circles_batches_completed_total": (lambda metrics: metrics.batch_completed(), {}),
    "circles_deferrals_total": (
        lambda metrics: metrics.detection_deferred("event"),
        {"kind": "event"},
    ),
    "circles_predictor_call_seconds_count": (
        lambda metrics: metrics.predictor_asked("timeout", 30),
        {"outcome": "timeout"},
    ),
    "circles_database_wait_seconds_count": (lambda metrics: metrics.database_locked(0.003), {}),
    "circles_database_faults_total": (
        lambda metrics: metrics.database_failed("SQLITE_BUSY"),
        {"fault": "SQLITE_BUSY"},
    ),
    "circles_s3_faults_total": (
        lambda metrics: metrics.s3_failed("unreachable"),
        {"fault": "unreachable"},
    ),
    "circles_events_total": (
        lambda metrics: metrics.event_handled("in", "io.circles.image", "done"),
        {"direction": "in", "type": "io.circles.image", "outcome": "done"},
    ),
}


@pytest.mark.parametrize("name", HOOKS)
def test_hook_counts_once_under_its_labels(metrics, counted, name):
    hook, labels = HOOKS[name]

    hook(metrics)

    assert counted(name, function="mine", **labels) == 1
    assert counted(name) == 1


def test_successful_answer_is_not_a_refusal(metrics, counted):
    metrics.request_answered("/images/", 200, 0.2, refusal=None)

    assert counted("circles_refusals_total") == 0


def test_histogram_sums_and_sorts_values(metrics, counted):
    metrics.image_stored(65_536)
    metrics.image_stored(3_000_000)

    assert counted("circles_upload_bytes_sum") == 3_065_536
    assert counted("circles_upload_bytes_bucket", le="65536.0") == 1
    assert counted("circles_upload_bytes_bucket", le="4.194304e+06") == 2


def test_build_info_names_function_and_version(metrics):
    assert (
        total(
            text(metrics), "circles_build_info", function="mine", version=read_version(), build="b7"
        )
        == 1
    )


def test_first_answer_time_is_set_once(metrics):
    name = "circles_first_answer_timestamp_seconds"
    assert name not in text(metrics)

    metrics.request_answered("/images/", 200, 0.2, refusal=None)
    first = total(text(metrics), name)
    metrics.request_answered("/images/", 200, 0.2, refusal=None)

    assert first > total(text(metrics), "process_start_time_seconds") > 0
    assert total(text(metrics), name) == first


def test_gauges_are_read_at_each_scrape(metrics):
    known = {"circles_images_pending": 3.0}
    metrics.ask_at_scrape("catalogue", lambda: known)
    assert total(text(metrics), "circles_images_pending", function="mine") == 3

    known["circles_images_pending"] = 4.0
    assert total(text(metrics), "circles_images_pending") == 4

    known.clear()
    assert "circles_images_pending" not in text(metrics)


def test_later_gauge_callback_replaces_the_first(metrics):
    metrics.ask_at_scrape("catalogue", lambda: {"circles_images_pending": 1.0})
    metrics.ask_at_scrape("catalogue", lambda: {"circles_images_pending": 2.0})

    assert [
        value for name, _, value in samples(text(metrics)) if name == "circles_images_pending"
    ] == [2]


def test_every_metric_has_a_help_line(metrics):
    for hook, _ in HOOKS.values():
        hook(metrics)
    for line in text(metrics).splitlines():
        if line.startswith("# HELP circles_"):
            assert len(line.split(" ", 3)[3]) > 15, line


def test_openmetrics_is_served_on_request(metrics):
    for hook, _ in HOOKS.values():
        hook(metrics)
    body, content_type = metrics.exposition(
        "application/openmetrics-text;version=1.0.0,text/plain;q=0.5"
    )

    assert content_type.startswith("application/openmetrics-text")
    assert set(HOOKS) <= open_metrics_names(body.decode())


def test_concurrent_scrapes_lose_no_observation(metrics, counted):
    start = threading.Barrier(10)

    def observe():
        start.wait()
        for _ in range(500):
            metrics.database_locked(0.001)

    def scrape():
        start.wait()
        for _ in range(20):
            text(metrics)

    threads = [threading.Thread(target=work) for work in (*[observe] * 8, scrape, scrape)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert counted("circles_database_wait_seconds_count") == 4000


def test_buffer_without_scrapes_is_bounded(metrics):
    for _ in range(70):
        metrics.objects_found(1)
        assert metrics.kept < 7


ALONE = """
import sys
from circles.telemetry.metrics import metrics
metrics.identify(function="alone", build="source")
for _ in range({times}):
    metrics.objects_found(1)
print("prometheus_client" in sys.modules)
body, _ = metrics.exposition("")
print(body.decode())
"""


@pytest.mark.parametrize(("times", "loaded"), [(KEPT_MAX - 1, "False"), (KEPT_MAX, "True")])
def test_prometheus_client_is_loaded_lazily(times, loaded):
    told, _, body = output(ALONE.format(times=times)).partition("\n")

    assert told == loaded
    assert total(body, "circles_objects_per_image_count", function="alone") == times
