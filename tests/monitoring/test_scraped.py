"""Test with a real Prometheus that `make run` has what dashboard and rules query."""

import re
import sqlite3
from contextlib import closing

import pytest
import requests

from tests.functions.pictures import png
from tests.monitoring import discovery
from tests.monitoring.queries import ALL, OF_PANELS, metrics_of
from tests.monitoring.server import Prometheus
from tests.system.clients import Client, storage, tick
from tests.system.processes import Function, Run, free_port, wait_for

CLUSTER_ONLY = "only in a cluster, from Knative's queue-proxy (docs/deploy.md)"
RARE = "only after an interruption of the scrapes"
ABSENT = {
    "kn_serving_queue_depth": CLUSTER_ONLY,
    "kn_serving_invocation_duration_seconds_bucket": CLUSTER_ONLY,
    "circles:unseen_before": RARE,
}
"""Metrics that `make run` does not have, with the reason."""


OFFSETS = {
    "upload": 1,
    "list": 2,
    "detail": 3,
    "bridge": 4,
    "ingest": 10,
    "repair": 11,
    "export": 13,
}
"""Ports of the functions in `make run`, counted from PORT."""

RECORDED = (
    "circles:error_share5m",
    "circles:images_pending",
    "circles:images_pending_oldest_seconds",
    "circles:outbox_oldest_seconds",
    "circles:database_free_bytes",
)
"""Rules whose series must exist before the first query: a busy machine records them late."""


def pod(name, port, port_name="user-port", **labels):
    """Describe a process as a pod."""
    container = {"name": "program", "ports": [{"name": port_name, "containerPort": port}]}
    return {
        "metadata": {"namespace": "circles", "name": f"{name}-1", "labels": labels},
        "spec": {"containers": [container]},
        "status": {"phase": "Running", "podIP": "127.0.0.1"},
    }


def knative(name):
    return {"serving.knative.dev/service": name, "serving.knative.dev/revision": f"{name}-00001"}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Run `make run` with S3 and a short timeout for the database's lock."""
    started = Run(
        tmp_path_factory.mktemp("monitored") / "folder",
        STORE="s3",
        CIRCLES_BUSY_TIMEOUT_S="0.5",
        CIRCLES_MAX_PENDING="1",
        CIRCLES_BATCH_QUIET_S="1",
    )
    try:
        yield started.wait_until_ready()
    finally:
        started.stop()


@pytest.fixture(scope="module")
def lost(tmp_path_factory):
    """Run an upload function whose object store is unavailable."""
    folder = tmp_path_factory.mktemp("lost")
    function = Function(
        "upload",
        folder / "log",
        data_dir=folder,
        detector="fixed",
        store="s3",
        s3_access_key="me",
        s3_secret_key="hush",
        s3_endpoint=f"http://127.0.0.1:{free_port()}",
    )
    try:
        function.wait_for(lambda: alive(function.url), "the function to be alive")
        yield function
    finally:
        function.stop()


def alive(url):
    try:
        return requests.get(f"{url}/health/liveness", timeout=5).ok
    except requests.ConnectionError:
        return False


@pytest.fixture(scope="module")
def busy(run, lost):
    """Cause at least one count of each metric."""
    client = Client(run.url)
    image = client.upload(png()).json()
    objects = client.get(f"/images/{image['image_id']}/objects").json()
    client.get(f"/images/{image['image_id']}/content")
    client.get(f"/images/{image['image_id']}")
    storage(run).put_object(Bucket="circles", Key="incoming/dropped.png", Body=png())
    assert client.upload(b"not a picture").status_code == 415
    with closing(sqlite3.connect(run.volume / "catalogue.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert client.upload(png()).status_code == 503
    assert Client(lost.url).upload(png()).status_code == 503
    assert isinstance(objects, list)
    correct(client, image["image_id"])
    complete_batch(client, run)
    defer(client, run)
    return run, lost


def correct(client, image_id):
    """Confirm what is served, and set a scale."""
    record = client.get(f"/images/{image_id}").json()
    kept = [
        {"object_id": each["object_id"]}
        for each in client.get(f"/images/{image_id}/objects").json()
    ]
    confirmed = client.request(
        "POST",
        f"/images/{image_id}/detections",
        json={"based_on": record["served"], "objects": kept},
        headers={"If-Match": f'"{record["served"]}"'},
    )
    scaled = client.request("PUT", f"/images/{image_id}/scale", json={"mm_per_px": 0.1})
    assert (confirmed.status_code, scaled.status_code) == (201, 200)


def complete_batch(client, run):
    """Upload into a batch, and let repair announce that it is quiet."""
    uploaded = client.request("POST", "/images/?batch=plates", files={"file": ("a.png", png())})
    assert uploaded.status_code == 200

    def announced():
        tick(f"http://127.0.0.1:{run.port + OFFSETS['repair']}/")
        [batch] = client.get("/batches/").json()["batches"]
        return batch["revision"]

    wait_for(announced, "the batch to be quiet")


def defer(client, run):
    """Upload while two other images are pending, which is more than CIRCLES_MAX_PENDING."""
    with closing(sqlite3.connect(run.volume / "catalogue.db", isolation_level=None)) as database:
        database.execute("UPDATE images SET status = 'pending', due_at = '9999-01-01T00:00:00Z'")
        deferred = client.upload(png())
        assert deferred.status_code == 202
        client.request("DELETE", f"/images/{deferred.json()['image_id']}")
        database.execute("UPDATE images SET status = 'detected', due_at = NULL")


@pytest.fixture(scope="module")
def server(prometheus, busy, tmp_path_factory):
    """Run Prometheus until it has scraped all processes and evaluated the rules."""
    run, lost = busy
    folder = tmp_path_factory.mktemp("prometheus")
    pods = {
        "serving.knative.dev/service,!serving.kserve.io/inferenceservice": [
            *(pod(name, run.port + offset, **knative(name)) for name, offset in OFFSETS.items()),
            pod("lost", lost.port, **knative("upload")),
        ],
        "serving.kserve.io/inferenceservice": [
            pod("predictor", run.port + 5, **knative("circles-predictor"))
        ],
        "app=gateway": [pod("gateway", run.port + 19, "metrics")],
    }
    configuration = discovery.write(
        folder,
        lambda selector: pods.get(selector, []),
        scrape_interval="1s",
        scrape_timeout="1s",
        evaluation_interval="1s",
    )
    started = Prometheus(prometheus, configuration, folder)
    try:
        started.wait_for(started.is_up, "Prometheus")
        started.wait_for(
            lambda: len(started.query("up == 1")) == len(OFFSETS) + 3, "all to be scraped"
        )
        for recorded in RECORDED:
            started.wait_for(lambda name=recorded: started.query(name), f"the rule {recorded}")
        yield started
    finally:
        started.stop()


@pytest.fixture(scope="module")
def names(server):
    """Return the names of all series, and those that a process declares without a count."""
    declared = set()
    for name, about in server.api("metadata").items():
        suffixes = {"counter": ["", "_total"], "histogram": ["_bucket", "_sum", "_count"]}.get(
            about[0]["type"], [""]
        )
        declared |= {name + suffix for suffix in suffixes}
    return set(server.api("label/__name__/values")) | declared


def reasons(expression):
    """Return why an expression cannot have a result here."""
    return {
        reason
        for name, reason in ABSENT.items()
        for needed in metrics_of(expression)
        if needed == name
    }


@pytest.mark.parametrize("query", ALL, ids=str)
def test_query_is_valid_and_its_metrics_exist(server, names, query):
    server.query(query.expression)

    for needed in metrics_of(query.expression):
        assert needed.replace("\\", "") in ABSENT or any(
            re.fullmatch(needed, name) for name in names
        ), needed


@pytest.mark.parametrize("query", OF_PANELS, ids=str)
def test_panel_shows_data_with_its_legend_labels(server, query):
    if why := reasons(query.expression):
        pytest.skip("; ".join(why))

    found = server.wait_for(lambda: server.query(query.expression), query.where)

    for labels in found:
        assert query.legend <= set(labels)


def test_counts_match_what_happened(server):
    def count(metric, **labels):
        matchers = ", ".join(
            f'{name}="{text}"' for name, text in {"metric": metric, **labels}.items()
        )
        found = server.api("query", query=f"sum(circles:count5m{{{matchers}}})")["result"]
        return float(found[0]["value"][1]) if found else 0.0  # without a count there is no series

    server.wait_for(
        lambda: count("circles_events_total", function="ingest", outcome="done") >= 1, "the event"
    )
    assert count("circles_upload_bytes_count", function="upload") == 3
    assert count("circles_upload_bytes_count", function="ingest") == 1
    assert count("circles_request_seconds_count", function="upload", status="200") == 3
    assert count("circles_request_seconds_count", function="upload", status="202") == 1
    assert count("circles_request_seconds_count", function="upload", status="503") == 2
    assert count("circles_refusals_total", reason="unsupported-picture") == 1
    assert count("circles_database_faults_total", function="upload", fault="SQLITE_BUSY") == 1
    assert count("circles_predictor_call_seconds_count", function="upload", outcome="detected") == 2
    assert count("circles_corrections_total", kind="confirmed") == 1
    assert count("circles_deferrals_total", kind="upload") == 1
    server.wait_for(
        lambda: count("request_predict_seconds_count") == 3, "all pictures to be looked at"
    )


def test_build_info_names_every_function(server):
    said = server.query('circles_build_info{job="functions"}')
    started = server.query('process_start_time_seconds{job="functions"}')

    assert (
        {each["function"] for each in said}
        == {each["function"] for each in started}
        == set(OFFSETS)
    )
    assert all(each["revision"].startswith(each["function"]) for each in said)
    assert not any("exported_function" in each for each in said)
