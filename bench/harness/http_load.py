"""
Load a server over keep-alive connections, each with the next request after a complete response.

By wrk if it is on the PATH, else by one thread of this process. wrk leaves more of a small machine
to the server; README.md compares the two.
"""

import re
import selectors
import shutil
import socket
import statistics
import subprocess
import time
from dataclasses import dataclass

CONNECTIONS = 16
_MILLISECONDS = {"us": 1e-3, "ms": 1.0, "s": 1e3}
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


@dataclass(frozen=True)
class Load:
    """The rate of requests, and how long single requests took."""

    requests_per_s: float
    p50_ms: float
    p99_ms: float


class _Connection:
    def __init__(self, port: int, request: bytes) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._request = request
        self._received = b""
        self._asked = 0.0

    def ask(self) -> None:
        self._received = b""
        self._asked = time.perf_counter()
        self.socket.sendall(self._request)

    def receive(self) -> float | None:
        """
        Read what has arrived. Return the seconds of the request once its response is complete.

        Raises ConnectionError unless it is a 200.
        """
        piece = self.socket.recv(256 * 1024)
        if not piece:
            raise ConnectionError("the server closed a connection")
        self._received += piece
        head, end, body = self._received.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if not end or length is None or len(body) < int(length[1]):
            return None
        if not head.startswith(b"HTTP/1.1 200"):
            raise ConnectionError(f"not a 200: {self._received[:300]!r}")
        return time.perf_counter() - self._asked


def load(port: int, path: str, *, duration_s: float) -> Load:
    """Request path on CONNECTIONS connections. Raises ConnectionError unless all are 200."""
    tool = load_with_wrk if shutil.which("wrk") else load_with_python
    return tool(port, path, duration_s)


def load_with_wrk(port: int, path: str, duration_s: float) -> Load:
    """Return the figures of wrk. The duration is rounded to seconds."""
    url = f"http://127.0.0.1:{port}{path}"
    duration = f"-d{max(round(duration_s), 1)}s"
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", duration, "--latency", url]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rate = re.search(r"Requests/sec:\s*([\d.]+)", text)
    if "Socket errors" in text or "Non-2xx" in text or rate is None:
        raise ConnectionError(text)
    percentiles = re.findall(r"(50|99)%\s+([\d.]+)(us|ms|s)", text)
    latency = {percent: float(n) * _MILLISECONDS[unit] for percent, n, unit in percentiles}
    return Load(float(rate[1]), latency["50"], latency["99"])


def load_with_python(port: int, path: str, duration_s: float) -> Load:
    """Return the figures of one thread with a selector."""
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: */*\r\n\r\n".encode()
    seconds: list[float] = []
    with selectors.DefaultSelector() as selector:
        began = time.perf_counter()
        for _ in range(CONNECTIONS):
            connection = _Connection(port, request)
            selector.register(connection.socket, selectors.EVENT_READ, connection)
            connection.ask()
        while (now := time.perf_counter()) < began + duration_s:
            for key, _ in selector.select(timeout=1):
                took_s = key.data.receive()
                if took_s is not None:
                    seconds.append(took_s)
                    key.data.ask()
        for key in list(selector.get_map().values()):
            key.data.socket.close()
    cuts = statistics.quantiles(seconds, n=100)
    return Load(len(seconds) / (now - began), cuts[49] * 1e3, cuts[98] * 1e3)
