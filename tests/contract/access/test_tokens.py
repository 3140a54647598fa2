"""Test the Tokens contract on SQLite and on the fake."""

from datetime import UTC, datetime, timedelta

import pytest

from circles.adapters.sqlite.access.tokens import SqliteTokens
from circles.domain.access.tokens import Session, Token
from circles.domain.errors import NotFound, Unavailable
from tests.unit.fakes.tokens import FakeTokens

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
TOKEN = Token("a" * 16, "d" * 64, "anna", frozenset({"images:read", "images:write"}), NOW)


@pytest.fixture(params=["sqlite", "fake"])
def tokens(request, tmp_path):
    made = (
        FakeTokens()
        if request.param == "fake"
        else SqliteTokens(tmp_path / "catalogue.db", busy_timeout_s=5.0)
    )
    yield made
    made.close()


def session(token=TOKEN, session_id="b" * 16, expires_at=NOW + HOUR):
    return Session(session_id, "e" * 64, token, expires_at)


def test_unknown_token_is_none(tokens):
    assert tokens.find("a" * 16) is None
    assert tokens.find_session("b" * 16) is None
    assert list(tokens.all()) == []


def test_added_token_is_found_whole(tokens):
    given = TOKEN._replace(expires_at=NOW + HOUR, created_by="root")

    tokens.add(given)

    assert tokens.find(given.token_id) == given
    assert list(tokens.all()) == [given]


def test_tokens_are_listed_newest_first(tokens):
    later = TOKEN._replace(token_id="c" * 16, created_at=NOW + HOUR)
    tokens.add(TOKEN)
    tokens.add(later)

    assert list(tokens.all()) == [later, TOKEN]


def test_first_revocation_stays(tokens):
    tokens.add(TOKEN)

    tokens.revoke(TOKEN.token_id, now=NOW)
    tokens.revoke(TOKEN.token_id, now=NOW + HOUR)

    assert tokens.find(TOKEN.token_id).revoked_at == NOW


def test_unknown_token_cannot_be_revoked(tokens):
    with pytest.raises(NotFound):
        tokens.revoke("0" * 16, now=NOW)


def test_last_use_is_stored(tokens):
    tokens.add(TOKEN)

    tokens.mark_used(TOKEN.token_id, now=NOW + HOUR)
    tokens.mark_used("0" * 16, now=NOW)

    assert tokens.find(TOKEN.token_id).used_at == NOW + HOUR


def test_session_is_found_with_its_token(tokens):
    tokens.add(TOKEN)
    tokens.begin_session(session(), now=NOW)
    tokens.mark_used(TOKEN.token_id, now=NOW)

    found = tokens.find_session("b" * 16)

    assert found == session(TOKEN._replace(used_at=NOW))


def test_session_ends_alone_or_with_its_token(tokens):
    tokens.add(TOKEN)
    for session_id in ("1" * 16, "2" * 16):
        tokens.begin_session(session(session_id=session_id), now=NOW)

    tokens.end_session("1" * 16)
    assert tokens.find_session("1" * 16) is None
    assert tokens.find_session("2" * 16)

    tokens.revoke(TOKEN.token_id, now=NOW)
    assert tokens.find_session("2" * 16) is None


def test_new_session_forgets_expired_ones(tokens):
    tokens.add(TOKEN)
    tokens.begin_session(session(session_id="1" * 16), now=NOW)

    tokens.begin_session(
        session(session_id="2" * 16, expires_at=NOW + 3 * HOUR), now=NOW + 2 * HOUR
    )

    assert tokens.find_session("1" * 16) is None
    assert tokens.find_session("2" * 16)


def test_unavailable_file_is_unavailable(tmp_path):
    tokens = SqliteTokens(tmp_path, busy_timeout_s=0.1)  # a folder

    with pytest.raises(Unavailable):
        tokens.find("a" * 16)


def test_a_token_is_found_by_one_index(tmp_path):
    tokens = SqliteTokens(tmp_path / "catalogue.db", busy_timeout_s=5.0)
    tokens.add(TOKEN)
    from circles.adapters.sqlite.access import tokens as module

    with tokens._file.read() as connection:
        plans = [
            [row["detail"] for row in connection.execute(f"EXPLAIN QUERY PLAN {query}", ["x"])]
            for query in (module._FIND, module._FIND_SESSION)
        ]
    tokens.close()

    assert all("USING INDEX" in step for plan in plans for step in plan), plans
    assert [len(plan) for plan in plans] == [1, 2]
