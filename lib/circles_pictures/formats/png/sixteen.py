"""PNG of 16 bits a channel, of which Pillow alone keeps 8 but for grey."""

from collections.abc import Callable, Iterator
from functools import partial

from PIL.Image import Image

from circles_pictures.deep import Rows, Samples, interleaved, spans
from circles_pictures.formats.png.chunks import COLOUR, COLOUR_ALPHA, GREY, GREY_ALPHA, Chunks

Load = Callable[..., Image]
"""Decodes the picture as of this depth and colour, perhaps with a raw mode of Pillow's."""


def read_samples(chunks: Chunks, load: Load) -> Samples:
    """Return all 16 bits. Raises Undecodable."""
    form = (chunks.width, chunks.height)
    if chunks.colour == GREY:
        return Samples(*form, 1, "I;16", 2, partial(_grey, load(16, GREY)))
    if chunks.colour == GREY_ALPHA:  # four bytes a pixel: two of grey, two of alpha
        return Samples(*form, 1, "I;16", 2, partial(_grey_alpha, load(8, COLOUR_ALPHA)))
    mode = "RGB" if chunks.colour == COLOUR else "RGBA"
    # The one raw mode takes each number's first byte, the other the second.
    halves = [load(16, chunks.colour, f"{mode};16{order}") for order in "BL"]
    return Samples(*form, 3, "I;16", 2, partial(_colour, *halves))


def _grey(image: Image) -> Iterator[Rows]:
    for top, band in _bands(image):
        yield Rows(top, band.height, band.tobytes())


def _grey_alpha(image: Image) -> Iterator[Rows]:
    for top, band in _bands(image):
        high, low, alpha, _ = band.split()
        yield Rows(top, band.height, interleaved([low.tobytes(), high.tobytes()]), alpha)


def _colour(firsts: Image, seconds: Image) -> Iterator[Rows]:
    for (top, first), (_, second) in zip(_bands(firsts), _bands(seconds), strict=True):
        alpha = first.getchannel("A") if first.mode == "RGBA" else None
        low, high = second.convert("RGB").tobytes(), first.convert("RGB").tobytes()
        yield Rows(top, first.height, interleaved([low, high]), alpha)


def _bands(image: Image) -> Iterator[tuple[int, Image]]:
    for top, bottom in spans(image.width, image.height):
        yield top, image.crop((0, top, image.width, bottom))
