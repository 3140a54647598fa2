"""Test the choice of adapters and that building opens nothing."""

import logging
from datetime import timedelta

import pytest

from circles import bootstrap
from circles.adapters.event_sinks import BrokerSink, WebhookSink
from circles.adapters.fixed_detector import FixedDetector
from circles.adapters.folder_store import FolderStore
from circles.adapters.kserve.detector import KserveDetector
from circles.adapters.minio.store import MinioStore
from circles.bootstrap import ConfiguredServices, build, load_services
from circles.settings import Settings, SettingsError
from circles.telemetry.metrics import Metrics
from tests.contract.catalogue.test_catalogue import an_image
from tests.scraping import total


@pytest.fixture(autouse=True)
def forget(monkeypatch):
    monkeypatch.setattr(logging.getLogger("circles"), "handlers", [logging.NullHandler()])
    monkeypatch.setattr(logging.getLogger("circles"), "level", logging.NOTSET)
    monkeypatch.setattr(bootstrap, "metrics", Metrics())
    yield
    bootstrap.build.cache_clear()


def test_settings_choose_the_adapters(tmp_path):
    embedded = ConfiguredServices(Settings(data_dir=tmp_path, detector="fixed"))
    distributed = ConfiguredServices(
        Settings(store="s3", s3_access_key="me", s3_secret_key="hush", detector="kserve")
    )

    assert isinstance(embedded.store, FolderStore)
    assert isinstance(embedded.detector, FixedDetector)
    assert isinstance(distributed.store, MinioStore)
    assert isinstance(distributed.detector, KserveDetector)


def test_building_services_touches_no_disk(tmp_path):
    services = ConfiguredServices(Settings(data_dir=tmp_path / "data"))
    assert services.store and services.catalogue and services.detector and services.pictures

    assert list(tmp_path.iterdir()) == []


def test_scrape_opens_no_catalogue(tmp_path):
    assert ConfiguredServices(Settings(data_dir=tmp_path / "data")).gauges() == {}
    assert list(tmp_path.iterdir()) == []


def test_gauges_report_pending_images_and_their_age(tmp_path):
    services = ConfiguredServices(Settings(data_dir=tmp_path))
    assert services.catalogue
    assert {value for name, value in services.gauges().items() if "database" not in name} == {0}

    services.catalogue.add(an_image(created_at=services.now() - timedelta(seconds=90)))
    gauges = services.gauges()

    assert gauges["circles_images_pending"] == 1
    assert 90 <= gauges["circles_images_pending_oldest_seconds"] < 120
    assert gauges["circles_database_bytes"] and gauges["circles_database_free_bytes"]
    assert gauges["circles_database_log_bytes"]
    services.catalogue.close()


def test_unavailable_catalogue_yields_no_gauges(tmp_path):
    services = ConfiguredServices(Settings(data_dir=tmp_path))
    (tmp_path / "catalogue.db").mkdir()
    assert services.catalogue

    assert services.gauges() == {}


def test_metrics_name_the_function_folder():
    build(
        Settings(
            function_source="functions/list/main.py", function_target="list_images", build="b7"
        )
    )

    assert (
        total(
            bootstrap.metrics.exposition("")[0].decode(),
            "circles_build_info",
            function="list",
            build="b7",
        )
        == 1
    )


def test_same_settings_give_the_same_services():
    assert build(Settings(port=1)) is build(Settings(port=1))
    assert build(Settings(port=1)) is not build(Settings(port=2))


def test_services_are_built_from_the_environment(monkeypatch):
    monkeypatch.setenv("CIRCLES_MAX_OBJECTS", "3")
    assert load_services().settings.max_objects == 3

    monkeypatch.setenv("CIRCLES_MAX_OBJECTS", "none")
    with pytest.raises(SettingsError):
        load_services()


def test_lease_outlasts_the_slowest_detection():
    slow = Settings(predictor_timeout_s=100, busy_timeout_s=20)

    assert ConfiguredServices(slow).rules.lease > timedelta(seconds=120)


def test_clock_is_in_utc():
    assert ConfiguredServices(Settings()).now().utcoffset() == timedelta(0)


def test_no_sinks_by_default():
    assert ConfiguredServices(Settings()).sinks == {}


def test_webhook_name_is_stable_and_hides_its_url():
    secret = "whsec_" + "c2VjcmV0" * 4
    urls = ("https://a.example/token-1", "https://b.example")
    first = ConfiguredServices(
        Settings(k_sink="http://broker", webhook_urls=urls, webhook_secret=secret)
    ).sinks
    later = ConfiguredServices(Settings(webhook_urls=urls[::-1], webhook_secret=secret)).sinks

    assert isinstance(first["broker"], BrokerSink)
    assert {type(sink) for name, sink in first.items() if name != "broker"} == {WebhookSink}
    assert set(first) - {"broker"} == set(later)
    assert len(later) == 2
    assert not any("token" in name or "example" in name for name in later)
