"""The temporary files of a process, which share a limited space."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import IO, Protocol

from circles.domain.errors import StorageFull


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


@contextmanager
def disk_faults() -> Iterator[None]:
    """Raise StorageFull where a temporary file cannot be written."""
    try:
        yield
    except OSError as error:
        raise StorageFull("The folder of temporary files is full; try again later.") from error
