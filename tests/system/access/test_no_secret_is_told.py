"""Run everything with tokens, do all that is wrong, and look for secrets in all that is told."""

import contextlib
import os
import re
import sqlite3
import subprocess
import sys

import pytest
import requests

from tests.system.contract import find_violations
from tests.system.processes import ROOT, Gateway, Run, free_port

PROXY_SECRET = "proxy-secret-" + "p" * 32
PREDICTOR_SECRET = "predictor-secret-" + "q" * 32
URL_SECRET = "receiver-secret-" + "r" * 32
SIGNING_SECRET = "c2lnbmluZ3NlY3JldHNz" * 2


@pytest.fixture(scope="module")
def closed(tmp_path_factory):
    """Run `make run ACCESS=tokens` with all that is optional."""
    settings = {
        "ACCESS": "tokens",
        "STORE": "s3",
        "CIRCLES_TRUSTED_HEADER": "Remote-User",
        "CIRCLES_TRUSTED_SECRET": PROXY_SECRET,
        "PREDICTOR_TOKEN": PREDICTOR_SECRET,
        "CIRCLES_PREDICTOR_TOKEN": PREDICTOR_SECRET,
        # nothing listens there, so that its events stay in the outbox with what went wrong
        "CIRCLES_WEBHOOK_URLS": f"http://127.0.0.1:{free_port()}/{URL_SECRET}",
        "CIRCLES_WEBHOOK_SECRET": f"whsec_{SIGNING_SECRET}",
        "CIRCLES_LOG_LEVEL": "DEBUG",
        "GATEWAY_LOG_LEVEL": "WARN",
    }
    started = Run(tmp_path_factory.mktemp("closed") / "run", **settings)
    try:
        yield started.wait_until_ready()
    finally:
        started.stop()


def create_token(run, *scopes):
    command = [sys.executable, "-m", "circles.tokens", "create", "--name", "anna"]
    for scope in scopes:
        command += ["--scope", scope]
    env = {**os.environ, "PYTHONPATH": "lib", "CIRCLES_DATA_DIR": str(run.volume)}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def ask(run, method, path, **headers):
    """Send a request that goes wrong, and keep what is answered."""
    sent = {name.replace("_", "-"): text for name, text in headers.items()}
    response = requests.request(method, run.url + path, headers=sent, timeout=60)
    return f"{response.headers}{response.text}"


def metrics(run):
    """Yield what each process of the run tells Prometheus."""
    for port in (*range(run.port + 1, run.port + 13), run.port + 19):
        with contextlib.suppress(requests.RequestException):
            yield requests.get(f"http://127.0.0.1:{port}/metrics", timeout=5).text


def test_gateway_logs_no_token_with_an_error(tmp_path):
    token = f"crc_{'a' * 16}_{'b' * 64}"
    nobody = {"list": f"http://127.0.0.1:{free_port()}"}
    gateway = Gateway(tmp_path / "log", nobody, GATEWAY_LOG_LEVEL="DEBUG")
    try:
        url = gateway.wait_until_ready().url
        headers = {"Authorization": f"Bearer {token}", "Circles-Proxy-Secret": PROXY_SECRET}
        answer = requests.get(f"{url}/images/?token={token}", headers=headers, timeout=30)
    finally:
        gateway.stop()

    assert answer.status_code == 503
    assert "/images/?token=crc_…" in gateway.log
    assert "bbb" not in gateway.log and PROXY_SECRET not in gateway.log


def test_no_secret_is_told(closed, coins):
    """Check 10 of a user: no token or cookie in a log."""
    token, other = create_token(closed, "all"), create_token(closed, "images:read")
    bearer = {"Authorization": f"Bearer {token}"}
    cookie = requests.post(f"{closed.url}/session", headers=bearer, timeout=60)
    session = cookie.cookies["circles"]
    sent = requests.post(
        f"{closed.url}/images/", data=coins, timeout=60,
        headers={**bearer, "Content-Type": "image/png", "Idempotency-Key": "k",
                 "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
    )  # fmt: skip
    made = requests.post(f"{closed.url}/tokens/", json={"name": "bo", "scopes": ["all"]},
                         headers=bearer, timeout=60).json()["token"]  # fmt: skip
    told = [sent.text]
    for path in (f"/images/?token={token}", f"/images/{token}", f"/{token}", f"/images/?x={token}",
                 f"/batches/{token}/scale", f"/images/?cursor={token}"):  # fmt: skip
        for headers in ({}, bearer, {"Authorization": f"Bearer {other}x"}):
            told += [ask(closed, method, path, **headers) for method in ("GET", "POST", "DELETE")]
    for headers in (
        {"Authorization": f"Bearer {token}, Bearer {token}"},
        {"Authorization": f"Basic {token}"},
        {"Cookie": f"circles={session}0"},
        {"Cookie": f"circles={session}", "Origin": "https://evil.example"},
        {"Remote_User": "root", "Circles_Proxy_Secret": PROXY_SECRET},
        {"X_Request_Id": token},
    ):
        told += [ask(closed, method, "/images/", **headers) for method in ("GET", "POST")]
    told += metrics(closed)
    find_violations(closed, coins, bearer, max_examples=2)
    with contextlib.closing(sqlite3.connect(closed.volume / "catalogue.db")) as connection:
        told += connection.iterdump()
    everything = "\n".join([*told, closed.log])

    secrets = [text.rpartition("_")[2] for text in (token, other, made, session)]
    ours = (PROXY_SECRET, PREDICTOR_SECRET, URL_SECRET, SIGNING_SECRET, "circles-local")
    for secret in (*secrets, *ours):
        before, found, _ = everything.partition(secret)
        assert not found, f"a secret is told after {before[-500:]!r}"
    assert (sent.json()["created_by"], sent.json()["status"]) == ("anna", "detected")
    assert 'INSERT INTO "outbox"' in everything
    assert len(re.findall(r" INFO GET \S+ 401 ", closed.log)) > 3
