"""
Wake a predictor that is scaled to zero.

It uses a bare socket, because it runs before the slow imports: the first upload waits less by each
millisecond that the predictor starts earlier (bench/README.md).
"""

import socket
from urllib.parse import SplitResult, urlsplit

PORTS = {"http": 80, "https": 443}


def wake(url: str, timeout_s: float) -> None:
    """
    Send a request, and wait for the response to begin.

    Any GET will do: Knative's activator holds it until a pod is ready (knative/serving
    cmd/activator/main.go). Errors and a timeout are ignored.
    """
    target = urlsplit(url)
    request = (
        f"GET {target.path or '/'} HTTP/1.1\r\nHost: {target.netloc}\r\nConnection: close\r\n\r\n"
    )
    try:
        with _connect(target, timeout_s) as connection:
            connection.sendall(request.encode())
            connection.recv(1)
    except (OSError, ValueError):
        return  # the upload will report it


def _connect(target: SplitResult, timeout_s: float) -> socket.socket:
    """Return a socket. Raises OSError, and ValueError for an invalid host."""
    plain = socket.create_connection(
        (target.hostname, target.port or PORTS[target.scheme]), timeout_s
    )
    if target.scheme == "http":
        return plain
    from ssl import create_default_context

    return create_default_context().wrap_socket(plain, server_hostname=target.hostname)
