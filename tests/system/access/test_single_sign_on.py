"""Test docs/single-sign-on/Caddyfile with a provider, our gateway and a function."""

import contextlib
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests

from tests.system.processes import Function, Gateway, Process, answers, free_port

SECRET = "p" * 40
STAFF = {"Cookie": "signed-in=bo"}


class Provider(BaseHTTPRequestHandler):
    """An identity provider that knows its users by a cookie."""

    def do_GET(self):
        is_known = "signed-in=bo" in self.headers.get("Cookie", "")
        self.send_response(200 if is_known else 401)
        if is_known:
            self.send_header("Remote-User", "bo@example.com")
            self.send_header("Remote-Groups", "staff,others")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def provider():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="module")
def urls(tmp_path_factory):
    """Yield the URLs of the proxy and of the gateway behind it."""
    folder = tmp_path_factory.mktemp("single-sign-on")
    settings = {
        "access": "tokens",
        "data_dir": folder / "data",
        "detector": "fixed",
        "trusted_header": "Remote-User",
        "trusted_secret": SECRET,
        "trusted_groups": "staff=images:read,images:write admins=all",
    }
    with contextlib.ExitStack() as stack:
        functions = {}
        for name in ("upload", "list"):
            function = Function(name, folder / f"{name}.log", **settings)
            stack.callback(function.stop)
            functions[name] = function.wait_until_ready().url
        gateway = Gateway(folder / "gateway.log", functions)
        stack.callback(gateway.stop)
        gateway.wait_until_ready()
        port = free_port()
        proxy = Process(
            [Path(sys.executable).with_name("caddy"), "run", "--adapter", "caddyfile", "--config",
             "docs/single-sign-on/Caddyfile"],
            folder / "proxy.log", PORT=str(port), CIRCLES_TRUSTED_SECRET=SECRET,
            PROVIDER_ADDRESS=stack.enter_context(provider()),
            CIRCLES_GATEWAY=gateway.url.removeprefix("http://"),
        )  # fmt: skip
        stack.callback(proxy.stop)
        url = f"http://127.0.0.1:{port}"
        proxy.wait_for(lambda: _is_up(url), "the proxy")
        yield url, gateway.url


def _is_up(url):
    with contextlib.suppress(requests.ConnectionError):
        return requests.get(url, timeout=5).status_code == 401
    return False


def ask(url, method="GET", path="/whoami", **headers):
    return requests.request(method, url + path, headers=headers, timeout=30)


def test_provider_names_the_user_and_its_groups(urls):
    proxy, _ = urls

    told = ask(proxy, **STAFF).json()

    assert told["principal"] == "bo@example.com"
    assert told["scopes"] == ["images:read", "images:write"]


def test_stranger_is_sent_to_the_provider(urls):
    proxy, gateway = urls

    assert ask(proxy).status_code == 401
    assert ask(gateway).status_code == 401
    assert ask(gateway, **STAFF).status_code == 401


@pytest.mark.parametrize("place", ["proxy", "gateway"])
def test_headers_of_a_client_are_dropped(urls, place):
    url = urls[place == "gateway"]
    forged = {"Remote-User": "root", "Remote-Groups": "admins", "Circles-Proxy-Secret": "x" * 40}

    assert ask(url, **forged).status_code == 401
    if place == "proxy":
        told = ask(url, **STAFF, **forged).json()
        assert (told["principal"], told["scopes"]) == (
            "bo@example.com",
            ["images:read", "images:write"],
        )


def test_changes_need_the_origin_of_the_proxy(urls):
    proxy, _ = urls
    picture = {"file": ("a.png", b"not a picture")}

    def send(**headers):
        return requests.post(f"{proxy}/images/", files=picture, headers={**STAFF, **headers},
                             timeout=30).status_code  # fmt: skip

    assert send(Origin=proxy) == 415
    assert send(Origin="https://evil.example") == 403
    assert send() == 403


def test_scope_of_the_groups_is_checked(urls):
    proxy, _ = urls

    refused = ask(proxy, "GET", "/tokens/", **STAFF)

    assert refused.status_code == 403
    assert "tokens:admin" in refused.json()["detail"]


def test_programs_come_with_a_token(urls):
    proxy, _ = urls

    refused = ask(proxy, Authorization=f"Bearer crc_{'0' * 16}_{'0' * 64}")

    assert refused.status_code == 401
    assert refused.json()["type"] == "urn:circles:problem:unauthorized"
    assert not answers(f"{proxy}/whoami")
