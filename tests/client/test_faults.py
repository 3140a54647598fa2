"""Test what the client says of servers that fail, refuse, or are something else."""

import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from circles_client import Client, NotAllowed, NotCircles, Problem, Unreachable
from circles_client.files.find import Found
from circles_client.uploading import Uploads
from tests.client.conftest import documents
from tests.client.pictures import fill

LOGIN_PAGE = ("200 OK", "text/html", b"<title>Sign in</title>")
PROBLEM = {"type": "urn:circles:problem:unauthorized", "title": "Unauthorized", "status": 401,
           "detail": "Send a token in Authorization: Bearer.", "instance": "urn:x"}  # fmt: skip


def answer(status, content_type, body, **headers):
    """Return a WSGI application that always answers this."""

    def application(environ, start_response):
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        more = [(name.replace("_", "-"), text) for name, text in headers.items()]
        lengths = [("Content-Type", content_type), ("Content-Length", str(len(body)))]
        start_response(status, [*lengths, *more])
        return [body]

    return application


def refusal(status=401, **more):
    body = json.dumps({**PROBLEM, "status": status, **more}).encode()
    return answer(f"{status} No", "application/problem+json", body)


@pytest.mark.parametrize("other", [LOGIN_PAGE, ("404 No", "text/html", b""), ("200 OK", "", b"hi")])
def test_other_server_is_named(run, site, other):
    site.refuse = answer(*other)
    done = run("list")

    assert done.exit_code == 1
    assert done.stderr.startswith(f"circles: {site.url} is not Circles")
    assert done.stderr.endswith("Is CIRCLES_URL right?\n")
    assert len(done.stderr.splitlines()) == 1


def test_redirect_is_named_and_not_followed(run, site, tmp_path):
    [path] = fill(tmp_path, 1)
    site.refuse = answer("301 Moved", "text/html", b"", Location="https://circles.example/")
    done = run("upload", path)

    assert done.exit_code == 1
    assert "redirects to https://circles.example/" in done.stderr
    assert site.requests == [("GET", "/images/")]


def test_answer_that_breaks_off_is_told(run, site):
    site.refuse = answer("200 OK", "application/json", b'{"images": [')

    assert "is not whole" in run("list").stderr


@pytest.mark.parametrize("status", [401, 403])
def test_refused_token_is_4_and_stops_an_upload(run, site, tmp_path, status):
    """Check 7 of a user: a wrong token."""
    fill(tmp_path, 40)
    functions, asked = site._functions["list"], []

    def expire(environ, start_response):
        asked.append(environ)
        served = functions if len(asked) <= 3 else refusal(status)
        return served(environ, start_response)

    site._functions["list"] = expire
    done = run("upload", tmp_path, "--json")

    assert done.exit_code == 4
    assert PROBLEM["detail"] in done.stderr
    assert ("CIRCLES_TOKEN" in done.stderr) == (status == 401)
    states = [each["state"] for each in documents(done)]
    assert states.count("uploaded") == 3
    assert states.count("skipped") > 25
    assert len(asked) < 12


def test_token_is_sent_and_not_shown(run, site, monkeypatch):
    seen = []
    site.refuse = lambda environ, start: seen.append(environ) or refusal(403)(environ, start)
    monkeypatch.setenv("CIRCLES_TOKEN", "crc_secret")
    first = run("list")
    second = run("--token-stdin", "list", input="crc_other\n")

    assert [each["HTTP_AUTHORIZATION"] for each in seen] == [
        "Bearer crc_secret",
        "Bearer crc_other",
    ]
    assert "secret" not in first.output + repr(vars(Client(site.url, "crc_secret")._http._session))
    assert second.exit_code == 4


@pytest.mark.parametrize("token", ["", "two words", "é", "a\x00b"])
def test_token_that_is_none_is_usage(run, token):
    done = run("--token-stdin", "list", input=token)

    assert done.exit_code == 2
    assert "visible ASCII" in done.stderr


@pytest.mark.parametrize("url", ["circles.example", "ftp://a", "http://", "http://u:secret@a",
                                 "http://a?b", "http://a:99999", "http://a b"])  # fmt: skip
def test_address_that_is_none_is_usage(run, monkeypatch, url):
    monkeypatch.setenv("CIRCLES_URL", url)
    done = run("list")

    assert done.exit_code == 2
    assert "CIRCLES_URL must" in done.stderr
    assert "secret" not in done.stderr


def test_password_of_netrc_is_not_sent(run, site, tmp_path, monkeypatch):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login a password b\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    seen = []
    site.refuse = lambda environ, start: seen.append(environ) or refusal()(environ, start)
    run("list")

    assert "HTTP_AUTHORIZATION" not in seen[0]


def test_no_server_is_told_at_once(run, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    monkeypatch.setenv("CIRCLES_URL", f"http://127.0.0.1:{port}")
    done = run("list")

    assert done.exit_code == 1
    assert (
        done.stderr == f"circles: http://127.0.0.1:{port} cannot be reached: Connection refused.\n"
    )


def test_network_that_goes_away_stops_the_rest(tmp_path):
    """Every connection is closed without an answer, after two files that were there."""
    known = {"image_id": "1", "status": "detected", "sha256": "", "object_count": 0}
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            if len(asked) > 2:
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            sha256 = self.path.partition("sha256=")[2].partition("&")[0]
            body = json.dumps({"images": [{**known, "sha256": sha256}], "next": None}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    paths = fill(tmp_path, 30)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            with Client(f"http://127.0.0.1:{server.server_port}", retries=1) as client:
                uploads = Uploads(client, jobs=2)
                states = [sent.state for sent in uploads.send(map(Found, paths))]
        finally:
            server.shutdown()
            thread.join()

    assert isinstance(uploads.stopped_by, Unreachable)
    assert states.count("present") == 2
    assert states.count("skipped") > 20
    assert len(states) == 30


def test_busy_server_is_asked_again(site, tmp_path):
    [path] = fill(tmp_path, 1)
    keys, functions = [], site._functions["upload"]

    def busy_at_first(environ, start_response):
        keys.append(environ["HTTP_IDEMPOTENCY_KEY"])
        busy = answer("503 Busy", "application/problem+json", b"{}", Retry_After="0")
        return (functions if len(keys) > 2 else busy)(environ, start_response)

    site._functions["upload"] = busy_at_first
    with Client(site.url, retries=3) as client:
        list(client.images())
        image = client.upload(path)

    assert image["status"] == "detected"
    assert len(keys) == 3
    assert len(set(keys)) == 1


def test_errors_have_status_and_code(client, site):
    with pytest.raises(Problem) as caught:
        client.image("01890a5d-ac96-774b-bcce-b302099a8057")

    assert (caught.value.status, caught.value.code) == (404, "not-found")
    assert caught.value.document["title"]
    assert issubclass(NotAllowed, Problem)
    assert not issubclass(NotCircles, Problem)
