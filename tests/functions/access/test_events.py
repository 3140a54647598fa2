"""Test that ingest and repair ask a Broker for its token, if there is one."""

import base64
import sys

import pytest

from tests.functions.conftest import EVENT_TARGETS

TOKEN = "of-the-broker"
EVENT = {"ce-specversion": "1.0", "ce-id": "1", "ce-type": "unknown", "ce-source": "/s"}
BASIC = base64.b64encode(f"events:{TOKEN}".encode()).decode()
asking = pytest.mark.parametrize("function", sorted(set(EVENT_TARGETS) - {"bridge"}))


def send(client, authorization=None):
    headers = EVENT if authorization is None else {**EVENT, "Authorization": authorization}
    response = client.post("/", data=b"{}", headers=headers)
    assert response.data == b""
    return response.status_code


@asking
@pytest.mark.parametrize("given", [None, "", "Bearer", f"Bearer {TOKEN}x", f"Basic {TOKEN}"])
def test_broker_without_the_token_is_401(load, monkeypatch, function, given):
    client = load(function, events_token=TOKEN, access="tokens")
    monkeypatch.setattr(sys.modules["main"], "handle", lambda _: 1 / 0)

    assert send(client, given) == 401


@asking
@pytest.mark.parametrize("given", [f"Bearer {TOKEN}", f"Basic {BASIC}"])
def test_broker_with_the_token_is_heard(load, function, given):
    assert send(load(function, events_token=TOKEN, access="tokens"), given) == 204


@asking
def test_broker_needs_none_where_none_is_set(load, function):
    assert send(load(function, access="tokens")) == 204
