"""Limit how long a client's connection may take."""

import socket
import time
from contextlib import suppress
from typing import Any

from waitress.channel import HTTPChannel
from waitress.utilities import Error

from circles.serve.requests import (
    LEAST_BYTES_PER_S,
    START_S,
    RequestParser,
    RequestTimeout,
    Task,
    TooBusy,
)

IDLE_S = 150.0
"""
How long a used connection is kept without a request.

Proxies keep theirs for less (Go's transport 90 s, Caddy 120 s). So the proxy closes it, and never
sends a request into a connection that is being closed.
"""

UNREAD_S = 30.0
"""How long a client may not read before the least rate applies to it."""

DISCARDING_S = 10.0
"""How long the rest of a refused request is read and discarded."""

_SMALL_PIECE, _LARGE_PIECE = 8 * 1024, 128 * 1024
"""How much is read at once. Heads and chunks are parsed in the loop while others wait."""


class Connection(HTTPChannel):  # type: ignore[misc]
    """waitress's channel with deadlines, which discards the rest of refused requests."""

    task_class = error_task_class = Task

    request: RequestParser | None
    close_when_flushed: bool

    def __init__(self, server: Any, *args: Any, **options: Any) -> None:
        super().__init__(server, *args, **options)
        self.parser_class = server.new_request
        self._idle_until = time.monotonic() + START_S
        self._sent_bytes = 0
        self._blocked: tuple[float, int] | None = None  # since when, and how much had been sent
        self._unread = False
        self._discard_until: float | None = None

    def deadline(self) -> float | None:
        """Return when to end it (time.monotonic()), None while the server is busy with it."""
        if self._discard_until is not None:
            return self._discard_until
        if self.total_outbufs_len:
            return self._reading_deadline()
        self._blocked = None
        request = self.request
        if self.requests:
            return None
        return self._idle_until if request is None else request.deadline()

    def end(self) -> None:
        """Answer 408 to an incomplete request, or else close."""
        if not self._refuse(RequestTimeout("The request came too slowly.")):
            self.handle_close()

    def held_bytes(self) -> int:
        """Return the size of its request bodies."""
        requests: list[RequestParser | None] = [*self.requests, self.request]
        return sum(request.held_bytes() for request in requests if request)

    def readable(self) -> bool:
        """Return whether to read from the client."""
        return self._discard_until is not None or super().readable()

    def writable(self) -> bool:
        """Return whether to write to the client, or to close."""
        return self._discard_until is None and bool(super().writable())

    def handle_read(self) -> None:
        """Read one piece."""
        try:
            data = self.recv(self._piece_bytes())
        except OSError:
            self.handle_close()
            return
        if data and self._discard_until is None:
            self.received(data)

    def received(self, data: bytes) -> bool:
        """Parse a piece. The request is refused if all bodies together are too large."""
        received: bool = super().received(data)
        request = self.request
        if request and request.held_bytes() > self.adj.inbuf_overflow and self.server.is_full():
            self._refuse(TooBusy("Too many bodies are being received."))
        return received

    def send(self, data: bytes, do_close: bool = True) -> int:
        """Send without waiting. Returns the number of bytes sent."""
        sent: int = super().send(data, do_close=do_close)
        self._sent_bytes += sent
        return sent

    def service(self) -> None:
        """Answer the first request. Called by a worker's thread."""
        self._unread |= self.requests[0].unread
        super().service()
        self._idle_until = time.monotonic() + IDLE_S
        with self.requests_lock:
            if self.request is not None:
                self.request.restart()

    def handle_write(self) -> None:
        """
        Send. After the response to an unread request, discard its rest.

        Closing with unread data resets the connection, and the client may lose its response (RFC
        9112, section 9.6).
        """
        last = self.close_when_flushed and self._unread
        if last:
            self.close_when_flushed = False
        super().handle_write()
        if not last or not self.connected:
            return
        if self.total_outbufs_len:
            self.close_when_flushed = True
            return
        self._discard_until = time.monotonic() + DISCARDING_S
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_WR)

    def handle_expt(self) -> None:
        """Close after out-of-band data: poll would report it endlessly."""
        self.handle_close()

    def handle_close(self) -> None:
        """Close, and release an incomplete request."""
        request, self.request = self.request, None
        if request is not None:
            request.close()
        super().handle_close()

    def _piece_bytes(self) -> int:
        request = self.request
        plain_body = request is not None and request.body_rcv is not None and not request.chunked
        return _LARGE_PIECE if plain_body or self._discard_until is not None else _SMALL_PIECE

    def _refuse(self, error: Error) -> bool:
        """Answer an incomplete request with the error. Returns False if there is none."""
        with self.requests_lock:
            request = self.request
            if request is None or self.requests or self._discard_until is not None:
                return False
            request.refuse(error)
            self.request = None
            self.requests.append(request)
            self.server.add_task(self)
            return True

    def _reading_deadline(self) -> float:
        if self._blocked is None:
            self._blocked = time.monotonic(), self._sent_bytes
        since, sent_then = self._blocked
        return since + UNREAD_S + (self._sent_bytes - sent_then) / LEAST_BYTES_PER_S
