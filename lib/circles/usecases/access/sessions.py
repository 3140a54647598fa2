"""Begin and end the session of a browser."""

from circles.domain.access.principals import Principal
from circles.domain.access.tokens import SESSION, Session, digest_secret
from circles.domain.errors import Forbidden, NotFound
from circles.domain.services import Services
from circles.usecases.access.manage import new_secret


def begin_session(principal: Principal, services: Services) -> tuple[str, Session]:
    """
    Store a session of a token, and return its text for a cookie, and its record.

    It ends after AccessRules.session_lifetime, or with its token.

    Raises:
        Forbidden: the sender has no token, or sent the cookie of another session.
        Unavailable: the catalogue is unavailable; nothing was written.
    """
    if principal.token_id is None or principal.session_id is not None:
        raise Forbidden("Begin a session with a token in Authorization: Bearer.")
    token = services.tokens.find(principal.token_id)
    if token is None:
        raise NotFound("There is no such token.")
    now = services.now()
    ends_at = now + services.access.session_lifetime
    session_id, secret = new_secret()
    digest = digest_secret(secret)
    session = Session(session_id, digest, token, min(ends_at, token.expires_at or ends_at))
    services.tokens.begin_session(session, now=now)
    return f"{SESSION}_{session_id}_{secret}", session


def end_session(principal: Principal, services: Services) -> None:
    """End the sender's session, if it has one. Raises Unavailable."""
    if principal.session_id is not None:
        services.tokens.end_session(principal.session_id)
