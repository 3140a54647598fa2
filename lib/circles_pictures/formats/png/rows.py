"""Whether a PNG's rows are complete: unpacked piece by piece in constant memory, and dropped."""

import zlib
from collections.abc import Iterator

from circles_pictures.errors import Undecodable
from circles_pictures.formats.png.chunks import Chunks

_INPUT_BYTES = 64 * 1024
_OUTPUT_BYTES = 1024 * 1024
_FILTERS = bytes(range(5))
"""Each row begins with the number of its filter."""
_PASSES = (
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
)
"""Adam7: first column, first row, step across, step down."""


def check_rows(chunks: Chunks) -> None:
    """Raise Undecodable unless every row is there, its filter exists, and the checksum is right."""
    unpacker = _Unpacker(chunks.data)
    try:
        for row_bytes, rows in _passes(chunks):
            _check_pass(unpacker, row_bytes, rows)
        unpacker.finish()
    except zlib.error as error:
        raise Undecodable("The PNG is cut off or damaged.") from error


def _check_pass(unpacker: "_Unpacker", row_bytes: int, rows: int) -> None:
    done, total = 0, row_bytes * rows
    while done < total:
        piece = unpacker.read(min(total - done, _OUTPUT_BYTES))
        if not piece:
            raise Undecodable("The PNG is cut off or damaged.")
        if piece[-done % row_bytes :: row_bytes].translate(None, _FILTERS):
            raise Undecodable("The PNG is cut off or damaged.")
        done += len(piece)


def _passes(chunks: Chunks) -> Iterator[tuple[int, int]]:
    """Yield (bytes of a row with its filter, number of rows) of each pass that has pixels."""
    for left, top, across, down in _PASSES if chunks.interlaced else ((0, 0, 1, 1),):
        columns, rows = -(-(chunks.width - left) // across), -(-(chunks.height - top) // down)
        if columns > 0 and rows > 0:
            yield 1 + chunks.row_bytes(columns), rows


class _Unpacker:
    """The zlib stream that all data chunks together are."""

    def __init__(self, data: list[memoryview]) -> None:
        self._stream = zlib.decompressobj()
        self._input = (
            piece[at : at + _INPUT_BYTES]
            for piece in data
            for at in range(0, len(piece), _INPUT_BYTES)
        )

    def read(self, most: int) -> bytes:
        """Return up to most bytes, and fewer only at the end. Raises zlib.error."""
        while not self._stream.eof:
            packed = self._stream.unconsumed_tail or next(self._input, b"")
            unpacked = self._stream.decompress(packed, most)
            if unpacked or not packed:
                return unpacked
        return b""

    def finish(self) -> None:
        """Go on to the checksum at the end, unless much lies before it. Raises zlib.error."""
        self.read(_OUTPUT_BYTES)
