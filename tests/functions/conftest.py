"""Loads a function as the framework does. Whatever its test client answers is held to the contract at once."""

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
from tests.functions.predictors import FakePredictor
from tests.openapi import check_answer

ROOT = Path(__file__).resolve().parents[2]
TARGETS = {"upload": "upload", "list": "list_images", "detail": "detail"}
EVENT_FUNCTIONS = ("bridge", "ingest", "repair")
"""Optional functions, which take events and are not part of the HTTP contract."""
EVENT_TARGETS = {name: name for name in EVENT_FUNCTIONS if (ROOT / "functions" / name).is_dir()}
collect_ignore = [f"test_{name}.py" for name in EVENT_FUNCTIONS if name not in EVENT_TARGETS]

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
    """Flask's client, which lets no answer by that is not as openapi.json says."""

    def open(self, *args, **kwargs):
        response = super().open(*args, buffered=True, **kwargs)
        asked = response.request
        body, function = response.get_data(), self.application.config["FUNCTION"]
        check_answer(asked.method, asked.path, response.status_code, response.headers, body, function=function)
        return response


class Volume:
    """What the functions left behind, seen past their own code."""

    def __init__(self, folder):
        self.folder = folder
        self.database = folder / "catalogue.db"

    def blobs(self):
        """Every file below blobs/, the half-written and the hidden ones included."""
        return sorted(path for path in (self.folder / "blobs").rglob("*") if not path.is_dir())

    def rows(self, table):
        if not self.database.exists():
            return []
        with contextlib.closing(sqlite3.connect(self.database)) as connection:
            connection.row_factory = sqlite3.Row
            if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", [table]).fetchone():
                return []
            return [dict(row) for row in connection.execute(f"SELECT * FROM {table}")]

    def is_empty(self):
        return not self.blobs() and not any(self.rows(table) for table in ("images", "detections", "objects"))


@pytest.fixture
def volume(tmp_path):
    return Volume(tmp_path / "volume")


@pytest.fixture
def log():
    """What the functions log, as text."""
    return StringIO()


@pytest.fixture
def framework(monkeypatch, volume, log):
    """A registry, an environment, a path and log handlers that are as if no function had been loaded, and are put back
    afterwards: create_app writes into all of them."""
    monkeypatch.setattr(registry, "REGISTRY_MAP", {})
    monkeypatch.setattr(sys, "path", sys.path.copy())
    monkeypatch.setattr(logging.getLogger("circles"), "handlers", [logging.StreamHandler(log)])
    monkeypatch.setattr(logging.getLogger("circles"), "level", logging.NOTSET)
    monkeypatch.setitem(sys.modules, "main", None)
    for name in [name for name in os.environ if name.startswith("CIRCLES_")]:
        monkeypatch.delenv(name)
    for name in ECOSYSTEM:
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("CIRCLES_DATA_DIR", str(volume.folder))
    monkeypatch.setenv("CIRCLES_DETECTOR", "fixed")
    yield monkeypatch
    bootstrap.build.cache_clear()


@pytest.fixture
def load(framework):
    """Give a client of a function; settings are those of CIRCLES_<NAME>. One function may be loaded several times."""
    with contextlib.ExitStack() as stack:

        def client(folder, checked=True, **settings):
            for name, value in settings.items():
                variable = name.upper()
                framework.setenv(variable if variable in ECOSYSTEM else f"CIRCLES_{variable}", str(value))
            framework.setenv("FUNCTION_SIGNATURE_TYPE", "http")  # else it is inherited
            app = functions_framework.create_app(
                {**TARGETS, **EVENT_TARGETS}[folder], ROOT / "functions" / folder / "main.py"
            )
            stack.callback(_close, bootstrap.load_services())
            app.config["FUNCTION"] = folder
            app.test_client_class = CheckedClient if checked and folder in TARGETS else None
            return app.test_client()

        yield client


def _close(services):
    assert services.background.drain(timeout_s=10)
    for name in ("catalogue", "outbox", "upkeep"):
        if name in vars(services):
            getattr(services, name).close()


@pytest.fixture
def upload(load):
    return load("upload")


@pytest.fixture
def objects(load):
    """The function that lists; `list` is Python's."""
    return load("list")


@pytest.fixture
def detail(load):
    return load("detail")


@pytest.fixture
def predictor():
    """A predictor whose answer a test sets; the functions that are loaded after it call it where detector is kserve."""
    with FakePredictor() as running:
        yield running


@pytest.fixture
def predicted(load, predictor):
    """A function that calls the fake predictor."""

    def client(folder="upload", **settings):
        return load(folder, detector="kserve", predictor_url=predictor.url, **settings)

    return client
