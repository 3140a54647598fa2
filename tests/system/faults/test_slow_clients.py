"""Silent and dripping clients, more than a function keeps: they end, and nothing waits for them."""

import contextlib
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from circles.serve.listener import MAX_CONNECTIONS
from circles.settings import Settings
from tests.functions.pictures import png
from tests.system.clients import Client
from tests.system.processes import wait_for

METHODS = ("GET", "PUT", "POST")
SILENT = DRIPPING = MAX_CONNECTIONS // 2 + 10
"""Together more than a function's limit."""

ENDED_S = 40
SOON_S = 5
"""Far more than it takes (tenths of a second), because the machine may be busy."""


class SlowClients:
    """Silent connections, and ones that send a byte every half second."""

    def __init__(self, url, path):
        self._address = (url.rpartition("/")[2].partition(":")[0], int(url.rpartition(":")[2]))
        self._done = threading.Event()
        self.silent = [self._start(path, number) for number in range(SILENT)]
        self.dripping = [self._start(path, number) for number in range(DRIPPING)]
        self._dripper = threading.Thread(target=self._drip)
        self._dripper.start()

    def _start(self, path, number):
        """Send a head without a body, a part of a head, or nothing, by turns."""
        method = METHODS[number % len(METHODS)]
        head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n"
        connection = socket.create_connection(self._address, 20)
        connection.sendall(head.encode()[: (len(head), 30, 0)[number // len(METHODS) % 3]])
        return connection

    def _drip(self):
        while not self._done.wait(0.5):
            for connection in self.dripping:
                with contextlib.suppress(OSError):
                    connection.sendall(b"x")

    def are_ended(self):
        """Whether the server has closed every connection."""
        return not [each for each in (*self.silent, *self.dripping) if not _is_ended(each)]

    def close(self):
        self._done.set()
        self._dripper.join()
        for connection in (*self.silent, *self.dripping):
            connection.close()


def _is_ended(connection):
    connection.setblocking(False)
    try:
        while connection.recv(4096):
            pass
        return True
    except BlockingIOError:
        return False
    except OSError:
        return True


@contextlib.contextmanager
def slow_clients(function, path):
    clients = SlowClients(function.url, path)
    try:
        yield clients
    finally:
        clients.close()


def took_s(call):
    began = time.monotonic()
    call()
    return time.monotonic() - began


@pytest.mark.timeout(150)
def test_slow_clients_delay_no_one(start, volume):
    upload, listing = start("upload", detector="fixed"), start("list")
    writer, reader = Client(upload.url), Client(listing.url)
    with slow_clients(upload, "/images/") as one, slow_clients(listing, "/images/") as two:
        for _ in range(5):
            assert took_s(lambda: reader.get("/images/", timeout=20)) < SOON_S
            assert took_s(lambda: writer.upload(png())) < SOON_S
            for client in (writer, reader):
                assert (
                    took_s(lambda client=client: client.get("/health/liveness", timeout=20))
                    < SOON_S
                )
        for clients in (one, two):
            wait_for(clients.are_ended, "the slow clients' end", ENDED_S)
    assert len(volume.rows("images")) == 5
    for function in (upload, listing):
        assert " 408 " in function.log


def test_probes_answer_during_a_predictor_outage(start, predictor):
    """More uploads wait than there are threads, for longer than the liveness probe's patience."""
    predictor.hold()
    threads = Settings().threads
    function = start(
        "upload", detector="kserve", predictor_url=predictor.url, predictor_timeout_s=20
    )
    client = Client(function.url)
    with ThreadPoolExecutor(threads + 4) as pool:
        uploads = [pool.submit(client.upload, png(shade=n)) for n in range(threads + 4)]
        wait_for(lambda: len(predictor.requests) == threads, "uploads that wait for the predictor")
        for _ in range(10):
            assert took_s(lambda: client.get("/health/liveness", timeout=20)) < SOON_S
            assert took_s(lambda: client.get("/health/readiness", timeout=20)) < SOON_S
        assert not any(each.done() for each in uploads)
        predictor.release()

        assert {each.result().status_code for each in uploads} == {200}


def test_sigterm_lets_requests_finish(start, predictor):
    predictor.hold()
    function = start("upload", detector="kserve", predictor_url=predictor.url)
    with ThreadPoolExecutor(1) as pool:
        upload = pool.submit(Client(function.url).upload, png())
        assert predictor.asked.wait(20)
        function.popen.terminate()
        wait_for(lambda: _is_refused(function), "the port to be closed")
        predictor.release()

        assert upload.result().json()["status"] == "detected"
    assert function.popen.wait(20) == 0


def _is_refused(function):
    try:
        socket.create_connection(("127.0.0.1", function.port), 5).close()
    except ConnectionRefusedError:
        return True
    return False
