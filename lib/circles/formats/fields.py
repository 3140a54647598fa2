"""Fields that several formats share."""

from datetime import UTC, datetime
from typing import Any


def rfc3339(moment: datetime) -> str:
    """Return a moment in UTC with milliseconds, such as 2026-03-01T12:30:15.123Z (RFC 3339)."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def part(parent: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the JSON object of this name within another, empty where it is missing or not an object."""
    found = parent.get(name)
    return found if isinstance(found, dict) else {}
