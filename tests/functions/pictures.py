"""Draw test pictures in every format."""

import struct
import zlib
from io import BytesIO

import numpy
from PIL import Image, ImageDraw

WIDTH, HEIGHT = 120, 80


def draw(mode="RGB", size=(WIDTH, HEIGHT), shade=40):
    """Draw a dark disc on light: centre (30, 25), radius 15 px."""
    picture = Image.new("L", size, 220)
    ImageDraw.Draw(picture).ellipse((15, 10, 45, 40), fill=shade)
    if mode == "I;16":
        return Image.fromarray(numpy.asarray(picture).astype(numpy.uint16) * 257)
    return picture.convert("RGB").quantize(8) if mode == "P" else picture.convert(mode)


def encode(picture, file_format, **options):
    file = BytesIO()
    picture.save(file, file_format, **options)
    return file.getvalue()


def jpeg(**options):
    return encode(draw(), "JPEG", **options)


def png(shade=40):
    return encode(draw(shade=shade), "PNG")


def animated_gif():
    return encode(
        draw("P"), "GIF", save_all=True, append_images=[draw("P", shade=90), draw("P", shade=150)]
    )


def turned(orientation):
    """
    Encode draw() with turned pixels and an EXIF orientation.

    Orientations: Exif 2.32, table 6.
    """
    back = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,  # shown turned by 90 degrees clockwise, stored the other way
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    picture = draw()
    if orientation in back:
        picture = picture.transpose(back[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encode(picture, "JPEG", exif=exif, quality=95)


def png_bomb(width=10_000, height=6_000):
    """Encode a black grey PNG with 1,000 pixels per byte."""

    def chunk(kind, data):
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    packer = zlib.compressobj(9)
    row = bytes(1 + (width + 7) // 8)  # one bit per pixel
    rows = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )


KINDS = {
    "a JPEG": (jpeg, "image/jpeg"),
    "a progressive JPEG": (lambda: jpeg(progressive=True), "image/jpeg"),
    "a CMYK JPEG": (lambda: encode(draw("CMYK"), "JPEG"), "image/jpeg"),
    "a greyscale JPEG": (lambda: encode(draw("L"), "JPEG"), "image/jpeg"),
    "a PNG": (png, "image/png"),
    "a 16-bit PNG": (lambda: encode(draw("I;16"), "PNG"), "image/png"),
    "a palette PNG": (lambda: encode(draw("P"), "PNG"), "image/png"),
    "a black and white PNG": (lambda: encode(draw("1"), "PNG"), "image/png"),
    "a PNG with an alpha channel": (lambda: encode(draw("RGBA"), "PNG"), "image/png"),
    "a greyscale PNG with an alpha channel": (lambda: encode(draw("LA"), "PNG"), "image/png"),
    "a palette PNG with a transparent colour": (
        lambda: encode(draw("P"), "PNG", transparency=0),
        "image/png",
    ),
    "a lossy WebP": (lambda: encode(draw(), "WEBP"), "image/webp"),
    "a lossless WebP with transparency": (
        lambda: encode(draw("RGBA"), "WEBP", lossless=True),
        "image/webp",
    ),
    "an animated GIF": (animated_gif, "image/gif"),
    "a BMP": (lambda: encode(draw(), "BMP"), "image/bmp"),
    "a TIFF": (lambda: encode(draw(), "TIFF"), "image/tiff"),
}
"""Accepted formats: how to draw each, and its media type. All are 120 x 80 px."""
