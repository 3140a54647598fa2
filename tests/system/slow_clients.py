"""Slow clients: sockets that send part of a body, or drip."""

import selectors
import socket
import threading
import time
from urllib.parse import urlsplit

DRIP_S = 1.0


class SlowClient:
    """
    A connection that sends a request's head and part of its body.

    Attributes:
        answer: the bytes received so far.
        closed_s: seconds from opening until the server closed the connection, None before that.
    """

    def __init__(self, url, method, path, announced, *, first=b"", drips=False):
        address = urlsplit(url)
        length = f"Content-Length: {announced}"
        if announced is None:
            length = "Transfer-Encoding: chunked"
        head = f"{method} {path} HTTP/1.1\r\nHost: {address.netloc}\r\n{length}\r\n"
        self.what = f"{method} {path} {length}, {len(first)} bytes sent"
        self.drips, self.answer, self.closed_s = drips, b"", None
        self._unsent = memoryview(f"{head}Content-Type: image/png\r\n\r\n".encode() + first)
        self.opened = time.monotonic()
        self.socket = socket.create_connection((address.hostname, address.port), 60)
        self.socket.setblocking(False)

    @property
    def status(self):
        """Return the status of the answer, or 0."""
        return int(self.answer.split(b" ", 2)[1]) if self.answer else 0

    @property
    def events(self):
        """Return the selector events to wait for."""
        return selectors.EVENT_READ | (selectors.EVENT_WRITE if self._unsent else 0)

    def drip(self):
        """Queue one more byte."""
        if not self._unsent:
            self._unsent = memoryview(b"1")

    def send(self):
        try:
            self._unsent = self._unsent[self.socket.send(self._unsent) :]
        except BlockingIOError:
            pass
        except OSError:
            self._unsent = memoryview(b"")

    def receive(self):
        """Read what has arrived, and notice the end of the connection."""
        try:
            received = self.socket.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            received = b""
        self.answer += received
        if not received:
            self.closed_s = time.monotonic() - self.opened


class SlowClients:
    """A thread that runs slow clients until the context ends."""

    def __init__(self, make):
        self._make, self._ending, self._made = make, threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.clients = []

    def __enter__(self):
        self._thread.start()
        self._made.wait()
        return self

    def __exit__(self, *_):
        self._ending.set()
        self._thread.join()
        for client in self.clients:
            client.socket.close()

    @property
    def open(self):
        """Return the clients with an open connection."""
        return [client for client in self.clients if client.closed_s is None]

    def _run(self):
        try:
            self.clients = list(self._make())
        finally:
            self._made.set()
        with selectors.DefaultSelector() as selector:
            for client in self.clients:
                selector.register(client.socket, client.events, client)
            due = time.monotonic() + DRIP_S
            while not self._ending.wait(0.01):
                for key, events in selector.select(0.1):
                    _serve(selector, key.data, events)
                if time.monotonic() >= due:
                    due = time.monotonic() + DRIP_S
                    self._drip(selector)

    def _drip(self, selector):
        for client in self.open:
            if client.drips:
                client.drip()
                selector.modify(client.socket, client.events, client)


def _serve(selector, client, events):
    if events & selectors.EVENT_WRITE:
        client.send()
    if events & selectors.EVENT_READ:
        client.receive()
    if client.closed_s is None:
        selector.modify(client.socket, client.events, client)
    else:
        selector.unregister(client.socket)
