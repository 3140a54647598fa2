"""Identify who sends events inside a cluster."""

from typing import Protocol


class Senders(Protocol):
    """Verifies the tokens that senders of events get from their cluster."""

    def verify(self, token: str) -> str:
        """
        Return the sender's name.

        Raises:
            Unauthorized: the token is wrong, expired, or not for us.
            Unavailable: it cannot be verified now.
        """
