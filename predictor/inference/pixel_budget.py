"""Limit the memory of decoded pictures over all requests."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class PixelBudget:
    """
    Limit the memory of decoded pictures.

    All pictures in work at one moment have at most `pixels` together. Waiting is in order of
    arrival, so that small pictures do not overtake a large one for ever.
    """

    def __init__(self, pixels: int) -> None:
        self._left = pixels
        self._turn = threading.Lock()
        self._freed = threading.Condition()

    @contextmanager
    def taken(self, pixels: int) -> Iterator[None]:
        """Wait for pixels (at most the total), and hold them inside the context."""
        with self._turn, self._freed:
            self._freed.wait_for(lambda: self._left >= pixels)
            self._left -= pixels
        try:
            yield
        finally:
            with self._freed:
                self._left += pixels
                self._freed.notify_all()
