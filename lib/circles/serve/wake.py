"""
Lets a predictor that is scaled to zero begin to start, before this process itself can serve.

A bare socket, because this runs before anything else of ours is imported: each millisecond that the predictor begins
earlier is one that the first upload waits less (bench/README.md).
"""

import socket
from urllib.parse import SplitResult, urlsplit

PORTS = {"http": 80, "https": 443}


def wake(url: str, timeout_s: float) -> None:
    """
    Ask a predictor for anything, wait until it begins to answer, at most timeout_s, and raise nothing if it does not.

    A GET is enough, whatever its path: Knative's activator holds it until a pod is ready (knative/serving
    cmd/activator/main.go).
    """
    target = urlsplit(url)
    request = f"GET {target.path or '/'} HTTP/1.1\r\nHost: {target.netloc}\r\nConnection: close\r\n\r\n"
    try:
        with _connected(target, timeout_s) as connection:
            connection.sendall(request.encode())
            connection.recv(1)
    except (OSError, ValueError):
        return  # the upload will see it, and say so


def _connected(target: SplitResult, timeout_s: float) -> socket.socket:
    """Raises OSError, and ValueError for a host that cannot be one."""
    plain = socket.create_connection((target.hostname, target.port or PORTS[target.scheme]), timeout_s)
    if target.scheme == "http":
        return plain
    from ssl import create_default_context

    return create_default_context().wrap_socket(plain, server_hostname=target.hostname)
