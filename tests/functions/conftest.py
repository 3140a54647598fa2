"""Load functions with clients that check each response."""

import contextlib
import logging
import os
import sqlite3
import sys
from io import StringIO
from pathlib import Path

import functions_framework
import pytest
from flask.testing import FlaskClient
from functions_framework import _function_registry as registry

from circles import bootstrap
from circles.telemetry.logs import LineFormatter
from tests.functions.predictors import FakePredictor
from tests.openapi import check_answer

ROOT = Path(__file__).resolve().parents[2]
TARGETS = {"upload": "upload", "list": "list_images", "detail": "detail"}
if (ROOT / "functions/export").is_dir():
    TARGETS["export"] = "export"  # optional
EVENT_FUNCTIONS = ("bridge", "ingest", "repair")
"""Optional functions, which take events and are not part of the HTTP contract."""
EVENT_TARGETS = {name: name for name in EVENT_FUNCTIONS if (ROOT / "functions" / name).is_dir()}
collect_ignore = [f"events/test_{name}.py" for name in EVENT_FUNCTIONS if name not in EVENT_TARGETS]

ECOSYSTEM = (
    "FUNCTION_SOURCE",
    "FUNCTION_TARGET",
    "FUNCTION_SIGNATURE_TYPE",
    "PORT",
    "HOST",
    "K_SINK",
    "K_CE_OVERRIDES",
)


class CheckedClient(FlaskClient):
    """Flask client that checks every response against openapi.json."""

    def open(self, *args, **kwargs):
        response = super().open(*args, buffered=True, **kwargs)
        asked = response.request
        body, function = response.get_data(), self.application.config["FUNCTION"]
        check_answer(
            asked.method,
            asked.path,
            response.status_code,
            response.headers,
            body,
            function=function,
        )
        return response


class Volume:
    """Read what the functions stored, without their code."""

    def __init__(self, folder):
        self.folder = folder
        self.database = folder / "catalogue.db"

    def blobs(self):
        """Return every file below blobs/, including partial and hidden ones."""
        return sorted(path for path in (self.folder / "blobs").rglob("*") if not path.is_dir())

    def rows(self, table):
        if not self.database.exists():
            return []
        with contextlib.closing(sqlite3.connect(self.database)) as connection:
            connection.row_factory = sqlite3.Row
            if not connection.execute(
                "SELECT 1 FROM sqlite_master WHERE name = ?", [table]
            ).fetchone():
                return []
            return [dict(row) for row in connection.execute(f"SELECT * FROM {table}")]

    def is_empty(self):
        return not self.blobs() and not any(
            self.rows(table) for table in ("images", "detections", "objects")
        )


@pytest.fixture
def volume(tmp_path):
    return Volume(tmp_path / "volume")


@pytest.fixture
def log():
    """Return a buffer with the log of the functions."""
    return StringIO()


@pytest.fixture
def framework(monkeypatch, volume, log):
    """
    Reset registry, environment, path and log handlers, and restore them afterwards.

    create_app writes into all of them.
    """
    monkeypatch.setattr(registry, "REGISTRY_MAP", {})
    monkeypatch.setattr(sys, "path", sys.path.copy())
    handler = logging.StreamHandler(log)
    handler.setFormatter(LineFormatter())
    monkeypatch.setattr(logging.getLogger("circles"), "handlers", [handler])
    monkeypatch.setattr(logging.getLogger("circles"), "level", logging.NOTSET)
    monkeypatch.setitem(sys.modules, "main", None)
    for name in [name for name in os.environ if name.startswith("CIRCLES_")]:
        monkeypatch.delenv(name)
    for name in ECOSYSTEM:
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("CIRCLES_DATA_DIR", str(volume.folder))
    monkeypatch.setenv("CIRCLES_DETECTOR", "fixed")
    monkeypatch.setenv("CIRCLES_ACCESS", "open")  # tests/functions/access/ has those with tokens
    monkeypatch.setenv("HOST", "127.0.0.1")
    monkeypatch.setenv("CIRCLES_RESERVE_BYTES", "65536")  # many tests have a volume each
    yield monkeypatch
    bootstrap.build.cache_clear()


@pytest.fixture
def load(framework):
    """
    Return a loader that gives a client of a function.

    Settings name the variables CIRCLES_<NAME>. A function may be loaded several times.
    """
    with contextlib.ExitStack() as stack:

        def client(folder, checked=True, **settings):
            for name, value in settings.items():
                variable = name.upper()
                framework.setenv(
                    variable if variable in ECOSYSTEM else f"CIRCLES_{variable}", str(value)
                )
            framework.setenv("FUNCTION_SIGNATURE_TYPE", "http")  # otherwise it is inherited
            app = functions_framework.create_app(
                {**TARGETS, **EVENT_TARGETS}[folder], ROOT / "functions" / folder / "main.py"
            )
            stack.callback(_close, bootstrap.load_services())
            app.config["FUNCTION"] = folder
            app.test_client_class = CheckedClient if checked and folder in TARGETS else None
            return app.test_client(use_cookies=False)

        yield client


def _close(services):
    assert services.background.drain(timeout_s=10)
    for name in (
        "catalogue",
        "corrections",
        "scales",
        "batches",
        "tokens",
        "outbox",
        "upkeep",
        "statistics",
    ):
        if name in vars(services):
            getattr(services, name).close()


@pytest.fixture
def upload(load):
    return load("upload")


@pytest.fixture
def objects(load):
    """Return a client of the list function. The name list is a builtin."""
    return load("list")


@pytest.fixture
def detail(load):
    return load("detail")


@pytest.fixture
def predictor():
    """Yield a predictor whose answer a test sets. Functions loaded later with kserve call it."""
    with FakePredictor() as running:
        yield running


@pytest.fixture
def predicted(load, predictor):
    """Return a loader of functions that call the fake predictor."""

    def client(folder="upload", **settings):
        return load(folder, detector="kserve", predictor_url=predictor.url, **settings)

    return client
