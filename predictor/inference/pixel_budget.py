"""The memory of decoded pictures, bounded for all requests together."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class PixelBudget:
    """
    Bounds the memory of decoded pictures: all that are worked on at one moment have at most `pixels` together.

    Waiting is in order of arrival, so that a large picture is not overtaken for ever by small ones.
    """

    def __init__(self, pixels: int) -> None:
        self._left = pixels
        self._turn = threading.Lock()
        self._freed = threading.Condition()

    @contextmanager
    def taken(self, pixels: int) -> Iterator[None]:
        """Wait for room for pixels (at most the whole budget), and hold it inside."""
        with self._turn, self._freed:
            self._freed.wait_for(lambda: self._left >= pixels)
            self._left -= pixels
        try:
            yield
        finally:
            with self._freed:
                self._left += pixels
                self._freed.notify_all()
