"""Read and write the fields that several formats share."""

from datetime import UTC, datetime
from typing import Any


def format_time(moment: datetime) -> str:
    """Return a moment in UTC with milliseconds, such as 2026-03-01T12:30:15.123Z (RFC 3339)."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_time(text: Any) -> datetime | None:
    """
    Return the moment of an RFC 3339 text in UTC, or None if it is not one.

    A time without an offset is in UTC. Its last and first days may have no moment in UTC.
    """
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        return None


def get_object(parent: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the JSON object of this name, or an empty one if it is missing or not an object."""
    found = parent.get(name)
    return found if isinstance(found, dict) else {}


def clean_text(value: Any, max_chars: int) -> str:
    """
    Return text of others as one printable line of at most max_chars, "" for another type.

    Line ends could forge a line of a log, and a database cannot store halves of surrogate pairs.
    """
    text = value[:max_chars] if isinstance(value, str) else ""
    return "".join(letter if letter.isprintable() else " " for letter in text).strip()
