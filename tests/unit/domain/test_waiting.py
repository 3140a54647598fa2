"""Test the one deadline of a request: waits share it, and background work has none."""

import time

import pytest

from circles.adapters.background import Background
from circles.adapters.kserve.detector import KserveDetector
from circles.adapters.pillow import reading
from circles.adapters.pillow.pictures import PillowPictures
from circles.adapters.pillow.reading import Reading
from circles.domain import waiting
from circles.domain.errors import DetectorUnavailable, Overloaded
from circles.domain.pictures import Picture
from circles.domain.waiting import REQUEST_WAIT_S, limited_waits, remaining_s
from circles_pictures.budget import Budget
from tests.functions.pictures import png
from tests.functions.predictors import FakePredictor


class Clock:
    def __init__(self):
        self.now = 1000.0

    def monotonic(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(waiting, "time", clock)
    return clock


def test_waits_share_one_deadline(clock):
    with limited_waits():
        assert remaining_s() == REQUEST_WAIT_S
        clock.now += 3
        assert remaining_s() == REQUEST_WAIT_S - 3
        clock.now += 60
        assert remaining_s() == 0


def test_time_begins_when_the_request_arrived(clock):
    with limited_waits(clock.now - 2):
        assert remaining_s() == REQUEST_WAIT_S - 2


def test_next_request_of_a_thread_begins_anew(clock):
    with pytest.raises(RuntimeError), limited_waits():
        clock.now += 60
        raise RuntimeError
    assert remaining_s() is None
    with limited_waits():
        assert remaining_s() == REQUEST_WAIT_S


def test_background_work_has_no_deadline():
    background, seen = Background(threads=1), []
    with limited_waits(time.monotonic() - 60):
        background.submit(lambda: seen.append(remaining_s()), key="work")
    assert background.drain(30)
    assert seen == [None]


def test_memory_is_waited_for_until_the_deadline(clock, monkeypatch):
    budget, waited = Budget(100, reserve_bytes=20), []
    real = budget.limit_wait
    monkeypatch.setattr(budget, "limit_wait", lambda wait_s: waited.append(wait_s) or real(0.0))
    pictures = PillowPictures(Reading(1_000_000, budget))

    with budget.hold(80, wait_s=1.0), limited_waits():
        clock.now += 4
        with pytest.raises(Overloaded), pictures.hold(21):
            pass
        clock.now += 4
        with pytest.raises(Overloaded), pictures.hold(21):
            pass

    assert waited == [1.0, REQUEST_WAIT_S - 4, 0.0]


def test_predictor_is_told_and_not_retried_after_it(clock):
    with FakePredictor(lambda body: (503, {}, b"")) as predictor, limited_waits():
        detector = KserveDetector(
            predictor.url,
            "circles",
            protocol="v1-raw",
            timeout_s=30,
            connect_timeout_s=2,
            max_objects=10,
            threads=1,
        )
        clock.now += 60
        with pytest.raises(DetectorUnavailable):
            detector.detect(Picture(b"picture", "image/png", 4, 4))

    assert [headers["Prefer"] for _, headers, _ in predictor.requests] == ["wait=0"]


@pytest.fixture
def large_pictures(monkeypatch):
    """Return a reading to which every picture is costly, with two places."""
    monkeypatch.setattr(reading, "COSTLY_PIXELS", 0)
    return Reading(1_000_000, Budget(), costly_places=2)


def test_costly_pictures_are_read_one_at_a_time(large_pictures):
    pictures = PillowPictures(large_pictures)
    with large_pictures._turn(True), limited_waits(time.monotonic() - 60):
        with pytest.raises(Overloaded):
            pictures.read(png())
    assert pictures.read(png()).costly


def test_costly_picture_without_a_place_is_refused_at_once(large_pictures):
    pictures = PillowPictures(large_pictures)
    with large_pictures._turn(True):
        # as another thread that waits for its turn
        assert large_pictures._costly_places.acquire(blocking=False)
        with pytest.raises(Overloaded), large_pictures._turn(True):
            pass
        with large_pictures._turn(False):  # usual ones pass
            pass
        large_pictures._costly_places.release()
    assert pictures.read(png()).costly
