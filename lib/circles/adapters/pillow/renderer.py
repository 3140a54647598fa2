"""Make renditions with Pillow."""

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from circles.adapters.pillow.reading import Reading
from circles.domain.exports.renditions import Rendition
from circles_pictures.renditions.encoding import to_jpeg
from circles_pictures.renditions.shrinking import count_shrinking_bytes, read_shrunk

_QUALITY = 85


class PillowRenderer:
    """Makes renditions within the budget, costly pictures one at a time."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    def hold(self, size_bytes: int) -> AbstractContextManager[None]:
        return self._reading.hold_body(size_bytes)

    def shrink(self, data: bytes, side_px: int) -> Rendition:
        with self._reading.opened(data) as (source, _):
            with self._reading.hold(count_shrinking_bytes(source, side_px)):
                jpeg = to_jpeg(read_shrunk(source, side_px), quality=_QUALITY)
        return Rendition("image/jpeg", jpeg)


if TYPE_CHECKING:
    from circles.domain.exports.renditions import Renderer

    _: type[Renderer] = PillowRenderer
