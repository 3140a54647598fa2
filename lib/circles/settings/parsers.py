"""
Parse settings from text.

A parser raises ValueError with words that follow the variable's name.
"""

import base64
import json
import re
from collections.abc import Callable
from typing import Annotated

from circles.domain.access.principals import parse_scopes
from circles.domain.errors import Malformed


def one_of(*choices: str) -> Callable[[str], str]:
    """Return a parser of these words."""

    def parse(text: str) -> str:
        if text not in choices:
            raise ValueError(f"must be one of {', '.join(choices)}")
        return text

    return parse


def matching(pattern: str, words: str) -> Callable[[str], str]:
    """Return a parser of texts that a pattern matches as a whole."""

    def parse(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(words)
        return text

    return parse


def above_zero(kind: type[int] | type[float]) -> Callable[[str], float]:
    """Return a parser of finite numbers above 0."""

    def parse(text: str) -> float:
        number = kind(text)
        if not 0 < number < float("inf"):
            raise ValueError("must be a number above 0")
        return number

    return parse


Seconds = Annotated[float, above_zero(float)]
Count = Annotated[int, above_zero(int)]


def score(text: str) -> float:
    """Parse a score from 0 to 1."""
    value = float(text)
    if not 0 <= value <= 1:
        raise ValueError("must be a number from 0 to 1")
    return value


def score_or_none(text: str) -> float | None:
    """Parse a score from 0 to 1, or none."""
    try:
        return None if text == "none" else score(text)
    except ValueError as error:
        raise ValueError("must be a number from 0 to 1, or none") from error


def is_loopback(host: str) -> bool:
    """Return whether only programs of this machine reach an address (RFC 6890)."""
    return host in ("localhost", "::1") or bool(re.fullmatch(r"127(\.\d{1,3}){3}", host))


def host_names(text: str) -> tuple[str, ...]:
    """Parse names of hosts, without ports. .example.com stands for all below it."""
    names = tuple(text.lower().split())
    if not all(re.fullmatch(r"\.?[a-z0-9-]+(\.[a-z0-9-]+)*|[0-9a-f:]+", name) for name in names):
        raise ValueError("must be names such as circles.example.com, separated by spaces")
    return names


header_name = matching(r"[A-Za-z][A-Za-z0-9-]*", "must be the name of a header such as Remote-User")


def group_scopes(text: str) -> tuple[tuple[str, frozenset[str]], ...]:
    """Parse pairs of a group and its scopes."""
    pairs = [pair.partition("=") for pair in text.split()]
    try:
        return tuple((group, parse_scopes(scopes.split(","))) for group, _, scopes in pairs)
    except Malformed as error:
        raise ValueError("must be pairs such as staff=images:read,images:write") from error


def flag(text: str) -> bool:
    """Parse true or false."""
    return one_of("true", "false")(text) == "true"


def key_prefix(text: str) -> str:
    """Parse a folder of the bucket. It may not hold our own blobs, which would return as events."""
    segments = text.split("/")
    if (
        segments[-1]
        or any(segment in ("", ".", "..") for segment in segments[:-1])
        or segments[0] in ("", "images")
    ):
        raise ValueError("must be a folder of the bucket such as incoming/, and not below images/")
    return text


def result_prefix(text: str) -> str:
    """Parse a folder of the bucket that holds nothing else of ours."""
    if key_prefix(text).split("/")[0] in ("derived", "exports"):
        raise ValueError("must not be below derived/ or exports/")
    return text


reverse_dns = matching(
    r"[a-z0-9-]+(\.[a-z0-9-]+)*", "must be a reversed DNS name such as org.example"
)
"""The beginning of a CloudEvents type."""

uri_reference = matching(
    r"[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+",
    "must be a URI reference such as /circles (RFC 3986)",
)
"""A CloudEvents source."""


def http_url(text: str) -> str:
    """Parse a URL and keep it as it is: a trailing slash may matter."""
    if not text.startswith(("http://", "https://")):
        raise ValueError("must begin with http:// or https://")
    return text


def http_base(text: str) -> str:
    """Parse a URL to which paths are appended."""
    return http_url(text).rstrip("/")


def http_urls(text: str) -> tuple[str, ...]:
    """Parse URLs separated by white space, each once."""
    return tuple(dict.fromkeys(http_url(url) for url in text.split()))


def ce_overrides(text: str) -> tuple[tuple[str, str], ...]:
    """
    Parse {"extensions": {"name": "value"}}.

    The form is that of CloudEventOverrides (knative.dev/pkg apis/duck/v1).
    """
    try:
        extensions = json.loads(text).get("extensions") or {}
        pairs = tuple(sorted(extensions.items()))
    except (ValueError, AttributeError) as error:
        raise ValueError('must be JSON such as {"extensions": {"name": "value"}}') from error
    if not all(
        re.fullmatch("[a-z0-9]{1,20}", name) and isinstance(value, str) for name, value in pairs
    ):
        raise ValueError(
            "extensions have names of 1 to 20 letters a to z and digits, and text as values"
        )
    return pairs


def standard_webhooks_secret(text: str) -> str:
    """Parse a symmetric secret of Standard Webhooks 1.0."""
    try:
        key = (
            base64.b64decode(text.removeprefix("whsec_"), validate=True)
            if text.startswith("whsec_")
            else b""
        )
    except ValueError:
        key = b""
    if not 24 <= len(key) <= 64:
        raise ValueError("must be whsec_ and the base64 of 24 to 64 random bytes")
    return text
