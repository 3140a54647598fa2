"""Write and read cursors: where a page ends, opaque to clients."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

_Place = TypeVar("_Place")

_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


def write_cursor(*parts: str | int | datetime) -> str:
    """Return a cursor of parts. Only the last one may contain a space."""
    place = " ".join(map(_write_part, parts))
    return urlsafe_b64encode(place.encode()).decode().rstrip("=")


def cursor(read: Callable[[str], _Place]) -> Callable[[str], _Place]:
    """Return a parser of cursors. read raises an exception for text that it does not know."""

    def parse(text: str) -> _Place:
        try:
            padded = text + "=" * (-len(text) % 4)
            return read(urlsafe_b64decode(padded.encode("ascii")).decode())
        except Exception as error:
            raise ValueError("must be taken from the next of another page") from error

    return parse


def read_moment(text: str) -> datetime:
    """Parse a time (RFC 3339)."""
    try:
        if _RFC_3339.fullmatch(text):
            return datetime.fromisoformat(text.upper())
    except ValueError:
        pass  # such as a thirteenth month
    raise ValueError(
        "must be a moment such as 2026-11-24T06:30:00Z (RFC 3339; a + is written %2B in a URL)"
    )


def _write_part(part: str | int | datetime) -> str:
    if isinstance(part, datetime):
        return part.astimezone(UTC).isoformat(timespec="microseconds")
    return str(part)
