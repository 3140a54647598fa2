"""Test settings from the environment: defaults and errors."""

from dataclasses import FrozenInstanceError, fields
from pathlib import Path

import pytest

from circles.settings import Settings, SettingsError

ECOSYSTEM = {"host", "port", "function_source", "function_target", "k_sink", "k_ce_overrides"}
SECRET = "whsec_" + "c2VjcmV0" * 4


def variable(name):
    return name.upper() if name in ECOSYSTEM else f"CIRCLES_{name.upper()}"


def test_empty_environment_gives_the_defaults():
    assert Settings.from_env({}) == Settings()


def test_other_variables_are_ignored():
    assert (
        Settings.from_env(
            {"PATH": "/bin", "XCIRCLES_STORE": "x", "circles_store": "x", "K_SERVICE": "list"}
        )
        == Settings()
    )


def test_empty_variable_counts_as_unset():
    env = {variable(field.name): "" for field in fields(Settings)}

    assert Settings.from_env(env) == Settings()


GIVEN = {
    "store": ("s3", "s3"),
    "data_dir": ("/var/lib/x", Path("/var/lib/x")),
    "catalogue_path": ("/disk/c.db", Path("/disk/c.db")),
    "busy_timeout_s": ("0.25", 0.25),
    "reserve_bytes": ("4096", 4096),
    "s3_endpoint": ("https://s3.example/", "https://s3.example"),
    "s3_bucket": ("photos", "photos"),
    "s3_region": ("eu-central-1", "eu-central-1"),
    "s3_access_key": ("me", "me"),
    "s3_secret_key": ("hush", "hush"),
    "s3_timeout_s": ("3", 3.0),
    "s3_public_endpoint": ("https://s3.example/", "https://s3.example"),
    "detector": ("fixed", "fixed"),
    "predictor_url": ("http://predictor.models:80/", "http://predictor.models:80"),
    "predictor_model": ("coins", "coins"),
    "predictor_protocol": ("v2-binary", "v2-binary"),
    "predictor_timeout_s": ("7.5", 7.5),
    "predictor_connect_timeout_s": ("1", 1.0),
    "wake_predictor": ("true", True),
    "max_objects": ("12", 12),
    "candidate_min_score": ("none", None),
    "min_score": ("0.5", 0.5),
    "max_upload_bytes": ("1024", 1024),
    "max_pixels": ("4096", 4096),
    "incoming_prefix": ("drop/here/", "drop/here/"),
    "results_prefix": ("found/", "found/"),
    "sure_score": ("0.9", 0.9),
    "max_pending": ("5", 5),
    "batch_quiet_s": ("30", 30.0),
    "max_attempts": ("3", 3),
    "give_up_after_s": ("3600", 3600.0),
    "keep_runs": ("2", 2),
    "repair_after_s": ("1.5", 1.5),
    "repair_budget_s": ("20", 20.0),
    "adopt_after_s": ("60", 60.0),
    "event_type_prefix": ("org.example", "org.example"),
    "event_source": ("https://circles.example/", "https://circles.example/"),
    "event_max_attempts": ("2", 2),
    "k_sink": ("http://broker-ingress/circles/default/", "http://broker-ingress/circles/default/"),
    "k_ce_overrides": (
        '{"extensions": {"site": "b", "env": "test"}}',
        (("env", "test"), ("site", "b")),
    ),
    "webhook_urls": (
        " https://a.example/x/ https://b.example\n",
        ("https://a.example/x/", "https://b.example"),
    ),
    "webhook_secret": (SECRET, SECRET),
    "sink_timeout_s": ("2.5", 2.5),
    "bridge_token": ("hush", "hush"),
    "access": ("open", "open"),
    "predictor_token": ("hush", "hush"),
    "session_s": ("60", 60.0),
    "hosts": ("Circles.example .example.org ::1", ("circles.example", ".example.org", "::1")),
    "trusted_header": ("Remote-User", "Remote-User"),
    "trusted_groups_header": ("X-Groups", "X-Groups"),
    "trusted_secret": ("s" * 32, "s" * 32),
    "trusted_groups": (
        "staff=images:read,images:write",
        (("staff", frozenset({"images:read", "images:write"})),),
    ),
    "uploads_per_minute": ("600", 600),
    "detections_per_minute": ("60", 60),
    "events_token": ("hush", "hush"),
    "events_audience": ("circles-events", "circles-events"),
    "kubernetes_url": ("https://10.0.0.1:443/", "https://10.0.0.1:443"),
    "service_account_dir": ("/var/run/me", Path("/var/run/me")),
    "sink_token_file": ("/var/run/token", Path("/var/run/token")),
    "host": ("127.0.0.1", "127.0.0.1"),
    "port": ("9000", 9000),
    "function_source": ("functions/list/main.py", "functions/list/main.py"),
    "function_target": ("list_images", "list_images"),
    "threads": ("3", 3),
    "log_level": ("DEBUG", "DEBUG"),
    "build": ("9f2c1d7", "9f2c1d7"),
}


def test_every_field_is_read_from_its_variable():
    settings = Settings.from_env({variable(name): text for name, (text, _) in GIVEN.items()})

    assert {field.name: getattr(settings, field.name) for field in fields(Settings)} == {
        name: value for name, (_, value) in GIVEN.items()
    }


@pytest.mark.parametrize("name", sorted(ECOSYSTEM))
def test_ecosystem_variables_have_no_prefix(name):
    text, value = GIVEN[name]

    assert getattr(Settings.from_env({name.upper(): text}), name) == value
    with pytest.raises(SettingsError, match=f"CIRCLES_{name.upper()}_ is not a setting"):
        Settings.from_env({f"CIRCLES_{name.upper()}_": text})


CHOICES = ("access", "store", "detector", "predictor_protocol", "log_level")
NUMBERS = (
    "busy_timeout_s",
    "s3_timeout_s",
    "predictor_timeout_s",
    "predictor_connect_timeout_s",
    "batch_quiet_s",
    "repair_after_s",
    "repair_budget_s",
    "adopt_after_s",
    "sink_timeout_s",
)
COUNTS = (
    "reserve_bytes",
    "max_objects",
    "max_pending",
    "max_upload_bytes",
    "max_pixels",
    "port",
    "threads",
    "max_attempts",
    "event_max_attempts",
)
URLS = ("s3_endpoint", "predictor_url", "k_sink")
FAULTS = [
    *((name, text) for name in CHOICES for text in ("other", "FOLDER", " s3", "debug")),
    *(
        (name, text)
        for name in (*NUMBERS, *COUNTS)
        for text in ("0", "-1", "many", "nan", "inf", "1e400", "1,5")
    ),
    *(("sure_score", text) for text in ("-0.1", "1.1", "nan", "none", "high")),
    *((name, text) for name in COUNTS for text in ("1.5", "0x10")),
    *(
        ("results_prefix", text)
        for text in ("results", "/results/", "images/", "derived/x/", "exports/")
    ),
    *(
        ("incoming_prefix", text)
        for text in ("incoming", "/", "/incoming/", "a//", "../", "images/", "images/new/")
    ),
    *(("event_type_prefix", text) for text in ("dev.circles.", "Dev", ".", "a b")),
    *(
        ("k_ce_overrides", text)
        for text in (
            "x",
            "[]",
            '{"extensions": [1]}',
            '{"extensions": {"A": "b"}}',
            '{"extensions": {"a": 1}}',
        )
    ),
    *(("hosts", text) for text in ("https://a.example", "a.example:8080", "a/b", "*")),
    *(("trusted_header", text) for text in ("Remote User", "X:", "ä")),
    *(("trusted_groups", text) for text in ("staff", "staff=", "staff=images:all")),
    *(("event_source", text) for text in ("a b", "<x>")),
    *(
        (name, text)
        for name in URLS
        for text in ("127.0.0.1:9000", "ftp://x", "s3://x", "//x", "HTTP")
    ),
]


@pytest.mark.parametrize(("name", "text"), FAULTS)
def test_invalid_value_is_named_with_its_variable(name, text):
    with pytest.raises(SettingsError) as raised:
        Settings.from_env({variable(name): text})

    assert str(raised.value).startswith(f"{variable(name)}={text!r}: ")
    assert len(str(raised.value)) > len(f"{variable(name)}={text!r}: ")


def test_invalid_choice_lists_the_valid_ones():
    with pytest.raises(SettingsError, match="must be one of v1, v1-raw, v2-binary"):
        Settings.from_env({"CIRCLES_PREDICTOR_PROTOCOL": "v3"})


@pytest.mark.parametrize(
    "name", ["CIRCLES_MAX_UPLOAD", "CIRCLES_STOER", "CIRCLES_", "CIRCLES_store", "CIRCLES_SERVICE"]
)
@pytest.mark.parametrize("text", ["1", ""])
def test_unknown_variable_is_named(name, text):
    with pytest.raises(SettingsError, match=f"^{name} is not a setting$"):
        Settings.from_env({name: text})


def test_kubernetes_service_links_are_ignored():
    links = {
        "CIRCLES_LIST_SERVICE_HOST": "10.96.0.7",
        "CIRCLES_LIST_SERVICE_PORT": "80",
        "CIRCLES_LIST_SERVICE_PORT_HTTP": "80",
        "CIRCLES_LIST_PORT": "tcp://10.96.0.7:80",
        "CIRCLES_LIST_PORT_80_TCP": "tcp://10.96.0.7:80",
        "CIRCLES_LIST_PORT_80_TCP_PROTO": "tcp",
        "CIRCLES_LIST_PORT_80_TCP_PORT": "80",
        "CIRCLES_LIST_PORT_80_TCP_ADDR": "10.96.0.7",
    }

    assert Settings.from_env(links) == Settings()


@pytest.mark.parametrize(
    "keys", [{}, {"CIRCLES_S3_ACCESS_KEY": "me"}, {"CIRCLES_S3_SECRET_KEY": "hush"}]
)
def test_s3_store_needs_both_keys(keys):
    with pytest.raises(SettingsError, match="CIRCLES_S3_ACCESS_KEY and CIRCLES_S3_SECRET_KEY"):
        Settings.from_env({"CIRCLES_STORE": "s3", **keys})


def test_all_errors_are_reported_together():
    env = {variable(name): text for name, text in FAULTS} | {"CIRCLES_TYPO": "1"}
    with pytest.raises(SettingsError) as raised:
        Settings.from_env(env)

    named = str(raised.value).split("; ")
    assert len(named) == len({name for name, _ in FAULTS}) + 1
    assert all(any(fault.startswith(name) for fault in named) for name in env)


def test_error_shows_no_secret():
    with pytest.raises(SettingsError) as raised:
        Settings.from_env({"CIRCLES_S3_SECRET_KEY": "hush", "CIRCLES_PORT_": "1", "PORT": "x"})

    assert "hush" not in str(raised.value)


@pytest.mark.parametrize("name", ["webhook_secret", "webhook_urls"])
@pytest.mark.parametrize(
    "text", ["hush", "whsec_hush", "whsec_aHVzaA==", "whsec_" + "aHVzaHVz" * 11]
)
def test_invalid_webhook_setting_is_named_but_not_shown(name, text):
    with pytest.raises(SettingsError) as raised:
        Settings.from_env({variable(name): text})

    assert str(raised.value).startswith(f"{variable(name)}=…: must be")
    assert text not in str(raised.value)


def test_webhooks_need_a_secret():
    with pytest.raises(SettingsError, match="^CIRCLES_WEBHOOK_URLS needs CIRCLES_WEBHOOK_SECRET$"):
        Settings.from_env({"CIRCLES_WEBHOOK_URLS": "https://a.example"})


def test_webhook_key_is_the_decoded_secret():
    assert Settings(webhook_secret=SECRET).webhook_key == b"secret" * 4


@pytest.mark.parametrize("host", ["", "0.0.0.0", "10.0.0.7", "::", "127.0.0.1.example"])
def test_open_access_needs_a_loopback_address(host):
    with pytest.raises(SettingsError, match="CIRCLES_ACCESS=open needs HOST=127.0.0.1"):
        Settings.from_env({"CIRCLES_ACCESS": "open", "HOST": host})


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
def test_open_access_is_possible_on_loopback(host):
    assert Settings.from_env({"CIRCLES_ACCESS": "open", "HOST": host}).access == "open"


@pytest.mark.parametrize("secret", ["", "s" * 31])
def test_trusted_proxy_needs_a_secret(secret):
    given = {"CIRCLES_TRUSTED_HEADER": "Remote-User", "CIRCLES_TRUSTED_SECRET": secret}
    with pytest.raises(SettingsError, match="CIRCLES_TRUSTED_SECRET of 32 characters") as raised:
        Settings.from_env(given)

    assert "sss" not in str(raised.value)


def test_settings_are_frozen():
    with pytest.raises(FrozenInstanceError):
        Settings().store = "s3"


def test_catalogue_is_in_the_data_folder_by_default():
    assert Settings(data_dir=Path("d")).catalogue_file == Path("d/catalogue.db")
    assert Settings(data_dir=Path("d"), catalogue_path=Path("e/f.db")).catalogue_file == Path(
        "e/f.db"
    )


def test_repr_hides_secrets():
    secrets = {
        "s3_access_key": "one1",
        "s3_secret_key": "two2",
        "webhook_secret": "whsec_three3",
        "bridge_token": "four4",
        "events_token": "six6",
        "predictor_token": "eight8",
        "trusted_secret": "seven7",
    }
    shown = repr(Settings(**secrets, webhook_urls=("https://example.com/five5",)))

    assert "max_pixels=50000000" in shown
    assert not [
        secret
        for secret in ("one1", "two2", "three3", "four4", "five5", "six6", "seven7", "eight8")
        if secret in shown
    ]


@pytest.mark.parametrize(
    ("incoming", "results"),
    [("in/", "in/"), ("in/", "in/out/"), ("out/in/", "out/"), ("", "incoming/")],
)
def test_results_and_files_lie_apart(incoming, results):
    env = {"CIRCLES_INCOMING_PREFIX": incoming, "CIRCLES_RESULTS_PREFIX": results}

    with pytest.raises(SettingsError, match="hold each other"):
        Settings.from_env(env)

    assert Settings.from_env({"CIRCLES_RESULTS_PREFIX": "in/"}).results_prefix == "in/"
