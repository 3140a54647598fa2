"""Checking and decoding a PNG whose chunks are known."""

import struct
from collections.abc import Iterator
from io import BytesIO
from typing import TYPE_CHECKING
from zlib import crc32

from circles_pictures.exif import read_orientation
from circles_pictures.formats.png.chunks import (
    COLOUR,
    COLOUR_ALPHA,
    GREY,
    GREY_ALPHA,
    SIGNATURE,
    Chunks,
    read_chunks,
)
from circles_pictures.formats.png.rows import check_rows
from circles_pictures.limits import MIB
from circles_pictures.source import FIXED_BYTES, Source

if TYPE_CHECKING:
    from PIL.PngImagePlugin import PngImageFile

    from circles_pictures.source import Band

_PIXEL_BYTES = {GREY: 1, GREY_ALPHA: 4, COLOUR: 4, COLOUR_ALPHA: 4}
"""In Pillow, of 8 bits a channel; a palette's index takes one."""
_DEEP_PIXEL_BYTES = {GREY: 2, GREY_ALPHA: 4, COLOUR: 8, COLOUR_ALPHA: 8}
_ROWS_BYTES = 4 * MIB
"""Pieces of the unpacked stream, and two rows."""


class PngSource(Source):
    """A PNG; of an animated one the static image."""

    name = "PNG"
    media_type = "image/png"

    def __init__(self, data: bytes) -> None:
        chunks = read_chunks(data)
        super().__init__(chunks.width, chunks.height, read_orientation(chunks.exif))
        self._chunks = chunks
        self.colours = "GRAY" if chunks.colour in (GREY, GREY_ALPHA) else "RGB "

    def read_profile(self) -> bytes:
        return self._chunks.unpack_profile()

    @property
    def check_bytes(self) -> int:
        return _ROWS_BYTES

    @property
    def decoding_bytes(self) -> int:
        return self._pixel_bytes + self._chunks.data_bytes + _ROWS_BYTES

    @property
    def holding_bytes(self) -> int:
        return self._pixel_bytes + FIXED_BYTES

    @property
    def _pixel_bytes(self) -> int:
        """What Pillow holds; 16 bits of RGB are decoded twice, once for each byte."""
        if self._chunks.depth != 16:
            return self.pixels * _PIXEL_BYTES.get(self._chunks.colour, 1)
        return self.pixels * _DEEP_PIXEL_BYTES[self._chunks.colour]

    def check(self) -> None:
        check_rows(self._chunks)

    def bands(self) -> "Iterator[Band]":
        from circles_pictures.rgb import split

        check_rows(self._chunks)
        if self._chunks.depth == 16:
            from circles_pictures.deep import bands
            from circles_pictures.formats.png.sixteen import read_samples

            return bands(read_samples(self._chunks, self._load))
        return split(self._load(self._chunks.depth, self._chunks.colour))

    def _load(self, depth: int, colour: int, rawmode: str | None = None) -> "PngImageFile":
        """Decode as if the header had said so; bytes of a pixel must stay as many."""
        from PIL.PngImagePlugin import PngImageFile

        from circles_pictures.rgb import decoding

        with decoding(), BytesIO(self._rebuilt(depth, colour)) as file:
            image = PngImageFile(file)
            if rawmode:
                image.tile = [image.tile[0]._replace(args=rawmode)]
            image.load()
        return image

    def _rebuilt(self, depth: int, colour: int) -> bytes:
        """Return a PNG of nothing but what decides the pixels."""
        chunks = self._chunks
        header = struct.pack(
            ">IIBBBBB", self.width, self.height, depth, colour, 0, 0, chunks.interlaced
        )
        parts: list[bytes | memoryview] = [SIGNATURE, *_chunk(b"IHDR", header)]
        if chunks.palette:
            parts += _chunk(b"PLTE", chunks.palette)
        if chunks.transparency and depth < 16:
            parts += _chunk(b"tRNS", _transparency(chunks))
        parts += [struct.pack(">I", chunks.data_bytes), b"IDAT", *chunks.data, bytes(4)]
        return b"".join([*parts, *_chunk(b"IEND", b"")])


def _chunk(name: bytes, body: bytes) -> list[bytes]:
    return [struct.pack(">I", len(body)), name, body, struct.pack(">I", crc32(body, crc32(name)))]


def _transparency(chunks: Chunks) -> bytes:
    """Return tRNS as Pillow reads it: of grey below 8 bits it compares what it has scaled."""
    if chunks.colour != GREY or chunks.depth not in (2, 4) or len(chunks.transparency) != 2:
        return chunks.transparency
    scale = 255 // ((1 << chunks.depth) - 1)
    return struct.pack(">H", scale * (chunks.transparency[1] & ((1 << chunks.depth) - 1)))
