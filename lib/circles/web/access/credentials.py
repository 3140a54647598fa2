"""Read what a request identifies its sender with."""

from collections.abc import Collection

from flask import Request

from circles.domain.access.principals import AccessRules, Credentials, Forwarded

SECURE_COOKIE = "__Host-circles"
"""A browser takes this prefix only with Secure and without Domain (RFC 6265bis, section 4.1.3)."""

LOOPBACK_COOKIE = "circles"

PROXY_SECRET = "Circles-Proxy-Secret"


def read_credentials(request: Request, rules: AccessRules) -> Credentials:
    """Return the credentials of a request. Nothing is checked yet."""
    authorization = request.environ.get("HTTP_AUTHORIZATION")
    forwarded = _read_forwarded(request, rules) if rules.trusted_header else None
    return Credentials(authorization, _read_cookie(request), forwarded)


def has_credentials(names: Collection[str], rules: AccessRules) -> bool:
    """Return whether headers with these names, in upper case, could identify a sender."""
    wanted = {"AUTHORIZATION", "COOKIE", rules.trusted_header.upper()}
    return rules.is_open or any(name.replace("_", "-") in wanted for name in names)


def _read_cookie(request: Request) -> str | None:
    if "circles=" not in request.environ.get("HTTP_COOKIE", ""):
        return None
    cookies = request.cookies
    return cookies.get(SECURE_COOKIE) or cookies.get(LOOPBACK_COOKIE)


def _read_forwarded(request: Request, rules: AccessRules) -> Forwarded | None:
    user = request.headers.get(rules.trusted_header)
    if user is None:
        return None
    groups = request.headers.get(rules.groups_header, "")
    return Forwarded(user, groups, request.headers.get(PROXY_SECRET, ""))
