"""Pictures deeper than 8 bits a channel to 8-bit RGB: the range of levels.py is stretched."""

from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import gcd

from PIL import Image, ImageMath

from circles_pictures.levels import Levels, levels
from circles_pictures.source import BAND_BYTES, Band

Stretch = Callable[[Image.Image], Image.Image]

_SAMPLED = 1 << 17
"""This number of values tells the levels: 131 are beyond each percentile."""
_SIGN = -(2**31)


@dataclass(frozen=True, slots=True)
class Rows:
    """
    Some rows of a deep picture.

    values holds channels interleaved, row by row, as the Samples say; alpha has mode L.
    """

    top: int
    height: int
    values: bytes
    alpha: Image.Image | None = None


@dataclass(frozen=True, slots=True)
class Samples:
    """
    A deep picture, grey (1 channel) or RGB (3).

    rawmode is Pillow's name of a value's form in the bytes, value_bytes how many it has. Unsigned
    32 bits come as signed ones, which is what Pillow has. rows may be called several times.
    """

    width: int
    height: int
    channels: int
    rawmode: str
    value_bytes: int
    rows: Callable[[], Iterator[Rows]]
    inverted: bool = False
    unsigned_32: bool = False
    nodata: float | None = None


def spans(width: int, height: int) -> Iterator[tuple[int, int]]:
    """Yield first row and end of each band; a deep one is worked on in several copies."""
    rows = max(1, BAND_BYTES // (16 * width))
    for top in range(0, height, rows):
        yield top, min(top + rows, height)


def bands(samples: Samples) -> Iterator[Band]:
    """Yield RGB. All rows are read once for the levels, and once more."""
    stretch = _stretcher(samples, *_find_levels(samples))
    for rows in samples.rows():
        yield rows.top, _to_rgb(samples, rows, stretch)


def _find_levels(samples: Samples) -> Levels:
    total = samples.width * samples.height * samples.channels
    step = max(1, total // _SAMPLED)
    while gcd(step, samples.width * samples.channels) != 1:  # else some columns would never count
        step += 1
    sample, seen = array("i" if samples.rawmode[0] == "I" else "f"), 0
    for rows in samples.rows():
        picked = _pick(rows.values, samples.value_bytes, -seen % step, step)
        count = len(picked) // samples.value_bytes
        if count:
            sample.frombytes(_numbers(samples, picked, (count, 1)).tobytes())
        seen += len(rows.values) // samples.value_bytes
    shift = -_SIGN if samples.unsigned_32 else 0
    nodata = None if samples.nodata is None else samples.nodata - shift
    return levels(sample, nodata)


def _pick(values: bytes, size: int, first: int, step: int) -> bytes:
    """Return every step-th value, whose sizes are in bytes, from the first on."""
    parts = [values[first * size + byte :: step * size] for byte in range(size)]
    return interleaved(parts)


def interleaved(parts: list[bytes]) -> bytes:
    """Join bytes of the same length: the first of each, the second of each …"""
    joined = bytearray(sum(map(len, parts)))
    for number, part in enumerate(parts):
        joined[number :: len(parts)] = part
    return bytes(joined)


def _numbers(samples: Samples, values: bytes, size: tuple[int, int]) -> Image.Image:
    """Return values in mode I or F."""
    image = Image.frombytes(samples.rawmode[0], size, values, "raw", samples.rawmode)
    if samples.unsigned_32:  # the same order of values, in the range that Pillow has
        flipped: Image.Image = ImageMath.lambda_eval(lambda it: it["image"] ^ _SIGN, image=image)
        return flipped
    return image


def _to_rgb(samples: Samples, rows: Rows, stretch: Stretch) -> Image.Image:
    size = (samples.width * samples.channels, rows.height)
    grey = stretch(_numbers(samples, rows.values, size))
    mode = "L" if samples.channels == 1 else "RGB"
    band = Image.frombytes(mode, (samples.width, rows.height), grey.tobytes()).convert("RGB")
    if rows.alpha is not None:
        return Image.composite(band, Image.new("RGB", band.size, "white"), rows.alpha)
    return band


def _stretcher(samples: Samples, low: float, high: float) -> Stretch:
    """
    Return what makes mode L of numbers: low becomes 0, high 255, what is beyond is clipped.

    NaN becomes 0.
    """
    scale = 255 / (high - low) if high > low else 0.0
    offset = 0.5 - low * scale
    if samples.inverted:
        scale, offset = -scale, 256 - offset
    wide = samples.rawmode[0] == "I" and samples.value_bytes == 4

    def stretch(numbers: Image.Image) -> Image.Image:
        if wide:  # cut off before it is multiplied, or it would leave the 32 bits
            numbers = ImageMath.lambda_eval(
                lambda it: it["min"](it["max"](it["image"], int(low)), int(high)), image=numbers
            )
        return numbers.point(lambda value: value * scale + offset).convert("L")

    return stretch
