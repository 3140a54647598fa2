"""Check the senders of events by a token of ours, or by one that their cluster gave them."""

import hmac

from werkzeug.datastructures import Authorization

from circles.domain.access.principals import Access, AccessRules, Credentials, Principal
from circles.domain.access.senders import Senders
from circles.domain.errors import Unauthorized

_SENDER = Principal("events", frozenset())


def access_with(token: str, senders: Senders | None = None) -> Access:
    """
    Return what checks the sender of events by its token.

    The token is a Bearer token, or the password of Basic authentication, for senders that accept
    only a URL with user and password. It is compared in constant time. An empty token matches no
    request. Any other Bearer token is for senders to verify, if there are any.
    """

    def identify(credentials: Credentials) -> Principal:
        sent = Authorization.from_header(credentials.authorization)
        given = ((sent.token if sent.type == "bearer" else sent.password) if sent else None) or ""
        if token and hmac.compare_digest(given.encode("utf-8", "replace"), token.encode()):
            return _SENDER
        if senders and sent and sent.type == "bearer" and given:
            senders.verify(given)
            return _SENDER
        raise Unauthorized(
            "Send this function's token as Authorization: Bearer.", is_invalid=sent is not None
        )

    return Access(identify)


def access_of_broker(token: str, senders: Senders | None) -> Access:
    """Return what checks a Broker by a token or its identity. Without either it is let in."""
    if token or senders:
        return access_with(token, senders)
    return Access(lambda _: _SENDER, AccessRules(is_open=True))
