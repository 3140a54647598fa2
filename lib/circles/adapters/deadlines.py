"""
Limit the total time of a response, including its headers.

requests' own timeout restarts with every packet. The classes of connections use urllib3's public
hooks for them.
"""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from heapq import heappop, heappush
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ProtocolError
from urllib3.response import HTTPResponse


class _Cut:
    """A call at a moment of time.monotonic(), until it is cancelled."""

    def __init__(self, at: float, end: Callable[[], None]) -> None:
        self.at = at
        self.end: Callable[[], None] | None = end

    def __lt__(self, other: "_Cut") -> bool:
        return self.at < other.at


class _Cuts:
    """
    Calls at their moments, in one thread that begins with the first.

    A threading.Timer for each request costs 0.2 ms of CPU. Cancelled calls stay in the queue until
    the thread wakes, so that the next request, whose moment is later, need not wake it.
    """

    def __init__(self) -> None:
        self._queue: list[_Cut] = []
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def add(self, cut: _Cut) -> None:
        with self._changed:
            heappush(self._queue, cut)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="cuts", daemon=True)
                self._thread.start()
            elif self._queue[0] is cut:
                self._changed.notify()

    def cancel(self, cut: _Cut) -> None:
        """Return once it is sure that end is not called any more: its socket may be used again."""
        with self._changed:
            cut.end = None

    def _run(self) -> None:
        with self._changed:
            while True:
                self._changed.wait(self._call_due())

    def _call_due(self) -> float | None:
        """Call what is due; return the seconds until the next call, None without one."""
        while self._queue:
            first, now = self._queue[0], time.monotonic()
            if first.end and first.at > now:
                return first.at - now
            heappop(self._queue)
            if first.end:
                with suppress(Exception):  # it has just ended on its own; later calls still come
                    first.end()
        return None


_cuts = _Cuts()


@contextmanager
def cut_off(after_s: float, end: Callable[[], None]) -> Iterator[None]:
    """
    Call end after after_s seconds, to end a waiting read. It must not wait itself.

    requests' own timeout limits only the time between two packets.
    """
    cut = _Cut(time.monotonic() + after_s, end)
    _cuts.add(cut)
    try:
        yield
    finally:
        _cuts.cancel(cut)


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
