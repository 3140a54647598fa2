"""
Test our KServe client against a model on the real KServe SDK, over V1 as JSON and raw.

V2 binary is left out, because the SDK's server (0.21) decodes BYTES as UTF-8 and answers 500 to
every JPEG.
"""

import pytest

from tests.predictor.drawing import CENTRE, HEIGHT, RADIUS, STORED, WIDTH, disc, encoded, oriented

pytestmark = pytest.mark.filterwarnings("default")
PROTOCOLS = ["v1", "v1-raw"]


def detect(url, protocol, data, *, model="circles", width=WIDTH, height=HEIGHT):
    from circles.bootstrap import ConfiguredServices
    from circles.domain.pictures import Picture
    from circles.settings import Settings

    settings = Settings(predictor_url=url, predictor_protocol=protocol, predictor_model=model)
    return ConfiguredServices(settings).detector.detect(Picture(data, "image/jpeg", width, height))


def assert_disc_detected(detection, protocol):
    assert (detection.model, detection.protocol) == ("circles", protocol)
    (found,) = detection.circles
    assert found.centroid == pytest.approx(CENTRE, abs=2)
    assert found.radius_px == pytest.approx(RADIUS, abs=2)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_kserve_model_finds_the_disc(kserve_url, protocol):
    detection = detect(kserve_url, protocol, encoded(disc()))

    assert_disc_detected(detection, protocol)
    assert detection.model_version == "bright-1"


@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_rotated_picture_has_upright_coordinates(kserve_url, protocol, orientation):
    assert_disc_detected(detect(kserve_url, protocol, oriented(orientation)), protocol)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_picture_without_a_disc_is_an_empty_list(kserve_url, protocol):
    assert detect(kserve_url, protocol, encoded(disc(ink="black"))).circles == ()


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_model_refusal_is_an_error(kserve_url, protocol):
    from circles.domain.errors import DetectorFailed

    with pytest.raises(DetectorFailed, match="400"):
        detect(kserve_url, protocol, b"not a picture")


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_unknown_model_is_an_error(kserve_url, protocol):
    from circles.domain.errors import DetectorFailed

    with pytest.raises(DetectorFailed, match="404"):
        detect(kserve_url, protocol, encoded(disc()), model="squares")


@pytest.mark.parametrize("protocol", [*PROTOCOLS, "v2-binary"])
def test_our_client_and_predictor_agree(predictor_url, protocol):
    assert_disc_detected(detect(predictor_url, protocol, encoded(disc())), protocol)
