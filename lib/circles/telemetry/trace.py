"""Which trace the present work belongs to: W3C Trace Context's traceparent, carried from requests to events."""

import re
from contextvars import ContextVar

traceparent: ContextVar[str | None] = ContextVar("traceparent", default=None)
"""That of the request that is being answered, None where it has none. Background work keeps its request's."""

_FORM = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?")


def follow(given: str | None) -> None:
    """Belong to the given trace from now on; to none where it is malformed (Trace Context, section 3.2)."""
    traceparent.set(given if given and len(given) <= 200 and given.isascii() and _FORM.fullmatch(given) else None)
