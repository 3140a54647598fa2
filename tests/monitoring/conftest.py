"""Find Prometheus and promtool (Debian's package `prometheus`). Without them these tests skip."""

import shutil

import pytest


@pytest.fixture(scope="session")
def promtool():
    return _find_program("promtool")


@pytest.fixture(scope="session")
def prometheus():
    return _find_program("prometheus")


def _find_program(name):
    return shutil.which(name) or pytest.skip(
        f"{name} is not installed (Debian and Ubuntu: apt-get install prometheus)"
    )
