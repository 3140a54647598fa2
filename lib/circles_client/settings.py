"""Settings of the client. Only this module reads the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from circles_client.errors import SettingsError

DEFAULT_URL = "http://127.0.0.1:8080"
"""Where `make run` listens."""

VARIABLES = ("CIRCLES_URL", "CIRCLES_TOKEN")
"""All variables that the client reads."""


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """
    Where the server is, and the token it takes.

    url: http or https, without a slash at its end. token: None where access is open.
    """

    url: str = DEFAULT_URL
    token: str | None = field(default=None, repr=False)

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> "ClientSettings":
        """Read the variables that are not empty. Raises SettingsError."""
        url, token = (env.get(name, "").strip() for name in VARIABLES)
        return cls(parse_url(url or DEFAULT_URL), parse_token(token) if token else None)


def parse_url(text: str) -> str:
    """Return the address of a server without its last slash. Raises SettingsError."""
    try:
        parts = urlsplit(text)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable or parts.query or parts.fragment or not text.isprintable() or " " in text:
        raise SettingsError(f"CIRCLES_URL must be like https://circles.example, not {text!r}.")
    if parts.username is not None:
        raise SettingsError("CIRCLES_URL must not hold a password: the token is CIRCLES_TOKEN.")
    return text.rstrip("/")


def parse_token(text: str) -> str:
    """Return a token as it fits into a header. Raises SettingsError, without showing it."""
    token = text.strip()
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise SettingsError("The token must be one word of visible ASCII characters.")
    return token
