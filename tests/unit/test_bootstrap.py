"""Which adapters the settings choose; nothing is opened while they are put together."""

from datetime import timedelta

import pytest

from circles import bootstrap
from circles.adapters.fixed_detector import FixedDetector
from circles.adapters.folder_store import FolderStore
from circles.adapters.kserve_detector import KserveDetector
from circles.adapters.minio_store import MinioStore
from circles.bootstrap import Services, build, services
from circles.settings import Settings, SettingsError


@pytest.fixture(autouse=True)
def forget():
    yield
    bootstrap.build.cache_clear()


def test_settings_choose_the_adapters(tmp_path):
    embedded = Services(Settings(data_dir=tmp_path, detector="fixed"))
    distributed = Services(Settings(store="s3", s3_access_key="me", s3_secret_key="hush", detector="kserve"))

    assert isinstance(embedded.store, FolderStore)
    assert isinstance(embedded.detector, FixedDetector)
    assert isinstance(distributed.store, MinioStore)
    assert isinstance(distributed.detector, KserveDetector)


def test_putting_services_together_touches_no_disk(tmp_path):
    app = Services(Settings(data_dir=tmp_path / "data"))
    assert app.store and app.catalogue and app.detector and app.pictures

    assert list(tmp_path.iterdir()) == []


def test_the_same_settings_are_the_same_services():
    assert build(Settings(port=1)) is build(Settings(port=1))
    assert build(Settings(port=1)) is not build(Settings(port=2))


def test_services_come_from_the_environment(monkeypatch):
    monkeypatch.setenv("CIRCLES_MAX_OBJECTS", "3")
    assert services().settings.max_objects == 3

    monkeypatch.setenv("CIRCLES_MAX_OBJECTS", "none")
    with pytest.raises(SettingsError):
        services()


def test_a_claim_outlives_the_slowest_detection_and_its_record():
    slow = Settings(predictor_timeout_s=100, busy_timeout_s=20)

    assert Services(slow).rules.lease > timedelta(seconds=120)


def test_the_clock_knows_its_time_zone():
    assert Services(Settings()).now().utcoffset() == timedelta(0)
