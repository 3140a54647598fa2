"""The real thing: `make run` once a session, single functions of the test's own, a photo."""

import contextlib
import importlib.util
from pathlib import Path

import pytest

from tests.functions.conftest import Volume
from tests.functions.predictors import FakePredictor
from tests.system.clients import Client
from tests.system.processes import Function, Run


@pytest.fixture(scope="session")
def coins():
    """A real photo, 384 x 303: 24 coins of the ancient world on a dark ground, shipped by scikit-image."""
    [folder] = importlib.util.find_spec("skimage").submodule_search_locations
    return (Path(folder) / "data" / "coins.png").read_bytes()


@pytest.fixture(scope="session")
def run(tmp_path_factory):
    """`make run` on a folder."""
    started = Run(tmp_path_factory.mktemp("run") / "folder")
    try:
        yield started.wait_until_ready()
    finally:
        started.stop()


@pytest.fixture
def gateway(run):
    """Asks `make run` through its gateway."""
    return Client(run.url)


@pytest.fixture
def volume(tmp_path):
    """Where the functions that a test starts by itself keep things."""
    return Volume(tmp_path / "volume")


@pytest.fixture
def start(tmp_path, volume):
    """Start a function on this volume; settings are those of CIRCLES_<NAME>. Whatever runs is ended afterwards."""
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
