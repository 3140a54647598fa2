"""Check uploaded pictures, and make upright copies of them."""

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from circles.adapters.pillow.reading import Reading
from circles.domain.pictures import Picture

_KEPT_COPY_BYTES = 4 * 1024 * 1024
"""A larger copy is made again when it is needed, because nothing counts it until then."""


class PillowPictures:
    """Reads pictures within the budget, which the bodies of requests share."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    def hold(self, size_bytes: int) -> AbstractContextManager[None]:
        return self._reading.hold_body(size_bytes)

    def read(self, data: bytes) -> Picture:
        with self._reading.opened(data) as (source, costly):
            with self._reading.hold(source.check_bytes):
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
            costly,
        )

    def upright(self, picture: Picture) -> Picture:
        if not picture.needs_copy:
            return picture
        if picture.copy:
            return Picture(picture.copy, "image/jpeg", picture.width, picture.height)
        with self._reading.opened(picture.data) as (source, _):
            with self._reading.hold(source.copy_bytes):
                jpeg = source.upright_jpeg()
        return Picture(jpeg, "image/jpeg", picture.width, picture.height)


if TYPE_CHECKING:
    from circles.domain.pictures import Pictures

    _: type[Pictures] = PillowPictures
