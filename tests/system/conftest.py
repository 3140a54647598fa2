"""Fixtures: `make run` once a session, functions and a photo."""

import contextlib
import importlib.util
from pathlib import Path

import pytest

from tests.functions.conftest import EVENT_FUNCTIONS, EVENT_TARGETS, Volume
from tests.functions.predictors import FakePredictor
from tests.system.clients import Client
from tests.system.processes import Function, Run

collect_ignore = ["events"] if len(EVENT_TARGETS) < len(EVENT_FUNCTIONS) else []
"""Tests of optional parts, which may have been deleted."""


@pytest.fixture(scope="session")
def coins():
    """Return scikit-image's photo of 24 ancient coins (PNG, 384 x 303 px)."""
    [folder] = importlib.util.find_spec("skimage").submodule_search_locations
    return (Path(folder) / "data" / "coins.png").read_bytes()


@pytest.fixture(scope="session")
def run(tmp_path_factory):
    """Run `make run` on a folder."""
    started = Run(tmp_path_factory.mktemp("run") / "a folder")
    try:
        yield started.wait_until_ready()
    finally:
        started.stop()


@pytest.fixture
def gateway(run):
    """Return a client of the gateway of `make run`."""
    return Client(run.url)


@pytest.fixture
def volume(tmp_path):
    """Return the volume of functions that a test starts itself."""
    return Volume(tmp_path / "volume")


@pytest.fixture
def start(tmp_path, volume):
    """
    Return a function that starts a function on the volume.

    Settings name the variables CIRCLES_<NAME>. All processes are stopped afterwards.
    """
    with contextlib.ExitStack() as stack:

        def starter(name="upload", **settings):
            log = tmp_path / f"{name}.log"
            process = Function(name, log, **{"data_dir": volume.folder, **settings})
            stack.callback(process.stop)
            return process.wait_until_ready()

        yield starter


@pytest.fixture
def predictor():
    with FakePredictor() as running:
        yield running
