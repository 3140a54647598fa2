"""
Bounds how long a response may take, its head included, however slowly a server drips it.

requests' own timeout starts anew with every packet. The five classes are urllib3's public hooks for a connection of
one's own.
"""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.response import HTTPResponse


@contextmanager
def cut_off(after_s: float, end: Callable[[], None]) -> Iterator[None]:
    """End a read that is still waiting then: requests' own timeout counts only the silence between two packets."""

    def end_the_read() -> None:
        with suppress(ValueError, RuntimeError, OSError):  # it has just ended by itself
            end()

    cut = threading.Timer(max(after_s, 0), end_the_read)
    cut.daemon = True
    cut.start()
    try:
        yield
    finally:
        cut.cancel()


class _InTime(HTTPConnection):
    """Has a head of an answer within its timeout, however slowly it drips."""

    def getresponse(self) -> HTTPResponse:  # type: ignore[override] # as urllib3 itself has it
        waiting, after_s = self.sock, self.timeout
        assert waiting and isinstance(
            after_s, int | float
        )  # it has asked, and every call here has a timeout
        with cut_off(after_s, lambda: waiting.shutdown(socket.SHUT_RDWR)):
            return super().getresponse()


class _InTimeTls(_InTime, HTTPSConnection):
    """The same over TLS."""


class _Pool(HTTPConnectionPool):
    ConnectionCls = _InTime


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _InTimeTls


class DeadlineAdapter(HTTPAdapter):
    """Make connections whose responses begin in time."""

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}
