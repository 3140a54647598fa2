"""
Refuse requests that another site's page makes in a browser.

A page of a name that resolves to this machine (DNS rebinding) shows its own name in Host. A page of
another site shows its own in Origin (RFC 6454).
"""

from collections.abc import Collection
from urllib.parse import urlsplit

from flask import Request

from circles.domain.access.principals import LOOPBACK
from circles.domain.errors import Forbidden

GATEWAY_HOST = "Circles-Host"
"""The Host of the gateway, which calls functions by others. Ingresses set X-Forwarded-Host anew."""

_SAFE = ("GET", "HEAD")


def check_host(request: Request, hosts: Collection[str]) -> None:
    """Raise Forbidden unless the request came to hosts that the operator has named."""
    for header in (request.headers.get("Host", ""), request.headers.get(GATEWAY_HOST)):
        if header is not None and not _is_named(header, hosts):
            raise Forbidden("This host is not one of CIRCLES_HOSTS; its operator can add it there.")


def check_origin(request: Request, *, is_required: bool) -> None:
    """Raise Forbidden if a page of another origin makes a request that changes something."""
    if request.method in _SAFE:
        return
    origin = request.headers.get("Origin")
    if origin is None and not is_required:
        return
    if urlsplit(origin or "").netloc.lower() != find_host(request):
        raise Forbidden("A cookie allows changes only to pages of this origin; send a token.")


def find_host(request: Request) -> str:
    """Return the name and port that the client called."""
    return (request.headers.get(GATEWAY_HOST) or request.headers.get("Host", "")).lower()


def is_loopback(request: Request) -> bool:
    """Return whether the client called this machine by a name that only it has."""
    return _is_named(find_host(request), LOOPBACK)


def _is_named(header: str, hosts: Collection[str]) -> bool:
    try:
        name = urlsplit(f"//{header}").hostname or ""
    except ValueError:
        return False
    return any(name.endswith(host) if host.startswith(".") else name == host for host in hosts)
