"""Test what a request cannot show: settings, cores, the pixel budget, the Hough detector."""

import numpy as np
import pytest

from predictor.cores import count_usable_cores
from predictor.evaluation.hough import HoughDetector
from predictor.settings import Settings, SettingsError


def test_settings_read_the_environment():
    assert Settings.from_env({}) == Settings()
    assert Settings.from_env(
        {"PREDICTOR_MAX_PIXELS": "7", "PREDICTOR_BODY_TIMEOUT_S": "1.5"}
    ) == Settings(max_pixels=7, body_timeout_s=1.5)


def test_empty_variable_counts_as_unset():
    assert Settings.from_env({"PREDICTOR_MAX_PIXELS": ""}) == Settings()


@pytest.mark.parametrize(
    ("env", "port"),
    [
        ({}, 8080),
        ({"PORT": "9000"}, 9000),
        ({"PORT": "9000", "PREDICTOR_PORT": "9001"}, 9001),
        ({"PREDICTOR_PORT": "0"}, 0),
        ({"PREDICTOR_PORT": "tcp://10.0.0.7:80"}, 8080),
        ({"PREDICTOR_PORT": "tcp://10.0.0.7:80", "PORT": "9000"}, 9000),
    ],
)
def test_port_comes_from_own_or_knative_variable(env, port):
    assert Settings.from_env(env).port == port


@pytest.mark.parametrize("value", ["x", "0", "-1", "1.5", "1e3", "nan"])
def test_invalid_whole_number_names_its_setting(value):
    with pytest.raises(SettingsError, match="PREDICTOR_MAX_WAITING"):
        Settings.from_env({"PREDICTOR_MAX_WAITING": value})


@pytest.mark.parametrize(
    ("quota", "cores"),
    [
        ("max 100000", 64),
        ("50000 100000", 1),
        ("150000 100000", 2),
        ("99900000 100000", 64),
        ("", 64),
    ],
)
def test_cgroup_2_quota_limits_the_cores(tmp_path, monkeypatch, quota, cores):
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(64)), raising=False)
    (tmp_path / "cpu.max").write_text(quota)

    assert count_usable_cores(tmp_path) == cores


@pytest.mark.parametrize(("quota", "cores"), [("-1", 64), ("50000", 1), ("250000", 3)])
def test_cgroup_1_quota_limits_the_cores(tmp_path, monkeypatch, quota, cores):
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(64)), raising=False)
    (tmp_path / "cpu").mkdir()
    (tmp_path / "cpu/cpu.cfs_quota_us").write_text(quota + "\n")
    (tmp_path / "cpu/cpu.cfs_period_us").write_text("100000\n")

    assert count_usable_cores(tmp_path) == cores


def test_without_a_cgroup_the_affinity_counts(tmp_path, monkeypatch):
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {3, 5}, raising=False)

    assert count_usable_cores(tmp_path) == 2


def discs(places, width=1200, height=900):
    """Draw anti-aliased discs, (x, y, radius) each."""
    rows, columns = np.mgrid[:height, :width] + 0.5
    grey = np.full((height, width), 40.0)
    for x, y, radius in places:
        grey += 170 * np.clip(radius - np.hypot(columns - x, rows - y) + 0.5, 0, 1)
    return np.repeat(grey.astype(np.uint8)[:, :, None], 3, axis=2)


def test_hough_finds_discs_of_several_sizes():
    places = [
        (200.0, 200.0, 60.0),
        (600.0, 300.0, 150.0),
        (1000.0, 600.0, 100.0),
        (300.0, 700.0, 90.0),
    ]

    found = HoughDetector().detect(discs(places), min_score=0.5, max_objects=100)

    assert len(found) == len(places)
    for circle, (x, y, radius) in zip(
        sorted(found, key=lambda c: c.centroid), sorted(places), strict=True
    ):
        assert circle.centroid == pytest.approx((x, y), abs=5)
        assert circle.radius_px == pytest.approx(radius, rel=0.05)


def test_hough_merges_a_rim_and_its_inner_ring():
    coin = discs([(600.0, 450.0, 300.0)])
    coin[np.hypot(*(np.mgrid[:900, :1200] - np.array([450, 600])[:, None, None])) < 200] //= 2

    (circle,) = HoughDetector().detect(coin, min_score=0.0, max_objects=100)

    assert circle.centroid == pytest.approx((600, 450), abs=5)


def test_hough_clips_the_box_but_not_the_radius():
    (circle,) = HoughDetector().detect(
        discs([(60.0, 450.0, 150.0)]), min_score=0.3, max_objects=100
    )

    left, top, width, height = circle.bbox
    assert (left, top + height / 2) == pytest.approx((0, 450), abs=6)
    assert (width, height) == pytest.approx((210, 300), abs=10)
    assert circle.radius_px == pytest.approx(150, abs=8)


def test_hough_returns_the_best_up_to_the_limit():
    pixels = discs([(200.0, 200.0, 60.0), (600.0, 300.0, 150.0), (1000.0, 600.0, 100.0)])

    everything = HoughDetector().detect(pixels, min_score=0.0, max_objects=100)

    assert [c.score for c in everything] == sorted((c.score for c in everything), reverse=True)
    assert HoughDetector().detect(pixels, min_score=0.0, max_objects=2) == everything[:2]
    assert HoughDetector().detect(pixels, min_score=1.0, max_objects=100) == [
        c for c in everything if c.score == 1
    ]
