"""Servers that several folders of tests share; each starts when the first test asks for it, once a session."""

import pytest

from tests import servers


def pytest_addoption(parser):
    parser.addoption("--drops", type=int, default=40, help="files that tests/system/test_drops.py drops at once")


@pytest.fixture(scope="session")
def seaweedfs(tmp_path_factory):
    """A real S3 server: where it is, and who may write."""
    with servers.seaweedfs(tmp_path_factory.mktemp("seaweedfs")) as running:
        yield running


@pytest.fixture(scope="session")
def moto():
    """moto's S3 server: where it is."""
    with servers.moto() as running:
        yield running
