"""Errors and side effects that a test injects into a fake."""

from circles.domain.errors import Unavailable


class Faults:
    """
    Errors to raise and functions to call before a method acts.

    The journal has every call as "port.method".
    """

    port: str

    def __init__(self, journal=None):
        self.journal = [] if journal is None else journal
        self.errors = {}
        self.before = {}

    def reach(self, method):
        self.journal.append(f"{self.port}.{method}")
        self.before.pop(
            method, lambda: None
        )()  # once only: the function may call this method itself
        if method in self.errors:
            raise self.errors[method]


def unavailable():
    """Return the error of a port that is unavailable."""
    return Unavailable("It is unavailable.")
