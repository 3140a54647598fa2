"""Reserve disk space for deleting, repairing and reading on a full volume."""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from circles.adapters.volume import free_bytes
from circles.domain.errors import StorageFull

_OPENING_BYTES = 1024**2
"""More than SQLite needs to open a database: an empty log, and 32 KiB of its index."""

_PIECE_BYTES = 1024**2


class Reserve:
    """
    Reserves size_bytes in a file, and keeps the same size free.

    Transactions that add rows use neither. Transactions that delete or repair use the free space,
    and remove the file once half of that is used. This also works if another program fills the
    volume, because the file remains. A size of 0 disables it.
    """

    def __init__(self, database: Path, size_bytes: int) -> None:
        self._path = database.with_name(f"{database.name}-reserve")
        self._size_bytes = size_bytes

    def check_growth(self, reusable_bytes: Callable[[], int]) -> None:
        """
        Raise StorageFull if adding rows would use the reserve.

        Args:
            reusable_bytes: returns the size of the database's free pages. They are filled before
                the file grows, so deleting makes room although the file keeps its size.
        """
        if not self._size_bytes:
            return
        if self.refill() and self._free_bytes() >= self._size_bytes:
            return
        if reusable_bytes() < self._size_bytes:
            raise StorageFull("The catalogue's volume is full. Delete images or enlarge it.")

    def make_room(self) -> None:
        """Remove the file if deleting or repairing may need its space."""
        self._keep_free(self._size_bytes // 2)

    def make_room_to_open(self) -> None:
        """Remove the file if even reading may need its space."""
        self._keep_free(min(_OPENING_BYTES, self._size_bytes // 2))

    def refill(self) -> bool:
        """Create the file again if there is space. Returns whether it is complete."""
        try:
            if os.stat(self._path).st_size >= self._size_bytes:
                return True
        except FileNotFoundError:
            pass
        if self._free_bytes() < self._size_bytes * 3 // 2:
            return False
        return self._allocate()

    def _allocate(self) -> bool:
        try:
            with open(
                self._path, "wb"
            ) as file:  # only its size counts, so concurrent writers are harmless
                for start in range(0, self._size_bytes, _PIECE_BYTES):
                    file.write(bytes(min(_PIECE_BYTES, self._size_bytes - start)))
        except OSError:
            self._path.unlink(missing_ok=True)
            return False
        return True

    def _keep_free(self, needed_bytes: int) -> None:
        if self._size_bytes and self._free_bytes() < needed_bytes:
            with suppress(FileNotFoundError):
                self._path.unlink()

    def _free_bytes(self) -> int:
        return free_bytes(self._path.parent)
