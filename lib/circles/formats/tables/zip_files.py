"""Write zip archives piece by piece, to a stream that cannot seek."""

import io
import zipfile
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import IO

_PIECE_BYTES = 256 * 1024


class ZipPieces:
    """
    A zip archive whose bytes are taken as they are made.

    Only the names of its files stay in memory. Without close() no reader opens it.
    """

    def __init__(self) -> None:
        self._pipe = _Pipe()
        self._archive = zipfile.ZipFile(self._pipe, "w")
        self._time = datetime.now(UTC).timetuple()[:6]

    def add(self, name: str, data: str | bytes) -> bytes:
        """Add a file, and return what was written since the last call."""
        self._archive.writestr(self._describe(name), data)
        return self._pipe.take()

    def add_file(self, name: str, source: IO[bytes]) -> Iterator[bytes]:
        """Add a file piece by piece, and yield what is written."""
        with self._archive.open(self._describe(name), "w") as file:
            while piece := source.read(_PIECE_BYTES):
                file.write(piece)
                yield self._pipe.take()

    def add_lines(self, name: str, lines: Iterable[str]) -> Iterator[bytes]:
        """Add a file line by line, and yield what is written."""
        with self._archive.open(self._describe(name), "w") as file:
            for line in lines:
                file.write(line.encode())
                yield self._pipe.take()

    def close(self) -> bytes:
        """Return the rest, which ends in the directory."""
        self._archive.close()
        return self._pipe.take()

    def _describe(self, name: str) -> zipfile.ZipInfo:
        info = zipfile.ZipInfo(name, self._time)
        compressed = name.startswith("images/")
        info.compress_type = zipfile.ZIP_STORED if compressed else zipfile.ZIP_DEFLATED
        info.external_attr = 0o644 << 16
        return info


class _Pipe(io.RawIOBase):
    """Keeps what was written until it is taken. It cannot seek, so zipfile does not look back."""

    def __init__(self) -> None:
        self._written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self._written += data
        return len(data)

    def take(self) -> bytes:
        taken = bytes(self._written)
        self._written.clear()
        return taken
