"""Send single HTTP requests to a server on this machine."""

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bench.harness.pictures import draw_jpeg

TIMEOUT_S = 60.0
_BOUNDARY = "5f0ce8a69d0a4b52"


@dataclass(frozen=True)
class Request:
    """One request to a server."""

    method: str
    path: str
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """The response, read to its end."""

    status: int
    body: bytes

    def document(self) -> Any:
        """Return the JSON of the body. Raises RuntimeError unless the status is 200."""
        if self.status != 200:
            raise RuntimeError(f"{self.status}: {self.body[:300]!r}")
        return json.loads(self.body)


def connect(port: int) -> http.client.HTTPConnection:
    """Return a connection that stays open between requests."""
    return http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)


def send(port: int, request: Request) -> Answer:
    """Send one request on a connection of its own. Raises OSError."""
    connection = connect(port)
    try:
        return ask(connection, request)
    finally:
        connection.close()


def ask(connection: http.client.HTTPConnection, request: Request) -> Answer:
    """Send a request on an open connection and read the response. Raises OSError."""
    connection.request(request.method, request.path, request.body, dict(request.headers))
    response = connection.getresponse()
    return Answer(response.status, response.read())


def build_upload() -> Request:
    """Return an upload as a browser sends it: field "file" in multipart/form-data."""
    head = f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="discs.jpg"\r\n'
    head += "Content-Type: image/jpeg\r\n\r\n"
    body = head.encode() + draw_jpeg() + f"\r\n--{_BOUNDARY}--\r\n".encode()
    headers = {"Content-Type": f"multipart/form-data; boundary={_BOUNDARY}"}
    return Request("POST", "/images/", body, headers)
