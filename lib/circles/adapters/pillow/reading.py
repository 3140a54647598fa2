"""Share memory and turns among all that read pictures, with the names of our errors."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock, Semaphore

from circles.domain.errors import (
    CirclesError,
    Overloaded,
    TooLarge,
    UndecodablePicture,
    UnsupportedPicture,
)
from circles.domain.waiting import remaining_s
from circles_pictures import errors
from circles_pictures.budget import Budget
from circles_pictures.limits import COSTLY_BYTES, COSTLY_PIXELS
from circles_pictures.memory import return_freed_memory
from circles_pictures.opening import open_picture
from circles_pictures.source import Source

_NAMES: dict[type[errors.PictureError], type[CirclesError]] = {
    errors.UnsupportedKind: UnsupportedPicture,
    errors.TooLarge: TooLarge,
    errors.Undecodable: UndecodablePicture,
    errors.Overloaded: Overloaded,
}


class Reading:
    """
    One budget of memory, and one turn for costly pictures, so that the cores stay for others.

    Thread-safe; a process has one.
    """

    def __init__(
        self, max_pixels: int, budget: Budget | None = None, *, costly_places: int = 4
    ) -> None:
        """
        Create a budget and a turn.

        Args:
            costly_places: threads that may read costly pictures or wait for that.
        """
        self._max_pixels = max_pixels
        self._budget = budget or Budget()
        self._costly_places = Semaphore(costly_places)
        self._costly_turn = Lock()
        return_freed_memory()

    @contextmanager
    def hold_body(self, size_bytes: int) -> Iterator[None]:
        """Count encoded bytes against the memory. Raises TooLarge, Overloaded."""
        with _renamed(), self._budget.hold(size_bytes, wait_s=remaining_s(), is_body=True):
            yield

    @contextmanager
    def hold(self, size_bytes: int) -> Iterator[None]:
        """Count what reading a picture takes. Raises TooLarge, Overloaded."""
        with _renamed(), self._budget.hold(size_bytes, wait_s=remaining_s()):
            yield

    @contextmanager
    def opened(self, data: bytes) -> Iterator[tuple[Source, bool]]:
        """
        Yield a picture whose header was read, and whether it is costly.

        A costly one waits for its turn, which lasts as long as the with block. Raises as
        Pictures.read does, Overloaded at once if many wait.
        """
        with _renamed(), self._turn(large := len(data) > COSTLY_BYTES):
            source = open_picture(data, max_pixels=self._max_pixels)
            costly = source.pixels > COSTLY_PIXELS
            with self._turn(costly and not large):
                yield source, costly or large

    @contextmanager
    def _turn(self, costly: bool) -> Iterator[None]:
        if not costly:
            yield
            return
        if not self._costly_places.acquire(blocking=False):
            raise _busy()
        try:
            if not self._costly_turn.acquire(timeout=self._budget.limit_wait(remaining_s())):
                raise _busy()
            try:
                yield
            finally:
                self._costly_turn.release()
        finally:
            self._costly_places.release()


def _busy() -> Overloaded:
    return Overloaded("Other large pictures are being read. Try again in a few seconds.")


@contextmanager
def _renamed() -> Iterator[None]:
    try:
        yield
    except errors.PictureError as error:
        raise _NAMES[type(error)](str(error)) from error
