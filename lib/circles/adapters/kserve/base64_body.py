"""A request body with base64 in it, encoded while it is sent: a picture is not copied."""

import base64
from collections.abc import Iterator

_PIECE_BYTES = 3 * 64 * 1024  # a multiple of 3 is encoded without padding


class Base64Body:
    """What requests sends with a Content-Length; it may be sent again."""

    def __init__(self, before: bytes, data: bytes, after: bytes) -> None:
        self._before, self._data, self._after = before, data, after

    def __len__(self) -> int:
        return len(self._before) + (len(self._data) + 2) // 3 * 4 + len(self._after)

    def __iter__(self) -> Iterator[bytes]:
        data = memoryview(self._data)
        pieces = [data[at : at + _PIECE_BYTES] for at in range(0, len(data), _PIECE_BYTES)]
        if len(pieces) < 2:  # one piece is one packet
            yield b"".join((self._before, *map(base64.b64encode, pieces), self._after))
            return
        yield self._before
        yield from map(base64.b64encode, pieces)
        yield self._after
