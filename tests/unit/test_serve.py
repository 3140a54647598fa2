"""The functions' server: slow, silent and hostile clients, probes, and its end."""

import contextlib
import re
import socket
import threading
import time
from collections import Counter
from http.client import HTTPConnection
from io import BytesIO

import pytest

from circles.serve import connections, listener, requests
from circles.serve.listener import Listener
from circles.web.routing import REFUSAL

TIMEOUT_S = 20
LARGE = bytes(24 * 1024 * 1024)


class App:
    """A WSGI application that tells what it was asked; /wait blocks until it is let go."""

    def __init__(self):
        self.seen = []
        self.running = Counter()
        self.let_go = threading.Event()

    def __call__(self, environ, start_response):
        path = environ["PATH_INFO"]
        status = environ.get(REFUSAL, 200)
        body = environ["wsgi.input"].read()
        self.seen.append((path, status, body))
        self.running[path] += 1
        if "/wait" in path:
            assert self.let_go.wait(TIMEOUT_S)
        if path == "/file":
            start_response("200 OK", [("Content-Length", str(len(LARGE)))])
            return environ["wsgi.file_wrapper"](BytesIO(LARGE))
        answer = f"{status} {len(body)}".encode()
        start_response(f"{status} Status", [("Content-Length", str(len(answer)))])
        return [answer]


@pytest.fixture
def app():
    app = App()
    yield app
    app.let_go.set()


@pytest.fixture
def times(monkeypatch):
    """The server's times, a thirtieth of what they are, and 10 kB/s as the least rate."""
    monkeypatch.setattr(listener, "TICK_S", 0.05)
    for module in (requests, connections):
        monkeypatch.setattr(module, "START_S", 0.4)
        monkeypatch.setattr(module, "LEAST_BYTES_PER_S", 10_000)
    monkeypatch.setattr(requests, "LONGEST_S", 2.0)
    monkeypatch.setattr(connections, "UNREAD_S", 0.4)
    monkeypatch.setattr(connections, "DISCARDING_S", 0.4)


@pytest.fixture
def serve(app):
    """Start the server in a thread, and stop it at the end."""
    with contextlib.ExitStack() as stack:

        def start(**options):
            known = {"max_request_body_size": 100_001, "threads": 2}
            known |= {
                "takes_body": lambda method, *_: method == "POST",
                "is_quick": lambda _, path: path == "/quick",
            }
            server = Listener(app, host="127.0.0.1", port=0, **{**known, **options})
            server.thread = stack.enter_context(running(server, app, grace_s=5.0))
            return server

        yield start


@contextlib.contextmanager
def running(server, app, grace_s):
    """Run a server in a thread, and stop it and its threads at the end."""
    thread = threading.Thread(target=server.run, args=(grace_s,))
    thread.start()
    try:
        yield thread
    finally:
        app.let_go.set()
        server.stop()
        thread.join(TIMEOUT_S)
        server.task_dispatcher.shutdown()
        server.close()


@pytest.fixture
def server(serve):
    return serve()


@contextlib.contextmanager
def connected(server, data=b""):
    with socket.create_connection(
        ("127.0.0.1", int(server.effective_port)), TIMEOUT_S
    ) as connection:
        connection.sendall(data)
        yield connection


def answer(connection):
    """Return status and body of the next response, and leave what follows unread."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = connection.recv(1)
        assert byte, f"closed after {head!r}"
        head += byte
    length = int(re.search(rb"\r\nContent-Length: (\d+)", head)[1])
    body = connection.recv(length, socket.MSG_WAITALL) if length else b""
    return int(head.split()[1]), body


def ask(server, request):
    with connected(server, request) as connection:
        return answer(connection)


def get(server, path):
    client = HTTPConnection("127.0.0.1", int(server.effective_port), timeout=TIMEOUT_S)
    with contextlib.closing(client):
        client.request("GET", path)
        response = client.getresponse()
        return response.status, response.read()


def is_closed(connection):
    """Whether the server ends the connection, without more data, before the timeout."""
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


def wait_until(condition):
    deadline = time.monotonic() + TIMEOUT_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


# Whole requests


def test_body_arrives_before_the_application_is_called(server, app):
    with connected(server, b"POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\nab") as connection:
        assert get(server, "/other") == (200, b"200 0")
        assert app.seen == [("/other", 200, b"")]
        connection.sendall(b"cd")
        assert answer(connection) == (200, b"200 4")


def test_chunks_arrive_as_one_body(server, app):
    sent = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"

    assert ask(server, sent) == (200, b"200 5")
    assert app.seen[0][2] == b"abcde"


def test_pipelined_requests_are_answered_in_order(server):
    posts = b"".join(
        b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n%s" % (n, n * b"x") for n in range(1, 6)
    )

    with connected(server, posts) as connection:
        assert [answer(connection)[1] for _ in range(5)] == [b"200 %d" % n for n in range(1, 6)]


def test_path_arrives_as_it_was_sent(server, app):
    for path in ("//metrics", "/a//b", "/%2e%2e/x"):
        get(server, path)

    assert [path for path, _, _ in app.seen] == ["//metrics", "/a//b", "/../x"]


# Unread bodies


def test_refused_body_is_not_read(server, app):
    head = b"GET / HTTP/1.1\r\nContent-Length: 90000\r\n\r\n"
    with connected(server, head) as connection:
        connection.sendall(bytes(90_000))  # which must not break before the response was read

        assert answer(connection) == (200, b"200 0")
        assert is_closed(connection)
    assert app.seen == [("/", 200, b"")]


@pytest.mark.usefixtures("times")
def test_reading_on_after_a_refusal_ends(server):
    with connected(server, b"GET / HTTP/1.1\r\nContent-Length: 90000\r\n\r\n") as connection:
        answer(connection)
        wait_until(lambda: not server.active_channels)


def test_expected_body_is_asked_for(server):
    with connected(
        server, b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n"
    ) as connection:
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"x")
        assert answer(connection) == (200, b"200 1")


@pytest.mark.parametrize("rest", [b"PUT / HTTP/1.1\r\nContent-Length: 1\r\n", b"GET / HTTP/1.1\r\n",
                                  b"POST / HTTP/1.1\r\nContent-Length: 100001\r\n"])  # fmt: skip
def test_refused_body_is_not_asked_for(server, rest):
    with connected(server, rest + b"Expect: 100-continue\r\n\r\n") as connection:
        assert not connection.recv(100).startswith(b"HTTP/1.1 100")


POST = b"POST / HTTP/1.1\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"

REFUSED = {
    "no HTTP": (b"hello\r\n\r\n", 400),
    "a bare line end": (b"GET / HTTP/1.1\r\nA: b\nC: d\r\n\r\n", 400),
    "no length": (POST + b"Content-Length: x\r\n\r\n", 400),
    "two lengths": (POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
    "length and chunks": (POST + b"Content-Length: 1\r\n" + CHUNKED, 400),
    "chunks in HTTP/1.0": (b"POST / HTTP/1.0\r\n" + CHUNKED, 400),
    "another coding": (POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n", 501),
    "a long head": (b"GET / HTTP/1.1\r\nA: " + b"x" * 40_000, 431),
    "a long path": (b"GET /" + b"x" * 40_000, 431),
    "no chunk": (POST + CHUNKED + b"x\r\n", 400),
    "many tiny chunks": (POST + CHUNKED + b"1\r\nx\r\n" * 10_000, 400),
    "an endless chunk size": (POST + CHUNKED + b"1;" + b"x" * 20_000, 400),
    "too many bytes": (POST + b"Content-Length: 100001\r\n\r\n", 413),
    "too many chunks": (POST + CHUNKED + (b"4000\r\n" + bytes(0x4000) + b"\r\n") * 8, 413),
}


@pytest.mark.parametrize("case", REFUSED)
def test_application_words_what_the_server_refuses(server, app, case):
    sent, status = REFUSED[case]
    with connected(server) as connection:
        with contextlib.suppress(OSError):
            connection.sendall(sent)

        assert answer(connection) == (status, b"%d 0" % status) or case.startswith(
            ("many", "too many chunks")
        )
        assert app.seen[0][1] == status
        assert is_closed(connection)


def test_bodies_of_all_are_bounded(serve, monkeypatch):
    monkeypatch.setattr(listener, "MAX_BODIES_BYTES", 400_000)
    server = serve(inbuf_overflow=1000, max_request_body_size=1_000_000)
    head = b"POST / HTTP/1.1\r\nContent-Length: 350000\r\n\r\n"
    with connected(server, head + bytes(300_000)):
        wait_until(
            lambda: sum(each.held_bytes() for each in server.active_channels.values()) == 300_000
        )

        assert ask(server, head + bytes(350_000))[0] == 503
        assert ask(server, b"POST / HTTP/1.1\r\nContent-Length: 900\r\n\r\n" + bytes(900)) == (
            200,
            b"200 900",
        )


# Slow clients


@pytest.mark.usefixtures("times")
def test_silent_client_is_disconnected(server):
    with connected(server) as connection:
        assert is_closed(connection)


@pytest.mark.usefixtures("times")
@pytest.mark.parametrize(
    "sent", [b"G", b"GET / HTTP/1.1\r\n", b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nx"]
)
def test_client_that_stops_sending_gets_408(server, app, sent):
    with connected(server, sent) as connection:
        assert answer(connection)[0] == 408
        assert is_closed(connection)
    assert [status for _, status, _ in app.seen] == [408]


@pytest.mark.usefixtures("times")
@pytest.mark.parametrize(
    "head", [b"POST / HTTP/1.1\r\nContent-Length: 9000\r\n\r\n", b"GET / HTTP/1.1\r\nA: "]
)
def test_dripping_client_gets_408(server, head):
    with connected(server, head) as connection:
        with contextlib.suppress(OSError):
            for _ in range(400):
                connection.sendall(b"x")
                if server.application.seen:
                    break
                time.sleep(0.01)
        assert answer(connection)[0] == 408


@pytest.mark.usefixtures("times")
def test_client_above_the_least_rate_is_heard(server):
    """It takes longer than a client may that sends less."""
    with connected(server, b"POST / HTTP/1.1\r\nContent-Length: 20000\r\n\r\n") as connection:
        for _ in range(10):
            connection.sendall(bytes(2000))
            time.sleep(0.06)

        assert answer(connection) == (200, b"200 20000")


@pytest.mark.usefixtures("times")
def test_no_rate_extends_the_longest_time(server, monkeypatch):
    monkeypatch.setattr(requests, "LEAST_BYTES_PER_S", 1)
    with connected(
        server, b"POST / HTTP/1.1\r\nContent-Length: 90000\r\n\r\n" + bytes(80_000)
    ) as connection:
        assert answer(connection)[0] == 408


@pytest.mark.usefixtures("times")
def test_connection_with_an_answer_is_kept(server):
    with connected(server, b"GET / HTTP/1.1\r\n\r\n") as connection:
        answer(connection)
        time.sleep(0.8)  # twice what a new connection has

        connection.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert answer(connection)[0] == 200


@pytest.mark.usefixtures("times")
def test_waiting_request_loses_no_time(server, app):
    """A request that came in part behind one that takes long is not late because of that."""
    two = b"GET /wait HTTP/1.1\r\n\r\nPOST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nx"
    with connected(server, two) as connection:
        wait_until(lambda: app.running["/wait"])
        time.sleep(0.8)
        app.let_go.set()
        connection.sendall(b"y")

        assert [answer(connection), answer(connection)] == [(200, b"200 0"), (200, b"200 2")]


def test_client_that_does_not_read_is_disconnected(server, app, monkeypatch):
    monkeypatch.setattr(connections, "UNREAD_S", 0.4)
    with connected(server, b"GET /file HTTP/1.1\r\n\r\n"):
        wait_until(lambda: app.running["/file"])
        wait_until(lambda: not server.active_channels)


def test_clients_that_do_not_read_hold_no_thread(serve):
    server = serve(threads=1)
    with contextlib.ExitStack() as stack:
        for _ in range(5):
            stack.enter_context(connected(server, b"GET /file HTTP/1.1\r\n\r\n"))

        assert get(server, "/file") == (200, LARGE)


def test_out_of_band_data_ends_the_connection(server):
    with connected(server, b"GET / HTTP/1.1\r\n\r\n") as connection:
        answer(connection)
        connection.send(b"!", socket.MSG_OOB)

        assert is_closed(connection)


# Too many


def test_connections_are_bounded(server, app, monkeypatch):
    monkeypatch.setattr(listener, "MAX_CONNECTIONS", 5)
    with contextlib.ExitStack() as stack:
        busy = stack.enter_context(connected(server, b"GET /wait HTTP/1.1\r\n\r\n"))
        wait_until(lambda: app.running["/wait"])
        idle = [
            stack.enter_context(connected(server, data))
            for data in [b"", b"P", b"GET / HTTP/1.1\r\n"] * 5
        ]
        for _ in range(20):
            assert get(server, "/") == (200, b"200 0")

        assert len(server.active_channels) <= 5
        assert all(is_closed(connection) for connection in idle[:3])
        app.let_go.set()
        assert answer(busy) == (200, b"200 0")


def test_connection_beyond_busy_ones_is_closed(serve, app, monkeypatch):
    monkeypatch.setattr(listener, "MAX_CONNECTIONS", 2)
    server = serve(threads=2)
    with contextlib.ExitStack() as stack:
        busy = [
            stack.enter_context(connected(server, b"GET /wait HTTP/1.1\r\n\r\n")) for _ in range(2)
        ]
        wait_until(lambda: app.running["/wait"] == 2)
        with connected(server) as another:
            assert is_closed(another)
        app.let_go.set()

        assert [answer(each)[0] for each in busy] == [200, 200]


# Who waits for whom


def test_probes_do_not_wait_for_workers(server, app):
    with contextlib.ExitStack() as stack:
        for _ in range(6):
            stack.enter_context(connected(server, b"GET /wait HTTP/1.1\r\n\r\n"))
        wait_until(lambda: app.running["/wait"] == 2)

        for path in ("/health/liveness", "/health/readiness", "/metrics", "/quick"):
            assert get(server, path) == (200, b"200 0")
        assert ask(server, b"hello\r\n\r\n")[0] == 400


def test_liveness_waits_for_no_other_probe(server, app):
    with connected(server, b"GET /health/wait HTTP/1.1\r\n\r\n"):
        wait_until(lambda: app.running["/health/wait"])

        assert get(server, "/health/liveness") == (200, b"200 0")


def test_quick_requests_use_one_thread(server, app):
    server._is_quick = lambda method, path: True
    with contextlib.ExitStack() as stack:
        waiting = [
            stack.enter_context(connected(server, b"GET /wait HTTP/1.1\r\n\r\n")) for _ in range(3)
        ]
        wait_until(lambda: app.running["/wait"])
        time.sleep(0.05)
        assert app.running["/wait"] == 1
        app.let_go.set()

        assert [answer(each)[0] for each in waiting] == [200, 200, 200]


# The end


def test_requests_in_flight_finish(server, app):
    with connected(server, b"GET /wait HTTP/1.1\r\n\r\n") as connection, connected(server) as idle:
        wait_until(lambda: app.running["/wait"])
        server.stop()

        assert is_closed(idle)
        assert server.thread.is_alive()
        with pytest.raises(ConnectionRefusedError):
            get(server, "/")
        app.let_go.set()
        assert answer(connection) == (200, b"200 0")
        assert is_closed(connection)
    server.thread.join(TIMEOUT_S)
    assert not server.thread.is_alive()


def test_request_that_is_coming_is_answered(server):
    with connected(server, b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nx") as connection:
        wait_until(lambda: [each for each in server.active_channels.values() if each.request])
        server.stop()
        connection.sendall(b"y")

        assert answer(connection) == (200, b"200 2")


def test_grace_is_bounded(app):
    server = Listener(
        app, takes_body=lambda *_: True, is_quick=lambda *_: False, host="127.0.0.1", port=0
    )
    with running(server, app, grace_s=0.2) as thread:
        with connected(server, b"GET /wait HTTP/1.1\r\n\r\n") as connection:
            wait_until(lambda: app.running["/wait"])
            server.stop()

            assert is_closed(connection)
        thread.join(TIMEOUT_S)
        assert not thread.is_alive()
