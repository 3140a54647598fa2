"""Pictures deeper than 8 bits a channel to 8-bit RGB: the range of levels.py is stretched."""

from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import gcd

from PIL import Image, ImageMath

from circles_pictures.levels import Levels, levels
from circles_pictures.source import Band

_SAMPLED = 1 << 17
"""So many values tell the levels: 131 lie beyond each percentile."""
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

    rawmode is Pillow's name of a value's form in the bytes; "I;32" stands for unsigned ones too, in
    any order of bytes, which Pillow reads as signed. rows may be called several times.
    """

    width: int
    height: int
    channels: int
    rawmode: str
    rows: Callable[[], Iterator[Rows]]
    inverted: bool = False
    unsigned_32: bool = False
    nodata: float | None = None


def bands(samples: Samples) -> Iterator[Band]:
    """Yield RGB. All rows are read once for the levels, and once more."""
    low, high = _find_levels(samples)
    for rows in samples.rows():
        yield rows.top, _to_rgb(samples, rows, low, high)


def _find_levels(samples: Samples) -> Levels:
    total = samples.width * samples.height * samples.channels
    step = max(1, total // _SAMPLED)
    while gcd(step, samples.width * samples.channels) != 1:  # else some columns would never count
        step += 1
    sample, seen = array("i" if samples.rawmode[0] == "I" else "f"), 0
    for rows in samples.rows():
        values = array(sample.typecode, _numbers(samples, rows).tobytes())
        sample.extend(values[-seen % step :: step])
        seen += len(values)
    shift = -_SIGN if samples.unsigned_32 else 0
    nodata = None if samples.nodata is None else samples.nodata - shift
    return levels(sample, nodata)


def _numbers(samples: Samples, rows: Rows) -> Image.Image:
    """Return mode I or F, the channels side by side."""
    mode, size = samples.rawmode[0], (samples.width * samples.channels, rows.height)
    image = Image.frombytes(mode, size, rows.values, "raw", samples.rawmode)
    if samples.unsigned_32:  # the same order of values, in the range that Pillow has
        flipped: Image.Image = ImageMath.lambda_eval(lambda it: it["image"] ^ _SIGN, image=image)
        return flipped
    return image


def _to_rgb(samples: Samples, rows: Rows, low: float, high: float) -> Image.Image:
    grey = _stretched(_numbers(samples, rows), low, high)
    if samples.inverted:
        grey = grey.point([255 - level for level in range(256)])
    mode = "L" if samples.channels == 1 else "RGB"
    band = Image.frombytes(mode, (samples.width, rows.height), grey.tobytes()).convert("RGB")
    if rows.alpha is not None:
        return Image.composite(band, Image.new("RGB", band.size, "white"), rows.alpha)
    return band


def _stretched(numbers: Image.Image, low: float, high: float) -> Image.Image:
    """Return mode L: low becomes 0, high 255, what lies beyond is cut off; NaN becomes 0."""
    scale = 255 / (high - low) if high > low else 0.0
    if numbers.mode == "I":  # before it is multiplied, or it might leave the 32 bits
        numbers = ImageMath.lambda_eval(
            lambda it: it["min"](it["max"](it["image"], int(low)), int(high)), image=numbers
        )
    return numbers.point(lambda value: value * scale + (0.5 - low * scale)).convert("L")
