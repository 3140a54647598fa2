"""Test health, metadata, metrics, the log and unknown paths."""

import re

import pytest

from tests.predictor.asking import INFER, PREDICT, assert_refused
from tests.predictor.drawing import disc, encoded


def version(server):
    return server.get("/v2/models/circles").json()["versions"][0]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/", {"status": "alive"}),
        ("/v1/models", {"models": ["circles"]}),
        ("/v1/models/circles", {"name": "circles", "ready": True}),
        ("/v2/health/live", {"live": True}),
        ("/v2/health/ready", {"ready": True}),
        ("/v2/models", {"models": ["circles"]}),
        ("/v2/models/circles/ready", {"name": "circles", "ready": True}),
    ],
)
def test_health_and_lists_answer_as_kserve_does(server, path, expected):
    reply = server.get(path)

    assert (reply.status_code, reply.json()) == (200, expected)
    assert reply.headers["Content-Type"] == "application/json"


def test_server_metadata_names_the_binary_extension(server):
    reply = server.get("/v2")

    assert reply.status_code == 200
    assert reply.json() == {
        "name": "circles-predictor",
        "version": version(server),
        "extensions": ["binary_tensor_data"],
    }


def test_model_metadata_names_its_tensors(server):
    body = server.get("/v2/models/circles").json()

    assert body["name"] == "circles"
    assert body["inputs"] == [{"name": "image", "datatype": "BYTES", "shape": [-1]}]
    assert body["outputs"] == [{"name": "objects", "datatype": "BYTES", "shape": [-1]}]


def test_current_version_can_be_addressed(server):
    base = f"/v2/models/circles/versions/{version(server)}"
    tensor = '{"inputs": [{"name": "x", "datatype": "UINT8", "shape": [1], "data": [0]}]}'

    assert server.get(base).json() == server.get("/v2/models/circles").json()
    assert server.get(base + "/ready").json() == {"name": "circles", "ready": True}
    assert_refused(server.post(base + "/infer", tensor), 415, "picture")


@pytest.mark.parametrize("path", ["", "/ready"])
def test_other_version_is_404(server, path):
    assert_refused(server.get("/v2/models/circles/versions/0" + path), 404, "one version")


def test_inference_with_another_version_is_404(server):
    assert_refused(server.post("/v2/models/circles/versions/0/infer", "{}"), 404, "one version")


@pytest.mark.parametrize(
    "path", ["/v1/models/squares", "/v2/models/squares", "/v2/models/squares/ready"]
)
def test_other_model_is_404(server, path):
    assert_refused(server.get(path), 404, "'circles'")


@pytest.mark.parametrize("path", ["/v1/models/squares:predict", "/v2/models/squares/infer"])
def test_inference_with_another_model_is_404(server, path):
    assert_refused(server.post(path, encoded(disc()), kind="image/jpeg"), 404, "'circles'")


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/v1",
        "/v1/",
        "/v3/models",
        "/v1/models/",
        "/v2/health",
        "/v1/models/circles/",
        "/../etc/passwd",
    ],
)
def test_unknown_path_is_a_json_404(server, path):
    assert_refused(server.get(path), 404, "Not Found")


@pytest.mark.parametrize(
    "path", ["/v1/models/circles:explain", "/v1/models/circles:predict/x", "/v2/models/circles/x"]
)
def test_unknown_verb_is_a_json_404(server, path):
    assert_refused(server.post(path, b""), 404, "Not Found")


@pytest.mark.parametrize(
    "path", ["/", "/v1/models", "/v1/models/circles", "/v2", "/v2/health/live", "/metrics"]
)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_read_only_path_refuses_other_methods(server, path, method):
    reply = server.session.request(method, server.url + path, data=b"x" * 10, timeout=30)

    assert_refused(reply, 405, "Method Not Allowed")
    assert set(reply.headers["Allow"].split(", ")) == {"GET", "HEAD"}


@pytest.mark.parametrize("path", [PREDICT, INFER])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_inference_accepts_only_post(server, path, method):
    reply = server.session.request(method, server.url + path, timeout=30)

    assert_refused(reply, 405, "Method Not Allowed")
    assert reply.headers["Allow"] == "POST"


def test_head_has_no_body(server):
    reply = server.session.head(server.url + "/v1/models/circles", timeout=30)

    assert (reply.status_code, reply.content) == (200, b"")


def samples(server):
    """Return the metrics as {name with labels: value}."""
    reply = server.get("/metrics")
    assert reply.status_code == 200
    assert reply.headers["Content-Type"].startswith("text/plain")
    lines = [line for line in reply.text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


def test_prediction_is_counted_once_per_kserve_stage(server):
    server.raw(encoded(disc()))
    before = samples(server)

    server.predict(encoded(disc()), encoded(disc()))

    after = samples(server)
    for stage in ("preprocess", "predict", "postprocess"):
        name = f'request_{stage}_seconds_count{{model_name="circles"}}'
        assert after[name] - before[name] == 1
    objects = 'circles_predictor_objects_total{model_name="circles"}'
    assert after[objects] - before[objects] == 2


def test_errors_are_counted_by_status(server):
    server.get("/nothing")
    before = samples(server)

    server.get("/nothing")
    server.raw(b"not a picture")

    after = samples(server)
    unknown = 'circles_predictor_errors_total{code="404"}'
    assert after[unknown] - before[unknown] == 1
    assert after['circles_predictor_errors_total{code="415"}'] >= 1


def test_openmetrics_is_served_on_request(server):
    accept = {"Accept": "application/openmetrics-text; version=1.0.0"}
    reply = server.get("/metrics", headers=accept)

    assert reply.headers["Content-Type"].startswith("application/openmetrics-text")
    assert reply.text.endswith("# EOF\n")


def test_request_is_one_line_in_the_log(server, process):
    server.raw(encoded(disc()), query="?min_score=0.25")
    server.get("/nothing/here")

    assert process.logged(
        r"POST /v1/models/circles:predict\?min_score=0.25 200 \d+ ms 1 circle in \d+ KiB$"
    )
    assert process.logged(r"GET /nothing/here 404 \d+ ms")


def test_path_cannot_forge_a_log_line(server, process):
    server.get("/a%0AERROR%20forged%1b[31m")
    server.get("/after")

    process.logged("GET /after 404")
    assert not [line for line in process.lines if re.match("ERROR forged", line) or "\x1b" in line]


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/metrics",
        "/v1/models/circles",
        "/v2/health/ready",
        "/v2/health/live",
        "/v2/models/circles/ready",
    ],
)
def test_probes_are_not_logged(server, process, path):
    server.get(path)
    server.get("/marked" + path)

    process.logged(f"GET /marked{path} 404")
    assert not [line for line in process.lines if f"GET {path} 200" in line]
