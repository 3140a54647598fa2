"""Read a part of a picture, upright and in sRGB."""

from PIL import Image

from circles_pictures.limits import MAX_PICTURE_BYTES
from circles_pictures.renditions.colour import count_colour_bytes, prepare_colours
from circles_pictures.source import Source
from circles_pictures.upright import turn

Box = tuple[int, int, int, int]
"""Left, top, right and bottom in pixels; the last two are the first ones outside."""


def read_part(source: Source, box: Box) -> Image.Image:
    """Return the sRGB pixels of a box of the upright picture, upright. Raises Undecodable."""
    to_srgb = prepare_colours(source)
    left, top, right, bottom = to_stored(box, source)
    part = Image.new("RGB", (right - left, bottom - top))
    for first, band in source.bands():
        if first < bottom and first + band.height > top:
            part.paste(band, (-left, first - top))
    return to_srgb(turn(part, source.orientation))


def count_part_bytes(source: Source, box: Box) -> int:
    """Return the peak of read_part and of encoding its result, in bytes."""
    left, top, right, bottom = box
    pixels = (right - left) * (bottom - top)
    kept = 8 * pixels + min(MAX_PICTURE_BYTES, 3 * pixels)
    peak = max(source.decoding_bytes, source.holding_bytes + 4 * pixels, kept)
    return peak + count_colour_bytes(source)


def to_stored(box: Box, source: Source) -> Box:
    """Return the same box in the picture as it is stored (EXIF 2.32, orientation)."""
    corners = [_to_stored(x, y, source) for x, y in (box[:2], box[2:])]
    (left, right), (top, bottom) = (sorted(each) for each in zip(*corners, strict=True))
    return left, top, right, bottom


def _to_stored(x: int, y: int, source: Source) -> tuple[int, int]:
    width, height = source.width, source.height
    return {
        2: (width - x, y),
        3: (width - x, height - y),
        4: (x, height - y),
        5: (y, x),
        6: (y, height - x),
        7: (width - y, height - x),
        8: (width - y, x),
    }.get(source.orientation, (x, y))
