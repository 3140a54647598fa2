"""Read blocks as a file."""

import io
from collections.abc import Iterator


class BlockReader(io.BytesIO):
    """A file of blocks that are made while it is read. It can only be read forward."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        super().__init__()
        self._blocks, self._held = blocks, bytearray()

    def read(self, size: int | None = -1) -> bytes:
        """Return size bytes, or less at the end. Raises what making a block raises."""
        wanted = -1 if size is None else size
        while wanted < 0 or len(self._held) < wanted:
            block = next(self._blocks, None)
            if block is None:
                break
            self._held += block
        taken = bytes(self._held if wanted < 0 else self._held[:wanted])
        del self._held[: len(taken)]
        return taken
