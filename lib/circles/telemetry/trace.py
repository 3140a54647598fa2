"""Carry the traceparent of W3C Trace Context from requests to events."""

import re
from contextvars import ContextVar

traceparent: ContextVar[str | None] = ContextVar("traceparent", default=None)
"""The traceparent of the current request, or None. Background work keeps that of its request."""

_FORM = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}"  # version and trace id
    r"-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?"  # parent id, flags, and what later versions add
)


def follow(given: str | None) -> None:
    """Continue the given trace, or none if it is malformed (Trace Context, section 3.2)."""
    is_valid = given and len(given) <= 200 and given.isascii() and _FORM.fullmatch(given)
    traceparent.set(given if is_valid else None)
