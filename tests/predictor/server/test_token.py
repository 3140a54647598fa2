"""Test a predictor that asks for a token, and our client of it."""

import pytest

from circles.adapters.kserve.detector import KserveDetector
from circles.domain.errors import DetectorFailed
from circles.domain.pictures import Picture
from tests.predictor.asking import INFER, PREDICT
from tests.predictor.drawing import HEIGHT, WIDTH, disc, encoded

TOKEN = "of-the-predictor"
SETTINGS = {"PREDICTOR_TOKEN": TOKEN}


@pytest.fixture
def client(start_ready):
    return start_ready(**SETTINGS)


def detector(url, token=""):
    return KserveDetector(
        url, "circles", protocol="v1", timeout_s=30, connect_timeout_s=2, max_objects=10,
        threads=1, token=token,
    )  # fmt: skip


def test_prediction_needs_the_token(client):
    for path in (PREDICT, INFER):
        for given in (None, "", "Bearer", "Bearer x", f"Bearer {TOKEN}x", TOKEN, "Bearer \xff"):
            headers = {} if given is None else {"Authorization": given}
            reply = client.post(path, b"{}", kind="application/json", headers=headers)
            assert reply.status_code == 401
            assert TOKEN not in reply.text
    assert client.get("/v2/health/ready").status_code == 200


def test_our_client_sends_the_token(client):
    picture = Picture(encoded(disc()), "image/jpeg", WIDTH, HEIGHT)

    assert len(detector(client.url, TOKEN).detect(picture).circles) == 1
    for token in ("", "x"):
        with pytest.raises(DetectorFailed, match="401"):
            detector(client.url, token).detect(picture)
