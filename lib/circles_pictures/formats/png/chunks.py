"""A PNG's chunks. Only those that decide its pixels are kept; damage in any other is no matter."""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from zlib import crc32

from circles_pictures.errors import Undecodable
from circles_pictures.limits import MAX_EXIF_BYTES, MAX_PNG_CHUNKS, MAX_PROFILE_BYTES

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
_ONCE = (b"PLTE", b"tRNS", b"eXIf", b"iCCP")
"""Chunks of which the first counts: no file may have two."""
_CHUNK_HEAD = struct.Struct(">I4s")
_DAMAGED = "The PNG's header is cut off or damaged."


@dataclass(slots=True)
class Chunks:
    """
    What decoding needs. transparency, exif and profile are empty where missing or damaged.

    profile is packed, behind a name (PNG, 11.3.2.3).
    """

    width: int
    height: int
    depth: int
    colour: int
    interlaced: bool
    palette: bytes = b""
    transparency: bytes = b""
    exif: bytes = b""
    profile: memoryview = memoryview(b"")
    data: list[memoryview] = field(default_factory=list)

    def unpack_profile(self) -> bytes:
        """Return the ICC profile; empty where it is damaged or too large."""
        _, _, packed = bytes(self.profile).partition(b"\0\0")  # name, method 0
        try:
            profile = zlib.decompressobj().decompress(packed, MAX_PROFILE_BYTES + 1)
        except zlib.error:
            return b""
        return profile if len(profile) <= MAX_PROFILE_BYTES else b""

    @property
    def data_bytes(self) -> int:
        return sum(len(piece) for piece in self.data)

    def row_bytes(self, width: int) -> int:
        """Return the bytes of a row of width pixels, without its filter."""
        return (width * self.depth * CHANNELS[self.colour] + 7) // 8


def read_chunks(data: bytes) -> Chunks:
    """Walk all chunks. Raises Undecodable where one that decides the pixels is damaged."""
    walk = _walk(data)
    name, start, end = next(walk, (b"", 0, 0))
    if name != b"IHDR" or not _is_sound(data, start, end):
        raise Undecodable(_DAMAGED)
    chunks, view, once = _read_header(data[start:end]), memoryview(data), {*_ONCE}
    for name, start, end in walk:
        if name == b"IDAT":
            chunks.data.append(view[start:end])
        elif name in once:
            once.remove(name)
            _keep(chunks, name, data, start, end)
    if not chunks.data or (chunks.colour == PALETTE and not chunks.palette):
        raise Undecodable("The PNG is cut off or damaged.")
    return chunks


def _keep(chunks: Chunks, name: bytes, data: bytes, start: int, end: int) -> None:
    if name == b"PLTE":
        chunks.palette = _read_palette(data, start, end)
    elif not _is_sound(data, start, end):
        return
    elif name == b"tRNS":
        chunks.transparency = data[start : min(end, start + 256)]
    elif name == b"iCCP":
        chunks.profile = memoryview(data)[start:end]
    else:
        chunks.exif = data[start : min(end, start + MAX_EXIF_BYTES)]


def _walk(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield name, start and end of the chunks' bodies; the last may be cut off."""
    at, last = len(SIGNATURE), len(data) - 8
    for _ in range(MAX_PNG_CHUNKS):
        if at > last:
            return
        length, name = _CHUNK_HEAD.unpack_from(data, at)
        if name == b"IEND" or not name.isalpha():
            return
        yield name, at + 8, at + 8 + length
        at += 12 + length
    raise Undecodable(f"The PNG has more than {MAX_PNG_CHUNKS:,} chunks.")


def _is_sound(data: bytes, start: int, end: int) -> bool:
    """Whether a body is complete and its checksum right, which IDAT's zlib stream has itself."""
    checked = memoryview(data)[start - 4 : end]
    return end + 4 <= len(data) and crc32(checked) == int.from_bytes(data[end : end + 4])


def _read_header(body: bytes) -> Chunks:
    if len(body) != _HEADER.size:
        raise Undecodable(_DAMAGED)
    width, height, depth, colour, compression, filtering, interlace = _HEADER.unpack(body)
    if depth not in _DEPTHS.get(colour, ()) or compression or filtering or interlace > 1:
        raise Undecodable(_DAMAGED)
    return Chunks(width, height, depth, colour, bool(interlace))


def _read_palette(data: bytes, start: int, end: int) -> bytes:
    if not start < end or (end - start) % 3 or not _is_sound(data, start, end):
        raise Undecodable(_DAMAGED)
    return data[start : min(end, start + 768)]
