"""A PNG's chunks. Only those that decide its pixels are kept; damage in any other is no matter."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from zlib import crc32

from circles_pictures.errors import Undecodable
from circles_pictures.limits import MAX_EXIF_BYTES, MAX_PNG_CHUNKS

SIGNATURE = b"\x89PNG\r\n\x1a\n"
GREY, COLOUR, PALETTE, GREY_ALPHA, COLOUR_ALPHA = 0, 2, 3, 4, 6
CHANNELS = {GREY: 1, COLOUR: 3, PALETTE: 1, GREY_ALPHA: 2, COLOUR_ALPHA: 4}
_DEPTHS = {
    GREY: (1, 2, 4, 8, 16),
    COLOUR: (8, 16),
    PALETTE: (1, 2, 4, 8),
    GREY_ALPHA: (8, 16),
    COLOUR_ALPHA: (8, 16),
}
_HEADER = struct.Struct(">IIBBBBB")
_DAMAGED = "The PNG's header is cut off or damaged."


@dataclass(slots=True)
class Chunks:
    """What decoding needs. transparency and exif are empty where missing or damaged."""

    width: int
    height: int
    depth: int
    colour: int
    interlaced: bool
    palette: bytes = b""
    transparency: bytes = b""
    exif: bytes = b""
    data: list[memoryview] = field(default_factory=list)

    @property
    def data_bytes(self) -> int:
        return sum(len(piece) for piece in self.data)

    def row_bytes(self, width: int) -> int:
        """Return the bytes of a row of width pixels, without its filter."""
        return (width * self.depth * CHANNELS[self.colour] + 7) // 8


def read_chunks(data: bytes) -> Chunks:
    """Walk all chunks. Raises Undecodable where one that decides the pixels is damaged."""
    walk = _walk(data)
    name, body, sound = next(walk, (b"", memoryview(b""), False))
    if name != b"IHDR" or not sound:
        raise Undecodable(_DAMAGED)
    chunks = _read_header(body)
    for name, body, sound in walk:
        if name == b"IDAT":
            chunks.data.append(body)
        elif name == b"PLTE":
            chunks.palette = _read_palette(body, sound)
        elif name == b"tRNS" and sound:
            chunks.transparency = bytes(body[:256])
        elif name == b"eXIf" and sound:
            chunks.exif = bytes(body[:MAX_EXIF_BYTES])
    if not chunks.data or (chunks.colour == PALETTE and not chunks.palette):
        raise Undecodable("The PNG is cut off or damaged.")
    return chunks


def _walk(data: bytes) -> Iterator[tuple[bytes, memoryview, bool]]:
    """Yield (name, body, whether it is complete and its checksum right) up to the end."""
    view, at = memoryview(data), len(SIGNATURE)
    for _ in range(MAX_PNG_CHUNKS):
        if at + 8 > len(data):
            return
        length, name = int.from_bytes(data[at : at + 4]), data[at + 4 : at + 8]
        body, at = view[at + 8 : at + 8 + length], at + 12 + length
        if name == b"IEND" or not name.isalpha():
            return
        yield name, body, _is_sound(view, name, body, at)
    raise Undecodable(f"The PNG has more than {MAX_PNG_CHUNKS:,} chunks.")


def _is_sound(view: memoryview, name: bytes, body: memoryview, end: int) -> bool:
    """Whether the checksum is right. That of IDAT is not looked at: its zlib stream has its own."""
    if name not in (b"IHDR", b"PLTE", b"tRNS", b"eXIf"):
        return False
    return end <= len(view) and crc32(body, crc32(name)) == int.from_bytes(view[end - 4 : end])


def _read_header(body: memoryview) -> Chunks:
    if len(body) != _HEADER.size:
        raise Undecodable(_DAMAGED)
    width, height, depth, colour, compression, filtering, interlace = _HEADER.unpack(body)
    if depth not in _DEPTHS.get(colour, ()) or compression or filtering or interlace > 1:
        raise Undecodable(_DAMAGED)
    return Chunks(width, height, depth, colour, bool(interlace))


def _read_palette(body: memoryview, sound: bool) -> bytes:
    if not sound or not body or len(body) % 3:
        raise Undecodable(_DAMAGED)
    return bytes(body[:768])
