"""Find the files of a folder that are not being written any more."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from circles_client.files.find import Found, find_files

_Signature = tuple[int, int, int]
"""Inode, size in bytes and time of the last change in ns: what a writer changes."""


@dataclass(slots=True)
class _Seen:
    signature: _Signature
    since: float
    is_taken: bool = False


class QuietFiles:
    """
    The files of a folder, each once, as soon as nothing about it has changed for quiet_s.

    It asks the file system again and again, which also works on network shares. A file that is
    changed later is taken again. Empty files are files that begin to be written.
    """

    def __init__(
        self,
        folder: Path,
        *,
        recursive: bool,
        quiet_s: float,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._folder, self._recursive, self._quiet_s = folder, recursive, quiet_s
        self._clock = clock
        self._seen: dict[Path, _Seen] = {}

    def take(self) -> list[Found]:
        """Return the files that are quiet now and were not taken yet."""
        now, before = self._clock(), self._seen
        self._seen = {}
        for path, signature in self._signatures():
            known = before.get(path)
            is_same = known is not None and known.signature == signature
            self._seen[path] = known if known and is_same else _Seen(signature, now)
        return [Found(path) for path, seen in self._seen.items() if self._take(seen, now)]

    def give_back(self, path: Path) -> None:
        """Take a file again in the next round, because it could not be sent."""
        if path in self._seen:
            self._seen[path].is_taken = False

    def _take(self, seen: _Seen, now: float) -> bool:
        if seen.is_taken or now - seen.since < self._quiet_s:
            return False
        seen.is_taken = True
        return True

    def _signatures(self) -> Iterator[tuple[Path, _Signature]]:
        for found in find_files([os.fspath(self._folder)], recursive=self._recursive):
            if found.error is None:
                try:
                    status = found.path.stat()
                except OSError:
                    continue  # renamed or deleted in between
                yield found.path, (status.st_ino, status.st_size, status.st_mtime_ns)
