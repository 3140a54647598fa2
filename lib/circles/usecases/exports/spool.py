"""Keep a part of an export on disk until it is its turn."""

from tempfile import SpooledTemporaryFile

from circles.domain.errors import NotPossible

MAX_BYTES = 96 * 1024 * 1024
"""With half of all threads exporting, less than the temporary folder of the manifests."""

_IN_MEMORY = 256 * 1024


class Spool(SpooledTemporaryFile[str]):
    """A temporary file of text that takes at most MAX_BYTES."""

    def __init__(self) -> None:
        super().__init__(max_size=_IN_MEMORY, mode="w+", encoding="utf-8", newline="")
        self._taken_bytes = 0

    def write(self, text: str) -> int:
        """Write text. Raises NotPossible if there is too much."""
        self._taken_bytes += len(text.encode())
        if self._taken_bytes > MAX_BYTES:
            raise NotPossible("There are too many images for one file of this format; select less.")
        return super().write(text)
