"""Fixtures: S3 servers, started once a session on first use."""

import pytest

from tests import servers


def pytest_addoption(parser):
    parser.addoption(
        "--drops",
        type=int,
        default=40,
        help="files that tests/system/events/test_drops.py drops at once",
    )


@pytest.fixture(scope="session")
def seaweedfs(tmp_path_factory):
    """Yield a SeaweedFS server with its URL and credentials."""
    with servers.seaweedfs(tmp_path_factory.mktemp("seaweedfs")) as running:
        yield running


@pytest.fixture(scope="session")
def moto():
    """Yield a moto S3 server."""
    with servers.moto() as running:
        yield running
