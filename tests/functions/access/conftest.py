"""Fixtures: functions that ask for tokens, and a maker of tokens."""

import pytest

from circles import bootstrap
from circles.domain.access.tokens import NewToken
from circles.usecases.access.manage import create_token


@pytest.fixture
def closed(load):
    """Return a loader of functions that ask for tokens."""
    return lambda function, **settings: load(function, access="tokens", **settings)


@pytest.fixture
def create(closed):
    """Return a function that stores a new token, and returns its text and record."""
    closed("list")

    def create_one(*scopes, name="anna", expires_at=None):
        wanted = NewToken(name, scopes or ("all",), expires_at)
        return create_token(wanted, bootstrap.load_services())

    return create_one


@pytest.fixture
def bearer(create):
    """Return a function that returns the header of a new token."""
    return lambda *scopes: {"Authorization": f"Bearer {create(*scopes)[0]}"}
