"""Build the JSON documents of principals and tokens."""

from typing import Any

from circles.domain.access.principals import Principal
from circles.domain.access.tokens import Token
from circles.formats.documents import format_moment


def principal_document(principal: Principal, *, is_open: bool) -> dict[str, Any]:
    """Return the sender of a request. principal is null while access is open."""
    return {
        "principal": principal.name,
        "scopes": sorted(principal.scopes),
        "access": "open" if is_open else "tokens",
        "expires": format_moment(principal.expires_at),
    }


def token_document(token: Token) -> dict[str, Any]:
    """Return the record of a token, without its secret."""
    return {
        "token_id": token.token_id,
        "principal": token.principal,
        "scopes": sorted(token.scopes),
        "created_at": format_moment(token.created_at),
        "created_by": token.created_by,
        "expires_at": format_moment(token.expires_at),
        "revoked_at": format_moment(token.revoked_at),
        "used_at": format_moment(token.used_at),
    }
