"""Identify the sender of a request by its token, its session, or a trusted proxy."""

import logging
from datetime import timedelta
from hmac import compare_digest

from circles.domain.access.principals import (
    EVERYBODY,
    Access,
    Credentials,
    Forwarded,
    Principal,
    parse_name,
)
from circles.domain.access.tokens import SESSION, TOKEN, Session, Token, parse_secret
from circles.domain.errors import Malformed, Unauthorized, Unavailable
from circles.domain.services import Services

log = logging.getLogger("circles")

USE_EXACT_TO = timedelta(hours=1)
"""A token's last use is stored at most once in this time."""

_HOW = "Send a token of this installation as Authorization: Bearer"
_NO_DIGEST = "0" * 64


def access(services: Services) -> Access:
    """Return what a function checks its requests with."""
    rules = services.access
    if rules.is_open:
        return Access(lambda _: EVERYBODY, rules)
    return Access(lambda given: identify(given, services), rules)


def identify(given: Credentials, services: Services) -> Principal:
    """
    Return the sender of a request.

    A token has precedence over a proxy's word, and that over a cookie. The last use is stored in
    the background, because a read must not wait for a write.

    Raises:
        Unauthorized: nothing identifies the sender, or what does is unknown, expired or revoked.
        Unavailable: the catalogue is unavailable, so that no token can be checked.
    """
    if given.authorization is not None:
        return _identify_by_token(given.authorization, services)
    if given.forwarded and _is_trusted(given.forwarded, services):
        return _identify_by_proxy(given.forwarded, services)
    if given.session is not None:
        return _identify_by_session(given.session, services)
    raise Unauthorized(f"{_HOW}.")


def _identify_by_token(authorization: str, services: Services) -> Principal:
    scheme, _, text = authorization.partition(" ")
    named = parse_secret(text.strip(" "), TOKEN) if scheme.lower() == "bearer" else None
    token = services.tokens.find(named[0]) if named else None
    if named is None or not _has_digest(token, named[1]) or token is None:
        raise Unauthorized(f"{_HOW}; this one is not known here.", is_invalid=True)
    _check_validity(token, services)
    if token.used_at is None or abs(services.now() - token.used_at) >= USE_EXACT_TO:
        token_id = token.token_id
        services.soon(lambda: _mark_used(token_id, services), key=f"use of token {token_id}")
    return Principal(
        token.principal, token.scopes, expires_at=token.expires_at, token_id=token.token_id
    )


def _identify_by_session(text: str, services: Services) -> Principal:
    named = parse_secret(text, SESSION)
    session = services.tokens.find_session(named[0]) if named else None
    if named is None or not _has_digest(session, named[1]) or session is None:
        raise Unauthorized("This session is not known here; sign in again.", is_invalid=True)
    if session.expires_at <= services.now():
        raise Unauthorized("This session has expired; sign in again.", is_invalid=True)
    token = session.token
    _check_validity(token, services)
    expires_at = min(session.expires_at, token.expires_at or session.expires_at)
    return Principal(
        token.principal, token.scopes, True, expires_at, token.token_id, session.session_id
    )


def _is_trusted(forwarded: Forwarded, services: Services) -> bool:
    secret = services.access.trusted_secret
    return bool(secret) and compare_digest(
        forwarded.secret.encode("utf-8", "replace"), secret.encode()
    )


def _identify_by_proxy(forwarded: Forwarded, services: Services) -> Principal:
    """Return the user that a proxy has signed in, with the scopes of its groups."""
    known = services.access.groups
    groups = (group.strip() for group in forwarded.groups.split(","))
    scopes = frozenset[str]().union(*(known.get(group, frozenset()) for group in groups))
    try:
        return Principal(parse_name(forwarded.user), scopes, is_ambient=True)
    except Malformed as error:
        raise Unauthorized("The proxy forwards a user without a valid name.") from error


def _has_digest(found: Token | Session | None, digest: str) -> bool:
    """Return whether the digest is right. It takes as long where nothing was found."""
    return compare_digest(found.digest if found else _NO_DIGEST, digest)


def _check_validity(token: Token, services: Services) -> None:
    """Raise Unauthorized for a token that was revoked or has expired."""
    if token.revoked_at is not None:
        raise Unauthorized("This token was revoked; send another.", is_invalid=True)
    if token.expires_at is not None and token.expires_at <= services.now():
        raise Unauthorized("This token has expired; send another.", is_invalid=True)


def _mark_used(token_id: str, services: Services) -> None:
    try:
        services.tokens.mark_used(token_id, now=services.now())
    except Unavailable as error:
        log.info("the last use of token %s is not stored: %s", token_id, error)
