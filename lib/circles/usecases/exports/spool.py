"""Keep a part of an export on disk until it is its turn."""

from tempfile import SpooledTemporaryFile

from circles.domain.errors import NotPossible
from circles.domain.temporary import TemporaryFiles, disk_faults

_IN_MEMORY = 256 * 1024
_STEP_BYTES = 4 * 1024 * 1024
"""Space is taken in such steps."""


class Room:
    """The space of one table, which grows with it."""

    def __init__(self, files: TemporaryFiles, max_bytes: int) -> None:
        self._files, self._max_bytes, self._taken_bytes = files, max_bytes, 0

    def grow(self, size_bytes: int) -> None:
        """
        Make room for size_bytes in all.

        Raises NotPossible beyond this table's limit, Unavailable while others take the space.
        """
        if size_bytes > self._max_bytes:
            raise NotPossible("There are too many rows for one file of this format; select less.")
        missing = size_bytes - self._taken_bytes
        if missing > 0:
            steps = -(-missing // _STEP_BYTES) * _STEP_BYTES
            self._files.take(steps)
            self._taken_bytes += steps

    def __enter__(self) -> "Room":
        return self

    def __exit__(self, *_: object) -> None:
        self._files.release(self._taken_bytes)
        self._taken_bytes = 0


class Spool(SpooledTemporaryFile[str]):
    """A temporary file of text in a room."""

    def __init__(self, room: Room) -> None:
        super().__init__(max_size=_IN_MEMORY, mode="w+", encoding="utf-8", newline="")
        self._room, self._written_bytes = room, 0

    def write(self, text: str) -> int:
        """Write text. Raises as Room.grow does, and StorageFull."""
        self._written_bytes += len(text.encode())
        self._room.grow(self._written_bytes)
        with disk_faults():
            return super().write(text)
