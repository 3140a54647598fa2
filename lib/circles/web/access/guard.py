"""Refuse a request whose sender is unknown or may not send it."""

from flask import Request

from circles.domain.access.principals import ANY, PUBLIC, Access, Principal
from circles.domain.errors import Forbidden, Malformed
from circles.web.access.credentials import read_credentials
from circles.web.access.hosts import check_host, check_origin

PRINCIPAL = "circles.principal"
"""Key of a WSGI environment: the Principal of a request that was allowed."""

_UNKNOWN = Principal(None, frozenset())


def check_access(request: Request, scope: str, access: Access) -> None:
    """
    Raise unless the sender may use a route with this scope.

    Raises:
        Malformed: the query has a token; URLs end up in logs and histories.
        Unauthorized: the sender is unknown.
        Forbidden: its token does not have the scope, or another site's page made the request.
        Unavailable: the token cannot be checked now.
    """
    if scope == PUBLIC:
        return
    if "crc_" in request.environ.get("QUERY_STRING", ""):
        raise Malformed("Send a token as Authorization: Bearer, never in a URL; revoke this one.")
    principal = access.identify(read_credentials(request, access.rules))
    if principal.is_ambient:
        check_host(request, access.rules.hosts)
        check_origin(request, is_required=principal.name is not None)
    if scope != ANY and scope not in principal.scopes:
        raise Forbidden(f"This needs a token with the scope {scope}.", scope)
    request.environ[PRINCIPAL] = principal


def get_principal(request: Request) -> Principal:
    """Return the sender of a request that was allowed."""
    principal: Principal = request.environ.get(PRINCIPAL, _UNKNOWN)
    return principal
