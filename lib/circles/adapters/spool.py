"""Temporary files for slow readers, limited in total."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import SEEK_END
from tempfile import SpooledTemporaryFile
from threading import Lock
from typing import TYPE_CHECKING

from circles.domain.errors import Unavailable
from circles.domain.temporary import disk_faults

MAX_BYTES = 384 * 1024 * 1024
"""
Limit of all files in the temporary folder, which has 512 MiB in the manifests.

The rest is for waitress, which keeps up to 4 MiB of each response that a process streams, and for
request bodies where there are no such files.
"""

_IN_MEMORY = 256 * 1024


class Spool:
    """Creates temporary files, limited to max_bytes in total. A process has one. Thread-safe."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._held_bytes = 0
        self._lock = Lock()

    @contextmanager
    def filled(self, size_bytes: int) -> Iterator["SpooledFile"]:
        self.take(size_bytes)
        file = SpooledFile(self, size_bytes)
        try:
            with disk_faults():
                yield file
                file.seek(0)
        except BaseException:
            file.close()
            raise

    def take(self, size_bytes: int) -> None:
        with self._lock:
            if self._held_bytes + size_bytes > self._max_bytes:
                raise Unavailable("Too many pictures and tables are being read now; try again.")
            self._held_bytes += size_bytes

    def release(self, size_bytes: int) -> None:
        with self._lock:
            self._held_bytes -= size_bytes


class SpooledFile(SpooledTemporaryFile[bytes]):
    """A temporary file that releases its space when closed. Small ones stay in memory."""

    def __init__(self, spool: Spool, size_bytes: int) -> None:
        super().__init__(max_size=_IN_MEMORY)
        self._room = (spool, size_bytes)

    def give_back_rest(self) -> int:
        """Release the space that was not written, and return the size in bytes."""
        spool, room_bytes = self._room
        size_bytes = self.seek(0, SEEK_END)
        spool.release(room_bytes - size_bytes)
        self._room = (spool, size_bytes)
        return size_bytes

    def close(self) -> None:
        """Delete the file."""
        if not self.closed:
            spool, size_bytes = self._room
            spool.release(size_bytes)
        super().close()

    def __exit__(self, *_: object) -> None:
        self.close()  # the base class would close only the file below


if TYPE_CHECKING:
    from circles.domain.temporary import TemporaryFiles

    _: type[TemporaryFiles] = Spool
