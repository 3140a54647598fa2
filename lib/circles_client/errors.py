"""Everything that can go wrong between this client and a server."""

from collections.abc import Mapping
from typing import Any


class CirclesError(Exception):
    """The base of all errors here. The message says what to do."""

    exit_code = 1


class SettingsError(CirclesError):
    """CIRCLES_URL or CIRCLES_TOKEN cannot be used."""

    exit_code = 2


class Unreachable(CirclesError):
    """The server did not answer, even after retries."""


class NotCircles(CirclesError):
    """What answers at this address is not Circles."""


class Incomplete(CirclesError):
    """An answer broke off before its end."""


class Refused(CirclesError):
    """The store, or what reads from it, does not take a file."""


class Problem(CirclesError):
    """
    An error that the API answered.

    status: the HTTP status. code: the last part of the problem's type, such as not-found.
    document: the problem as it was answered (RFC 9457).
    """

    def __init__(self, status: int, document: Mapping[str, Any]) -> None:
        super().__init__(str(document.get("detail") or document.get("title") or f"HTTP {status}"))
        self.status = status
        self.document = dict(document)
        self.code = str(document.get("type", "")).rpartition(":")[2]


class NotAllowed(Problem):
    """The token is missing, not valid or lacks a scope (401, 403)."""

    exit_code = 4
