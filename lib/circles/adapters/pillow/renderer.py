"""Make renditions with Pillow."""

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from circles.adapters.pillow.reading import Reading
from circles.adapters.spool import Spool
from circles.domain.detections import Bbox
from circles.domain.exports.drawings import Drawing
from circles.domain.exports.renditions import Rendition, RenditionFile
from circles_pictures.renditions import rings
from circles_pictures.renditions.cropping import count_part_bytes, read_part
from circles_pictures.renditions.encoding import count_png_bytes, to_jpeg, write_png
from circles_pictures.renditions.shrinking import (
    count_shrinking_bytes,
    count_whole_bytes,
    fit,
    read_shrunk,
    read_whole,
)

if TYPE_CHECKING:
    from PIL.Image import Image

_QUALITY, _CROP_QUALITY = 85, 92


class PillowRenderer:
    """Makes renditions within the budget, costly pictures one at a time."""

    def __init__(self, reading: Reading, spool: Spool) -> None:
        self._reading = reading
        self._spool = spool

    def hold(self, size_bytes: int) -> AbstractContextManager[None]:
        return self._reading.hold_body(size_bytes)

    def shrink(self, data: bytes, side_px: int) -> Rendition:
        with self._reading.opened(data) as (source, _):
            with self._reading.hold(count_shrinking_bytes(source, side_px)):
                jpeg = to_jpeg(read_shrunk(source, side_px), quality=_QUALITY)
        return Rendition("image/jpeg", jpeg)

    def draw(self, data: bytes, drawing: Drawing, side_px: int | None) -> RenditionFile:
        with self._reading.opened(data) as (source, _):
            side_px = side_px or max(source.upright_size)
            whole = side_px >= max(source.upright_size)
            cost = count_whole_bytes(source) if whole else count_shrinking_bytes(source, side_px)
            size = fit(*source.upright_size, side_px)
            with self._reading.hold(cost), self._spool.filled(count_png_bytes(*size)) as file:
                image = read_whole(source) if whole else read_shrunk(source, side_px)
                _draw(image, drawing)
                write_png(image, file)
                size_bytes = file.give_back_rest()
        return RenditionFile("image/png", file, size_bytes)

    def crop(self, data: bytes, bbox: Bbox) -> Rendition:
        x, y, width, height = bbox
        box = (x, y, x + width, y + height)
        with self._reading.opened(data) as (source, _):
            with self._reading.hold(count_part_bytes(source, box)):
                jpeg = to_jpeg(read_part(source, box), quality=_CROP_QUALITY)
        return Rendition("image/jpeg", jpeg)


def _draw(image: "Image", drawing: Drawing) -> None:
    across, down = image.width / drawing.width, image.height / drawing.height
    scale = (across + down) / 2
    edge = drawing.edge * scale
    for ring in drawing.rings:
        rings.draw_ring(
            image,
            (ring.x * across, ring.y * down),
            ring.radius * scale,
            line=ring.line * scale,
            edge=edge,
            colour=ring.colour,
            dash=ring.dash * scale,
        )
    for diamond in drawing.diamonds:
        at, size = (diamond.x * across, diamond.y * down), diamond.size * scale
        rings.draw_diamond(image, at, size, edge=edge, colour=diamond.colour)
    for label in drawing.labels:
        at, size = (label.x * across, label.y * down), label.size * scale
        rings.draw_text(image, at, label.text, size=size, centred=label.centred)
    if drawing.caption:
        rings.draw_caption(image, drawing.caption, size=drawing.text_size * scale)


if TYPE_CHECKING:
    from circles.domain.exports.renditions import Renderer

    _: type[Renderer] = PillowRenderer
