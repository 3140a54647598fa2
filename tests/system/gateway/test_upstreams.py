"""Test what the gateway makes of errors that a function in a cluster does not answer itself."""

import pytest

from tests.functions.pictures import png
from tests.functions.predictors import FakePredictor, answer_text
from tests.system.clients import Client
from tests.system.processes import Gateway

KNATIVE = "text/plain; charset=utf-8"
OWN = (
    '{"type":"urn:circles:problem:overloaded","title":"Overloaded","status":503,'
    '"detail":"Wait.","instance":"urn:circles:request:1"}'
)


@pytest.fixture
def upstream():
    """A server in place of upload."""
    with FakePredictor() as server:
        yield server


@pytest.fixture
def client(tmp_path, upstream):
    gateway = Gateway(tmp_path / "gateway.log", {"upload": upstream.url})
    try:
        yield Client(gateway.wait_until_ready().url)
    finally:
        gateway.stop()


@pytest.mark.parametrize("status", [502, 503, 504])
def test_error_of_knative_becomes_503(client, upstream, status):
    """Its proxies answer so when a pod ends under a request, or when none comes in time."""
    upstream.answer = answer_text("dial tcp 10.244.0.9:8012: connection refused", status, KNATIVE)

    response = client.upload(png())

    assert response.status_code == 503
    assert response.headers["Retry-After"] == "5"
    assert response.json()["type"] == "urn:circles:problem:unavailable"
    assert "10.244" not in response.text
    assert len(upstream.requests) == 1


def test_503_of_a_function_stays(client, upstream):
    upstream.answer = answer_text(OWN, 503, "application/problem+json", **{"Retry-After": "2"})

    response = client.upload(png())

    assert (response.status_code, response.headers["Retry-After"]) == (503, "2")
    assert response.text == OWN
