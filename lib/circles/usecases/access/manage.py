"""Create, import and revoke tokens."""

import secrets

from circles.domain.access.principals import parse_name, parse_scopes
from circles.domain.access.tokens import TOKEN, NewToken, Token, parse_secret
from circles.domain.errors import Malformed
from circles.domain.services import Services


def create_token(
    wanted: NewToken, services: Services, *, created_by: str | None = None
) -> tuple[str, Token]:
    """
    Store a new token, and return its text, which cannot be read again, and its record.

    Raises:
        Malformed: the name, the scopes or the expiry are not possible.
        Unavailable: the catalogue is unavailable; nothing was written.
    """
    text = new_token()
    return text, _store(text, wanted, services, created_by)


def import_token(text: str, wanted: NewToken, services: Services, *, replace: bool) -> bool:
    """
    Store a token that an operator has created, and return whether it is new here.

    Args:
        replace: a new token revokes those that had its name before.

    Raises:
        Malformed: the text is not a token, or another one has its id.
        Unavailable: the catalogue is unavailable; nothing was written.
    """
    token_id, digest = _parse(text)
    known = services.tokens.find(token_id)
    if known and known.digest != digest:
        raise Malformed("Another token has this id.")
    if known is None:
        if replace:  # first: after a crash in between, the token is still new
            _revoke_all_of(wanted.name, services)
        _store(text, wanted, services, None)
    return known is None


def revoke_token(token_id: str, services: Services) -> None:
    """Revoke a token, which ends its sessions. Raises NotFound, Unavailable."""
    services.tokens.revoke(token_id, now=services.now())


def new_token() -> str:
    """Return the text of a new token, which is stored nowhere."""
    token_id, secret = new_secret()
    return f"{TOKEN}_{token_id}_{secret}"


def new_secret() -> tuple[str, str]:
    """Return a random id of 64 bits and a secret of 256 bits."""
    return secrets.token_hex(8), secrets.token_hex(32)


def _revoke_all_of(name: str, services: Services) -> None:
    for token in services.tokens.all():
        if token.principal == name and not token.revoked_at:
            revoke_token(token.token_id, services)


def _store(text: str, wanted: NewToken, services: Services, created_by: str | None) -> Token:
    now = services.now()
    if wanted.expires_at is not None and wanted.expires_at <= now:
        raise Malformed("A new token expires in the future.")
    token_id, digest = _parse(text)
    token = Token(
        token_id,
        digest,
        parse_name(wanted.name),
        parse_scopes(wanted.scopes),
        created_at=now,
        expires_at=wanted.expires_at,
        created_by=created_by,
    )
    services.tokens.add(token)
    return token


def _parse(text: str) -> tuple[str, str]:
    named = parse_secret(text, TOKEN)
    if named is None:
        raise Malformed("This is not a token such as crc_0123456789abcdef_…")
    return named
