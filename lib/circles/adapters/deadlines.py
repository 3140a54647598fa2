"""
Limit the total time of a response, including its headers.

requests' own timeout restarts with every packet. The five classes use urllib3's public hooks for
custom connections.
"""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ProtocolError
from urllib3.response import HTTPResponse


@contextmanager
def cut_off(after_s: float, end: Callable[[], None]) -> Iterator[None]:
    """
    Call end after after_s seconds, to end a waiting read.

    requests' own timeout limits only the time between two packets.
    """

    def end_the_read() -> None:
        with suppress(ValueError, RuntimeError, OSError):  # it has just ended on its own
            end()

    cut = threading.Timer(max(after_s, 0), end_the_read)
    cut.daemon = True
    cut.start()
    try:
        yield
    finally:
        cut.cancel()


class _InTime(HTTPConnection):
    """Receives response headers within its timeout, even from a slow server."""

    def getresponse(self) -> HTTPResponse:  # type: ignore[override] # as urllib3 itself has it
        waiting, after_s = self.sock, self.timeout
        # the request was sent, and every call here has a timeout
        assert waiting and isinstance(after_s, int | float)
        with cut_off(after_s, lambda: waiting.shutdown(socket.SHUT_RDWR)):
            return super().getresponse()


class _InTimeTls(_InTime, HTTPSConnection):
    """The same over TLS."""


class _Pool(HTTPConnectionPool):
    ConnectionCls = _InTime


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _InTimeTls


class DeadlineAdapter(HTTPAdapter):
    """Creates connections that limit the time to the response headers."""

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}


def was_reset(error: Exception) -> bool:
    """Return whether a connection was made, but ended before a response."""
    return bool(error.args) and isinstance(error.args[0], ProtocolError)
