"""Sign in with a token where the installation wants one."""

import re
import subprocess
import sys

import pytest
import requests
from playwright.sync_api import expect

from tests.browser.actions import choose
from tests.system.processes import ROOT, Run, environment


@pytest.fixture(scope="module")
def locked(tmp_path_factory):
    """Run `make run ACCESS=tokens`."""
    started = Run(tmp_path_factory.mktemp("locked") / "run", ACCESS="tokens")
    try:
        yield started.wait_until_ready()
    finally:
        started.stop()


@pytest.fixture
def token(locked):
    """Return a function that creates a token with scopes."""
    return lambda *scopes: tokens(
        locked, "create", "--name", "anna", *(f"--scope={scope}" for scope in scopes)
    )


def tokens(site, *arguments):
    done = subprocess.run(
        [sys.executable, "-m", "circles.tokens", *arguments],
        cwd=ROOT,
        env=environment(PYTHONPATH="lib", CIRCLES_DATA_DIR=str(site.volume)),
        capture_output=True,
        text=True,
        check=True,
    )
    return re.search(r"crc_\w+", done.stdout)[0] if arguments[0] == "create" else done.stdout


def sign_in(page, text):
    page.get_by_label("Token").fill(text)
    page.get_by_role("button", name="Sign in").click()


def upload(site, text, path, **query):
    answer = requests.post(
        f"{site.url}/images/",
        params=query,
        data=path.read_bytes(),
        headers={"Authorization": f"Bearer {text}"},
        timeout=60,
    )
    return answer.json()["image_id"]


def test_a_wrong_token_is_refused_and_a_right_one_enters(open_page, locked, token, coins):
    page = open_page(url=locked.url)
    sign_in(page, "crc_wrong")
    expect(page.get_by_role("alert")).to_have_text("This token is not known, or it has expired.")

    sign_in(page, token("all"))
    choose(page, "Choose pictures", [coins])

    expect(page.locator(".upload-done")).to_have_count(1)
    expect(page.locator(".card img").first).to_be_visible()
    stored = page.evaluate("JSON.stringify(localStorage) + document.cookie")
    assert "crc_" not in stored
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("dialog")).to_contain_text("Sign in")


def test_a_token_that_only_reads_says_what_it_lacks(open_page, locked, token, coins):
    """Check 10 of a user: a read token."""
    image_id = upload(locked, token("all"), coins)
    reader = token("images:read")
    page = open_page("#/?limit=1", url=locked.url)

    sign_in(page, reader)

    shown = page.locator(f".card a[href='#/images/{image_id}'] img")
    expect(shown).to_be_visible()
    assert shown.evaluate("image => image.decode().then(() => image.naturalWidth > 0)")
    refused = requests.delete(
        f"{locked.url}/images/{image_id}", headers={"Authorization": f"Bearer {reader}"}, timeout=60
    )
    assert refused.status_code == 403
    assert "images:delete" in refused.json()["detail"]
    page.goto(f"{locked.url}/#/images/{image_id}")
    expect(page.locator(".sheet img")).to_be_visible()
    confirm = page.get_by_role("button", name="Confirm and next")
    expect(confirm).to_be_disabled()
    assert "detections:write" in confirm.get_attribute("title")
    page.get_by_role("button", name="Take away").click()
    expect(page.get_by_role("button", name="Delete the picture")).to_be_disabled()
    expect(page.get_by_text("it lacks the scope images:delete")).to_be_visible()
    expect(page.get_by_role("link", name="Circles (CSV)")).to_be_visible()


def test_a_session_that_ends_loses_nothing(open_page, locked, token, coins):
    first = token("all")
    image_id = upload(locked, first, coins)
    page = open_page(f"#/images/{image_id}", url=locked.url)
    sign_in(page, first)
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.locator("[data-count]")).to_have_text("24")
    page.keyboard.press("n")
    expect(page.locator("[data-count]")).to_have_text("25")
    tokens(locked, "revoke", first.split("_")[1])

    page.get_by_role("button", name="Save 25 circles").click()
    expect(page.get_by_role("dialog")).to_contain_text("Your session has ended")
    sign_in(page, token("all"))

    expect(page.get_by_text("Saved: 25 circles.")).to_be_visible()


def test_uploads_wait_for_a_sign_in(open_page, locked, token, coins, moon):
    first = token("all")
    page = open_page("#/?batch=expired", url=locked.url)
    sign_in(page, first)
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.get_by_label("Batch").first.fill("expired")
    tokens(locked, "revoke", first.split("_")[1])

    choose(page, "Choose pictures", [coins, moon])
    expect(page.get_by_role("dialog")).to_contain_text("Your session has ended")
    sign_in(page, token("all"))

    expect(page.locator(".upload-done")).to_have_count(2)
    expect(page.locator(".card")).to_have_count(2)
