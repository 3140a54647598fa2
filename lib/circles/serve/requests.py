"""Read a request, and let the application answer it."""

import time
from collections.abc import Callable, Collection
from typing import Any

from waitress.parser import HTTPRequestParser
from waitress.task import WSGITask
from waitress.utilities import BadRequest, Error

from circles.web.exchanges import RECEIVED_AT
from circles.web.routing import REFUSAL

TakesBody = Callable[[str, str, int | None, Collection[str]], bool]
"""
Returns, by method, path, size and names of headers, whether a body must be read.

A chunked one has no size.
"""

START_S = 10.0
LEAST_BYTES_PER_S = 16_000
LONGEST_S = 80.0
"""
A request has 10 s, one more second for each 16 kB received, and 80 s at most.

This is the rule of Apache's mod_reqtimeout (RequestReadTimeout body=10,MinRate=16000). 80 s end
before Knative's timeoutSeconds, 90.
"""

_FRAMING_BYTES, _FRAMING_SHARE = 16 * 1024, 32
"""Limit of chunk headers: 16 KiB and a 32nd of the data. Each chunk costs the loop some 10 µs."""

_JOINED_BYTES = 64 * 1024
"""Head and body of a response are sent together up to this size."""


class RequestTimeout(Error):  # type: ignore[misc]
    """The client sent too slowly."""

    code, reason = 408, "Request Timeout"


class TooBusy(Error):  # type: ignore[misc]
    """All bodies together are over their limit."""

    code, reason = 503, "Service Unavailable"


class RequestParser(HTTPRequestParser):  # type: ignore[misc]
    """
    Reads a request, without a body that the application will refuse.

    The application receives such a request with its Content-Length and an empty body.
    """

    body_rcv: Any  # waitress's receiver, None without a body

    # For the application, if the head cannot be read
    command, path, query, request_uri, url_scheme = "GET", "/", "", "/", "http"

    unread = False
    """Whether the client may still be sending what is not read."""

    def __init__(self, adj: Any, takes_body: TakesBody) -> None:
        super().__init__(adj)
        self._takes_body = takes_body
        self._checked = False
        self._received_bytes = 0
        self._began = self.completed_at = time.monotonic()

    def deadline(self) -> float:
        """Return when the request must be complete (time.monotonic())."""
        earned_s = self._received_bytes / LEAST_BYTES_PER_S
        return self._began + min(START_S + earned_s, LONGEST_S)

    def restart(self) -> None:
        """Restart the deadline after an earlier request of the connection."""
        self._began = time.monotonic()

    def received(self, data: bytes) -> int:
        """Parse data. Returns how many bytes belong to this request."""
        consumed: int = super().received(data)
        self._received_bytes += consumed
        if self.headers_finished and not self._checked:
            self._checked = True
            self._check_head()
        elif self.chunked and self._is_mostly_framing():
            self.refuse(BadRequest("The chunks are too small."))
        self.unread |= self.error is not None
        if self.completed:
            self.completed_at = time.monotonic()
            self.expect_continue = False  # otherwise waitress asks for a body
        return len(data) if self.unread else consumed

    def refuse(self, error: Error) -> None:
        """Stop reading, and answer the error."""
        self.error = error
        self.completed = self.unread = True

    def held_bytes(self) -> int:
        """Return the size of the body so far."""
        return 0 if self.body_rcv is None else len(self.body_rcv)

    def _check_head(self) -> None:
        if self.error:
            return
        coded = "TRANSFER_ENCODING" in self.headers  # waitress reads and removes it in HTTP/1.1
        if coded or (self.chunked and "CONTENT_LENGTH" in self.headers):
            # RFC 9112, section 6.1: HTTP/1.0 has no transfer codings, and two lengths may hide a
            # second request
            self.refuse(BadRequest("The body's length is ambiguous."))
        elif self.body_rcv is not None and not self._is_body_taken():
            self.close()
            self.body_rcv = None
            self.completed = self.unread = True

    def _is_body_taken(self) -> bool:
        size_bytes = None if self.chunked else self.content_length
        return self._takes_body(self.command, self.path, size_bytes, self.headers)

    def _is_mostly_framing(self) -> bool:
        data_bytes = self.held_bytes()
        framing_bytes = self.body_bytes_received - data_bytes
        return bool(framing_bytes > _FRAMING_BYTES + data_bytes / _FRAMING_SHARE)


class Task(WSGITask):  # type: ignore[misc]
    """Calls the application, also for a request that cannot be read."""

    wrote_header: bool

    def execute(self) -> None:
        if self.request.unread or self.channel.server.stopping:
            self.set_close_on_finish()
        super().execute()

    def write(self, data: bytes) -> None:
        """Send data, a small response in one system call with its head."""
        whole = data and self.content_length == len(data) <= _JOINED_BYTES and self.has_body
        if self.wrote_header or not whole:
            super().write(data)
            return
        head = self.build_response_header()
        self.wrote_header = True
        self.content_bytes_written += len(data)
        self.channel.write_soon(head + data)

    def get_environment(self) -> dict[str, Any]:
        """Return a WSGI environment with the original path. waitress merges slashes."""
        environ: dict[str, Any] = super().get_environment()
        environ["PATH_INFO"] = self.request.path
        environ[RECEIVED_AT] = self.request.completed_at
        if self.request.error:
            environ[REFUSAL] = self.request.error.code
        return environ
