"""The temporary files of a process, which share a limited space."""

from contextlib import AbstractContextManager
from typing import IO, Protocol


class TemporaryFiles(Protocol):
    """Counts bytes, so that all files together never fill the temporary folder. Thread-safe."""

    def take(self, size_bytes: int) -> None:
        """Count bytes that are about to be written. Raises Unavailable if space is lacking."""

    def release(self, size_bytes: int) -> None:
        """Release the space of deleted bytes."""

    def filled(self, size_bytes: int) -> AbstractContextManager[IO[bytes]]:
        """
        Lend a new file to write size_bytes into, and rewind it.

        An exception closes it, otherwise the caller does, which deletes it and releases its space.
        Raises Unavailable if space is lacking.
        """
