"""Test circles deliveries, tokens and completion."""

import pytest

from circles import bootstrap
from circles.domain.access.tokens import NewToken
from circles.usecases.access.manage import create_token
from tests.client.conftest import documents
from tests.client.pictures import fill
from tests.functions.sinks import FakeSink


def test_deliveries_are_listed_and_replayed(run, site, tmp_path):
    with FakeSink(422) as receiver:
        site.add("list", "upload", k_sink=receiver.url)
        background = bootstrap.load_services().background
        run("upload", *fill(tmp_path, 1))
        assert background.drain(timeout_s=10)
        rows = documents(run("deliveries", "--state", "aside", "--json"))
        replayed = run("deliveries", "replay", rows[0]["event_id"], "--sink", "broker")
        assert background.drain(timeout_s=10)

        assert len(receiver.received) == len(rows) + 1
        assert receiver.ids()[-1] == rows[0]["event_id"]

    assert replayed.exit_code == 0
    assert f"{rows[0]['event_id']}  " in replayed.stdout
    assert rows[0]["type"] in run("deliveries").stdout
    assert documents(run("deliveries", "--state", "waiting", "--json")) == []
    assert run("deliveries", "replay", "nothing").exit_code == 1
    assert run("deliveries", "--state", "new").exit_code == 2


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_of_a_shell(run, shell):
    done = run("completion", shell)

    assert done.exit_code == 0
    assert "_CIRCLES_COMPLETE" in done.stdout


@pytest.fixture
def admin(site, monkeypatch):
    """Ask for tokens, and sign in as one who may make them."""
    site.add("upload", "list", "detail", access="tokens")
    wanted = NewToken("admin", ("tokens:admin",), None)
    token, _ = create_token(wanted, bootstrap.load_services())
    monkeypatch.setenv("CIRCLES_TOKEN", token)


def test_tokens_are_made_used_listed_and_revoked(run, admin, monkeypatch, tmp_path):
    made = run("tokens", "create", "anna", "--scope", "images:read", "--days", "90")
    token = made.stdout.strip()
    token_id = token.split("_")[1]
    rows = {each["token_id"]: each for each in documents(run("tokens", "--json"))}

    assert made.exit_code == 0
    assert rows[token_id]["principal"] == "anna"
    assert rows[token_id]["expires_at"][:10] > "2026"
    assert token.split("_")[2] not in run("tokens").stdout
    assert "anna" in run("tokens").stdout
    assert run("list").exit_code == 4  # an admin of tokens reads no images
    assert run("--token-stdin", "list", input=token).exit_code == 0
    refused = run("--token-stdin", "upload", *fill(tmp_path, 2), input=token)
    assert refused.exit_code == 4
    assert "images:write" in refused.stderr
    assert run("tokens", "revoke", token_id).exit_code == 0
    assert run("--token-stdin", "list", input=token).exit_code == 4


def test_token_that_is_wrong_or_missing_is_4(run, admin, monkeypatch):
    monkeypatch.setenv("CIRCLES_TOKEN", "crc_0123456789abcdef_" + "0" * 64)
    wrong = run("list")
    monkeypatch.delenv("CIRCLES_TOKEN")

    assert wrong.exit_code == 4
    assert run("list").exit_code == 4
    assert "Set CIRCLES_TOKEN" in wrong.stderr


def test_whoami_names_the_sender(run, admin):
    assert documents(run("whoami", "--json"))[0]["principal"] == "admin"
    assert run("whoami").stdout.startswith("principal  admin\n")
