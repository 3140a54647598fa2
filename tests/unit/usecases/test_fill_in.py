"""Test that older images are detected again, so that they get candidates."""

from dataclasses import replace

import pytest

from circles.domain.counting.corrections import Correction
from circles.domain.detections import ObjectFilter
from circles.domain.errors import DetectorFailed, DetectorUnavailable
from circles.domain.pictures import Upload
from circles.usecases.counting.correct import change_run
from circles.usecases.upkeep.fill_in import fill_in_candidates
from circles.usecases.upload import upload_image
from tests.unit.fakes.detector import CIRCLE
from tests.unit.fakes.services import FakeServices

FAINT = replace(CIRCLE, score=0.4)


@pytest.fixture
def services():
    return FakeServices()


@pytest.fixture
def images(services):
    """Return three images that were detected without candidates."""
    return [upload_image(Upload(b"picture %d" % n), services) for n in range(3)]


def fill_in(services):
    services.detector.threshold, services.detector.floor = 0.87, 0.3
    services.detector.candidates = (FAINT,)
    waits = []
    return *fill_in_candidates(services, per_second=4, wait=waits.append), waits


def count(services, image):
    return len(services.catalogue.objects(image.image_id, ObjectFilter(min_score=0.3))[1])


def test_older_images_get_candidates_once(services, images):
    assert [count(services, image) for image in images] == [1, 1, 1]

    assert fill_in(services) == (3, 0, [0.25] * 3)
    assert [count(services, image) for image in images] == [2, 2, 2]
    assert fill_in(services) == (0, 0, [])


def test_corrected_image_is_left_out(services, images):
    image = images[0]
    wanted = Correction(image.detection_id, ())
    change_run(image.image_id, wanted, lambda _: True, services)

    assert fill_in(services)[:2] == (2, 0)


def test_image_that_fails_does_not_hold_up_the_rest(services, images):
    services.detector.errors["detect"] = DetectorFailed("Not this one.")

    assert fill_in(services)[:2] == (0, 3)
    assert [count(services, image) for image in images] == [1, 1, 1]


def test_outage_ends_it(services, images):
    upload_image(Upload(b"picture 4"), services)
    services.detector.errors["detect"] = DetectorUnavailable("No answer.")

    with pytest.raises(DetectorUnavailable):
        fill_in(services)
    assert services.journal.count("detector.detect") == 4 + 3
