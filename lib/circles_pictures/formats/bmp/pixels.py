"""Rows of a BMP to RGB."""

from collections.abc import Callable

from PIL import Image, ImageMath

from circles_pictures.formats.bmp.header import Header

Convert = Callable[[bytes, int], Image.Image]
"""Takes rows in the file's order and their number."""


def indexed(header: Header, rawmode: str, stride: int) -> Convert:
    """Look up a palette; indices beyond its end are black."""
    palette = header.palette.ljust(768, b"\0")

    def convert(rows: bytes, height: int) -> Image.Image:
        image = _read(header, "P", rows, height, rawmode, stride)
        image.putpalette(palette)
        return image.convert("RGB")

    return convert


def plain(header: Header) -> Convert:
    """Read blue, green, red."""
    return lambda rows, height: _read(header, "RGB", rows, height, "BGR", header.stride)


def masked(header: Header, has_alpha: bool) -> Convert:
    """Read each channel's bits, and lay them on white where there is alpha."""
    red, green, blue, alpha = header.masks

    def convert(rows: bytes, height: int) -> Image.Image:
        pixels = _read(header, "I", rows, height, f"I;{header.depth}", header.stride)
        band = Image.merge("RGB", [_channel(pixels, mask) for mask in (red, green, blue)])
        if not has_alpha:
            return band
        return Image.composite(band, Image.new("RGB", band.size, "white"), _channel(pixels, alpha))

    return convert


def _channel(pixels: Image.Image, mask: int) -> Image.Image:
    """Return the bits of a mask, stretched to 8 bits; black where there are none."""
    if not mask:
        return Image.new("L", pixels.size)
    shift = (mask & -mask).bit_length() - 1 + max(mask.bit_count() - 8, 0)
    most = (1 << min(mask.bit_count(), 8)) - 1
    value = ImageMath.lambda_eval(
        lambda it: ((it["pixels"] >> shift & most) * 255 + most // 2) / most, pixels=pixels
    )
    channel: Image.Image = value.convert("L")
    return channel


def _read(
    header: Header, mode: str, rows: bytes, height: int, rawmode: str, stride: int
) -> Image.Image:
    direction = 1 if header.top_down else -1
    size = (header.width, height)
    return Image.frombytes(mode, size, rows, "raw", rawmode, stride, direction)
