"""Read pictures through circles_pictures, with the names of this package's errors."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock, Semaphore
from typing import TYPE_CHECKING

from circles.domain.errors import (
    CirclesError,
    Overloaded,
    TooLarge,
    UndecodablePicture,
    UnsupportedPicture,
)
from circles.domain.pictures import Picture
from circles.domain.waiting import remaining_s
from circles_pictures import errors
from circles_pictures.budget import Budget
from circles_pictures.limits import COSTLY_BYTES, COSTLY_PIXELS
from circles_pictures.memory import return_freed_memory
from circles_pictures.opening import open_picture

_KEPT_COPY_BYTES = 4 * 1024 * 1024
"""A larger copy is made again when it is needed, because nothing counts it until then."""
_NAMES: dict[type[errors.PictureError], type[CirclesError]] = {
    errors.UnsupportedKind: UnsupportedPicture,
    errors.TooLarge: TooLarge,
    errors.Undecodable: UndecodablePicture,
    errors.Overloaded: Overloaded,
}


class PillowPictures:
    """
    Reads pictures within the budget, which the bodies of requests share.

    Costly pictures are read one at a time, so that the cores stay for others.
    """

    def __init__(
        self, max_pixels: int, budget: Budget | None = None, *, costly_places: int = 4
    ) -> None:
        """
        Create a reader.

        Args:
            costly_places: threads that may read costly pictures or wait for that.
        """
        self._max_pixels = max_pixels
        self._budget = budget or Budget()
        self._costly_places = Semaphore(costly_places)
        self._costly_turn = Lock()
        return_freed_memory()

    @contextmanager
    def hold(self, size_bytes: int) -> Iterator[None]:
        with _renamed(), self._budget.hold(size_bytes, wait_s=remaining_s(), is_body=True):
            yield

    def read(self, data: bytes) -> Picture:
        with _renamed(), self._turn(large := len(data) > COSTLY_BYTES):
            source = open_picture(data, max_pixels=self._max_pixels)
            costly = source.pixels > COSTLY_PIXELS
            with (
                self._turn(costly and not large),
                self._budget.hold(source.check_bytes, wait_s=remaining_s()),
            ):
                copy = source.copy_of_check()
        width, height = source.upright_size
        return Picture(
            data,
            source.media_type,
            width,
            height,
            source.orientation,
            source.must_be_copied,
            copy if copy and len(copy) <= _KEPT_COPY_BYTES else None,
            costly or large,
        )

    def upright(self, picture: Picture) -> Picture:
        if not picture.needs_copy:
            return picture
        if picture.copy:
            return Picture(picture.copy, "image/jpeg", picture.width, picture.height)
        with _renamed(), self._turn(picture.costly):
            source = open_picture(picture.data, max_pixels=self._max_pixels)
            with self._budget.hold(source.copy_bytes, wait_s=remaining_s()):
                jpeg = source.upright_jpeg()
        return Picture(jpeg, "image/jpeg", picture.width, picture.height)

    @contextmanager
    def _turn(self, costly: bool) -> Iterator[None]:
        """Wait for the turn of a costly picture. Raises Overloaded, at once if many wait."""
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


if TYPE_CHECKING:
    from circles.domain.pictures import Pictures

    _: type[Pictures] = PillowPictures
