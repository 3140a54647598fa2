"""Send bad credentials over real connections to real functions, and see that nothing is told."""

import contextlib
import os
import socket
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
import requests

from tests.functions.conftest import Volume
from tests.functions.pictures import png
from tests.system.processes import ROOT, Function, answers

PROXY_SECRET = "proxy-secret-" + "p" * 32
SETTINGS = {
    "access": "tokens",
    "detector": "fixed",
    "hosts": "127.0.0.1 circles.example.com",
    "trusted_header": "Remote-User",
    "trusted_secret": PROXY_SECRET,
    "trusted_groups": "staff=images:read",
    "log_level": "DEBUG",
}


def tokens(folder, *arguments):
    """Run python -m circles.tokens on a volume, and return what it prints."""
    env = {**os.environ, "PYTHONPATH": "lib", "CIRCLES_DATA_DIR": str(folder)}
    done = subprocess.run([sys.executable, "-m", "circles.tokens", *arguments], cwd=ROOT, env=env,
                          capture_output=True, text=True, check=True)  # fmt: skip
    return done.stdout.strip()


def create(folder, *more):
    return tokens(folder, "create", "--name", "anna", "--scope", "all", *more)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("closed")


@pytest.fixture(scope="module")
def token(folder):
    return create(folder / "data")


@pytest.fixture(scope="module")
def functions(folder, token):
    """Run upload and list on one volume. Their logs must not hold a secret afterwards."""
    with contextlib.ExitStack() as stack:
        running = {}
        for name in ("upload", "list"):
            log = folder / f"{name}.log"
            process = Function(name, log, data_dir=folder / "data", **SETTINGS)
            stack.callback(process.stop)
            running[name] = process
        yield {name: process.wait_until_ready() for name, process in running.items()}
    told = "".join((folder / f"{name}.log").read_text() for name in running)
    assert token.rpartition("_")[2] not in told and PROXY_SECRET not in told
    assert "Traceback" not in told


def exchange(function, head, body=b""):
    """Send bytes, and return the status and the text of the answer."""
    address = urlsplit(function.url)
    with socket.create_connection((address.hostname, address.port), timeout=60) as connection:
        connection.sendall(head.replace(b"\n", b"\r\n") + b"\r\n\r\n" + body)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    return int(answer.split(b" ", 2)[1]), answer.decode()


def ask(function, *headers, path="/images/", host="127.0.0.1"):
    lines = [f"GET {path} HTTP/1.1", f"Host: {host}", "Connection: close", *headers]
    return exchange(function, "\n".join(lines).encode("latin-1"))


@pytest.fixture(scope="module")
def foreign(tmp_path_factory):
    return create(tmp_path_factory.mktemp("another") / "data")


BEARER = "Authorization: Bearer {token}"
WRONG = {
    "none": ([], "/images/", 401),
    "another installation's": (["Authorization: Bearer {foreign}"], "/images/", 401),
    "with a NUL": ([BEARER + "\0"], "/images/", (400, 401)),
    "with a NUL inside": (["Authorization: Bearer \0{token}"], "/images/", (400, 401)),
    "10 kB": (["Authorization: Bearer {token}" + "0" * 10_000], "/images/", (401, 431)),
    "10 kB of the form": (["Authorization: Bearer crc_" + "0" * 10_000], "/images/", (401, 431)),
    "twice": ([BEARER, BEARER], "/images/", (400, 401)),
    "twice, another": ([BEARER, "Authorization: Bearer {foreign}"], "/images/", (400, 401)),
    "twice in one": ([BEARER + ", Bearer {token}"], "/images/", 401),
    "in the query": ([], "/images/?token={token}", 400),
    "in the query as well": ([BEARER], "/images/?x={token}", 400),
    "as a user": (["Authorization: Basic {token}"], "/images/", 401),
    "as a cookie": (["Cookie: circles={token}"], "/images/", 401),
    "of a proxy": (["Remote-User: root", "Remote-Groups: staff"], "/images/", 401),
    "of a wrong proxy": (
        ["Remote-User: root", "Remote-Groups: staff", f"Circles-Proxy-Secret: {PROXY_SECRET}x"],
        "/images/",
        401,
    ),
    "of a proxy, underscored": (
        ["Remote_User: root", f"Circles_Proxy_Secret: {PROXY_SECRET}"], "/images/", 401,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_wrong_credentials_are_refused(functions, token, foreign, case):
    headers, path, expected = WRONG[case]
    headers = [each.format(token=token, foreign=foreign) for each in headers]

    status, answer = ask(functions["list"], *headers, path=path.format(token=token))

    assert status in (expected if isinstance(expected, tuple) else (expected,)), answer
    assert token.rpartition("_")[2] not in answer


def test_right_credentials_are_accepted(functions, token):
    proxy = ["Remote-User: bo", "Remote-Groups: staff", f"Circles-Proxy-Secret: {PROXY_SECRET}"]

    assert ask(functions["list"], BEARER.format(token=token))[0] == 200
    assert ask(functions["list"], *proxy)[0] == 200


def sign_in(functions, token):
    headers = {"Authorization": f"Bearer {token}"}
    response = requests.post(f"{functions['upload'].url}/session", headers=headers, timeout=60)
    assert response.status_code == 201
    return response.headers["Set-Cookie"].partition(";")[0]


def test_cookie_is_tied_to_host_and_origin(functions, token):
    cookie, upload = sign_in(functions, token), functions["upload"]
    own = urlsplit(upload.url).netloc

    def change(host, *headers):
        lines = [f"POST /tokens/ HTTP/1.1\nHost: {host}\nConnection: close\nCookie: {cookie}",
                 "Content-Type: application/json\nContent-Length: 2", *headers]  # fmt: skip
        return exchange(upload, "\n".join(lines).encode(), b"{}")[0]

    assert change(own, f"Origin: http://{own}") == 400  # it was let in, and says nothing
    assert change(own) == 403
    for origin in ("null", "https://evil.example", f"http://{own}.evil.example"):
        assert change(own, f"Origin: {origin}") == 403
    assert change("evil.example", "Origin: http://evil.example") == 403
    assert ask(functions["list"], f"Cookie: {cookie}", host="evil.example")[0] == 403
    assert ask(functions["list"], f"Cookie: {cookie}")[0] == 200
    for changed in (cookie + "0", cookie[:-1], cookie.replace("crs_", "crs_0"), cookie + "; a=b"):
        status = ask(functions["list"], f"Cookie: {changed}")[0]
        assert status == (200 if changed.endswith("a=b") else 401)


def test_no_session_begins_at_an_unknown_host(functions, token):
    head = f"POST /session HTTP/1.1\nHost: evil.example\n{BEARER}\nContent-Length: 0"
    status, answer = exchange(
        functions["upload"], (head.format(token=token) + "\nConnection: close").encode()
    )

    assert status == 403
    assert "Set-Cookie" not in answer


def test_clocks_may_differ(functions, folder):
    """A token of a machine whose clock is ahead is valid; one that has expired here is not."""
    text = create(folder / "data", "--days", "1")
    header = BEARER.format(token=text)

    def move(**columns):
        with contextlib.closing(sqlite3.connect(folder / "data/catalogue.db")) as connection:
            for name, by in columns.items():
                moment = (datetime.now(UTC) + by).isoformat(timespec="microseconds")
                connection.execute(f"UPDATE tokens SET {name} = ? WHERE token_id = ?",
                                   [moment, text.split("_")[1]])  # fmt: skip
            connection.commit()
        return ask(functions["list"], header)[0]

    assert move(created_at=timedelta(hours=3), used_at=timedelta(hours=3)) == 200
    assert move(expires_at=timedelta(seconds=-1)) == 401


def test_token_revoked_while_a_body_arrives_is_refused(functions, folder, token):
    """It is checked when the body has arrived, so nothing is stored for it."""
    text, data = create(folder / "data"), png()
    head = f"POST /images/ HTTP/1.1\nHost: 127.0.0.1\n{BEARER}\nContent-Type: image/png"
    head = head.format(token=text) + f"\nContent-Length: {len(data)}\nConnection: close\n\n"
    address = urlsplit(functions["upload"].url)
    with socket.create_connection((address.hostname, address.port), timeout=60) as connection:
        connection.sendall(head.replace("\n", "\r\n").encode() + data[:-10])
        tokens(folder / "data", "revoke", text.split("_")[1])
        connection.sendall(data[-10:])
        answer = b"".join(iter(lambda: connection.recv(65536), b""))

    assert answer.split(b" ", 2)[1] == b"401"
    assert Volume(folder / "data").blobs() == []
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "image/png"}
    url = f"{functions['upload'].url}/images/"
    assert requests.post(url, data=data, headers=headers, timeout=60).status_code == 200
    assert len(Volume(folder / "data").blobs()) == 1


def test_absent_catalogue_lets_nobody_in(tmp_path, token):
    """A folder is where the file should be: nothing can be read, and nothing is open."""
    catalogue = tmp_path / "catalogue.db"
    catalogue.mkdir()
    process = Function("list", tmp_path / "log", data_dir=tmp_path, **SETTINGS)
    try:
        process.wait_for(lambda: answers(f"{process.url}/health/liveness"), "the function")
        shut = [ask(process, *headers)[0] for headers in ([BEARER.format(token=token)], [])]
        catalogue.rmdir()
        text = create(tmp_path)
        opened = [ask(process, BEARER.format(token=each))[0] for each in (text, token)]
    finally:
        process.stop()

    assert shut == [503, 401]
    assert opened == [200, 401]
