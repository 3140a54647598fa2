"""
Draw rings, diamonds and text on an RGB picture.

Shapes are drawn four times as large in tiles, and made smaller: Pillow's own have no soft edges.
Pillow brings the font, so that no system font is needed.
"""

from collections.abc import Callable, Iterator
from functools import cache
from math import cos, hypot, sin, tau

from PIL import Image, ImageDraw, ImageFont

Point = tuple[float, float]
Box = tuple[float, float, float, float]
Tile = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels."""
Pen = Callable[[ImageDraw.ImageDraw, Tile], None]
"""Draws what a tile has of a shape, in white and four times as large."""

_TIMES = 4
_TILE_PX = 256
_EDGE_OPACITY = 0.6
_DASHED = 0.6
"""The share of a dash in the length of dash and gap."""
_PARTS = 6
"""Straight lines that a side of a dash is made of."""


def draw_ring(
    image: Image.Image,
    centre: Point,
    radius: float,
    *,
    line: float,
    edge: float,
    colour: str,
    dash: float,
) -> None:
    """Draw a ring whose line has its middle on the circle, with a dark edge on both sides."""
    for width, ink, opacity in ((line + 2 * edge, "black", _EDGE_OPACITY), (line, colour, 1.0)):
        outer, inner = radius + width / 2, max(radius - width / 2, 0.0)
        whole = not dash
        pen = (
            _ring_pen(centre, radius, width) if whole else _dashed_pen(centre, radius, width, dash)
        )
        for tile in _tiles_of_ring(image, centre, outer, inner):
            _paint(image, tile, pen, ink, opacity)


def draw_diamond(
    image: Image.Image, centre: Point, size: float, *, edge: float, colour: str
) -> None:
    """Draw a filled square that stands on a corner."""
    for reach, ink in ((size + edge, "black"), (size, colour)):
        pen, (x, y) = _diamond_pen(centre, reach), centre
        for tile in _tiles(image, (x - reach - 1, y - reach - 1, x + reach + 1, y + reach + 1)):
            _paint(image, tile, pen, ink, 1.0)


def draw_text(image: Image.Image, at: Point, text: str, *, size: float, centred: bool) -> None:
    """Write white text with a dark edge. at is its centre, or where its base line begins."""
    ImageDraw.Draw(image).text(
        at,
        text,
        fill="white",
        font=_font(max(6, round(size))),
        anchor="mm" if centred else "ls",
        stroke_width=max(1, round(size / 10)),
        stroke_fill="black",
    )


def draw_caption(image: Image.Image, text: str, *, size: float) -> None:
    """Write a line of text into a dark bar at the bottom."""
    height = min(round(2 * size), image.height)
    box = (0, image.height - height, image.width, image.height)
    image.paste(Image.blend(image.crop(box), Image.new("RGB", (image.width, height)), 0.7), box)
    middle = image.height - height / 2
    ImageDraw.Draw(image).text((size / 2, middle), text, "white", _font(round(size)), anchor="lm")


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _ring_pen(centre: Point, radius: float, width: float) -> Pen:
    def pen(draw: ImageDraw.ImageDraw, tile: Tile) -> None:
        x, y = _to_tile(centre, tile)
        reach = (radius + width / 2) * _TIMES
        box = (x - reach, y - reach, x + reach, y + reach)
        draw.ellipse(box, outline=255, width=max(1, round(width * _TIMES)))

    return pen


def _dashed_pen(centre: Point, radius: float, width: float, dash: float) -> Pen:
    """Return a pen of polygons: Pillow's arcs take time with the radius, each of them."""
    count = max(4, round(tau * radius / dash))
    step = tau / count
    reach = _DASHED * step * radius + width

    def pen(draw: ImageDraw.ImageDraw, tile: Tile) -> None:
        for number in range(count):
            first, last = number * step, (number + _DASHED) * step
            middle = _on_circle(centre, radius, (first + last) / 2)
            if _distance(middle, tile) <= reach:
                corners = _outline_dash(centre, radius, width, first, last)
                draw.polygon([_to_tile(each, tile) for each in corners], fill=255)

    return pen


def _outline_dash(
    centre: Point, radius: float, width: float, first: float, last: float
) -> list[Point]:
    """Return the corners of a dash between two angles."""
    angles = [first + (last - first) * part / _PARTS for part in range(_PARTS + 1)]
    outer = [_on_circle(centre, radius + width / 2, each) for each in angles]
    inner = [_on_circle(centre, radius - width / 2, each) for each in reversed(angles)]
    return outer + inner


def _on_circle(centre: Point, radius: float, angle: float) -> Point:
    return centre[0] + radius * cos(angle), centre[1] + radius * sin(angle)


def _diamond_pen(centre: Point, reach: float) -> Pen:
    def pen(draw: ImageDraw.ImageDraw, tile: Tile) -> None:
        x, y = _to_tile(centre, tile)
        far = reach * _TIMES
        draw.polygon([(x, y - far), (x + far, y), (x, y + far), (x - far, y)], fill=255)

    return pen


def _tiles_of_ring(image: Image.Image, centre: Point, outer: float, inner: float) -> Iterator[Tile]:
    """Yield the tiles that a ring touches."""
    x, y = centre
    for tile in _tiles(image, (x - outer - 1, y - outer - 1, x + outer + 1, y + outer + 1)):
        left, top, right, bottom = tile
        farthest = hypot(max(x - left, right - x), max(y - top, bottom - y))
        if _distance(centre, tile) <= outer + 1 and farthest >= inner - 1:
            yield tile


def _to_tile(point: Point, tile: Tile) -> Point:
    """Return where a point is in a tile that is drawn larger."""
    return (point[0] - tile[0]) * _TIMES, (point[1] - tile[1]) * _TIMES


def _distance(point: Point, tile: Tile) -> float:
    """Return how far a point is from a tile; 0 inside."""
    (x, y), (left, top, right, bottom) = point, tile
    return hypot(max(left - x, 0, x - right), max(top - y, 0, y - bottom))


def _tiles(image: Image.Image, box: Box) -> Iterator[Tile]:
    """Yield tiles of the part of a box that is inside the image."""
    left, top = max(int(box[0]), 0), max(int(box[1]), 0)
    right, bottom = min(int(box[2]) + 1, image.width), min(int(box[3]) + 1, image.height)
    for y in range(top, bottom, _TILE_PX):
        for x in range(left, right, _TILE_PX):
            yield x, y, min(x + _TILE_PX, right), min(y + _TILE_PX, bottom)


def _paint(image: Image.Image, tile: Tile, pen: Pen, ink: str, opacity: float) -> None:
    left, top, right, bottom = tile
    large = Image.new("L", ((right - left) * _TIMES, (bottom - top) * _TIMES))
    pen(ImageDraw.Draw(large), tile)
    mask = large.reduce(_TIMES)
    if opacity < 1:
        mask = mask.point(lambda value: value * opacity)
    image.paste(ink, tile, mask)
