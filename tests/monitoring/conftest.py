"""Prometheus and promtool of this machine (both in Debian's package `prometheus`); without them these tests skip."""

import shutil

import pytest


@pytest.fixture(scope="session")
def promtool():
    return _program("promtool")


@pytest.fixture(scope="session")
def prometheus():
    return _program("prometheus")


def _program(name):
    return shutil.which(name) or pytest.skip(f"{name} is not installed (Debian and Ubuntu: apt-get install prometheus)")
