"""What shall go wrong in a fake, and when."""

from circles.domain.errors import Unavailable


class Faults:
    """
    What shall go wrong, by a method's name: an error to raise before it acts, or something to do before it acts.

    The journal has every call as "port.method".
    """

    port: str

    def __init__(self, journal=None):
        self.journal = [] if journal is None else journal
        self.errors = {}
        self.meanwhile = {}

    def reach(self, method):
        self.journal.append(f"{self.port}.{method}")
        self.meanwhile.pop(method, lambda: None)()  # once: what it does may reach here too
        if method in self.errors:
            raise self.errors[method]


def away():
    """What a port raises that cannot be reached."""
    return Unavailable("It is away.")
