"""Test which errors of a predictor say something of the picture, and which do not."""

import pytest

from circles.domain.errors import DetectorFailed, DetectorRefused, DetectorUnavailable
from tests.contract.faulty_server import faulty_server
from tests.contract.test_detector import (
    PICTURE,
    detector_at,  # noqa: F401 # a fixture
)
from tests.servers import free_ports


def error_of(detector):
    with pytest.raises(DetectorFailed) as raised:
        detector.detect(PICTURE)
    return type(raised.value)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        *((status, DetectorRefused) for status in (413, 415, 422)),
        *((status, DetectorUnavailable) for status in (429, 500, 502, 503, 504)),
        *((status, DetectorFailed) for status in (400, 401, 403, 404, 301)),
    ],
)
@pytest.mark.timeout(60)
def test_status_tells_refusal_from_outage(detector_at, status, error):  # noqa: F811
    with faulty_server(lambda _, connection: connection.answer(status, b"{}")) as (url, _):
        assert error_of(detector_at(url)) is error


def test_unusable_answer_is_not_an_outage(detector_at):  # noqa: F811
    with faulty_server(lambda _, connection: connection.answer(200, b"{}")) as (url, _):
        assert error_of(detector_at(url)) is DetectorFailed


def test_unreachable_predictor_is_an_outage(detector_at):  # noqa: F811
    [port] = free_ports(1)

    assert error_of(detector_at(f"http://127.0.0.1:{port}")) is DetectorUnavailable


def test_silent_predictor_is_an_outage(detector_at):  # noqa: F811
    with faulty_server(lambda _, connection: connection.hold()) as (url, _):
        assert error_of(detector_at(url, predictor_timeout_s=0.3)) is DetectorUnavailable


@pytest.mark.parametrize("end", [lambda connection: connection.reset(), lambda connection: None])
def test_predictor_that_a_picture_ends_is_asked_twice(detector_at, end):  # noqa: F811
    """An idle connection that was closed meanwhile looks the same, and does so once."""
    with faulty_server(lambda _, connection: end(connection)) as (url, came):
        assert error_of(detector_at(url)) is DetectorUnavailable
        assert len(came) == 2
