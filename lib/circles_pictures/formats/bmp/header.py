"""
A BMP's header: BITMAPCOREHEADER of 12 bytes, BITMAPINFOHEADER of 40 and its longer successors.

https://learn.microsoft.com/windows/win32/gdi/bitmap-header-types
"""

import struct
from dataclasses import dataclass

from circles_pictures.errors import Undecodable, UnsupportedKind
from circles_pictures.limits import MAX_PROFILE_BYTES

RGB, RLE8, RLE4, BITFIELDS, ALPHA_BITFIELDS = 0, 1, 2, 3, 6
_V5_BYTES = 124
_EMBEDDED = 0x4D424544
"""PROFILE_EMBEDDED, the type of colour space whose profile is in the file."""
_SIZES = (12, 40, 52, 56, 64, 108, 124)
_DEPTHS = {RGB: (1, 4, 8, 16, 24, 32), RLE8: (8,), RLE4: (4,)} | dict.fromkeys(
    (BITFIELDS, ALPHA_BITFIELDS), (16, 32)
)
_PLAIN_MASKS = {16: (0x7C00, 0x3E0, 0x1F, 0), 32: (0xFF0000, 0xFF00, 0xFF, 0)}
_UNREAD = "This kind of BMP is not read: save it with 24 or 32 bits a pixel and no compression."


@dataclass(frozen=True, slots=True)
class Header:
    """
    masks are red's, green's, blue's and alpha's bits of a 16- or 32-bit pixel, 0 for none.

    palette is RGB, three bytes a colour; rows lie from offset on, the bottom one first unless
    top_down.
    """

    width: int
    height: int
    top_down: bool
    depth: int
    compression: int
    masks: tuple[int, int, int, int]
    palette: bytes
    offset: int

    @property
    def stride(self) -> int:
        """Bytes from one row to the next."""
        return (self.width * self.depth + 31) // 32 * 4


def read_header(data: bytes) -> Header:
    """Raise Undecodable, UnsupportedKind."""
    try:
        return _read(data)
    except struct.error as error:
        raise Undecodable("The BMP's header is cut off or damaged.") from error


def _read(data: bytes) -> Header:
    offset, size = struct.unpack_from("<II", data, 10)
    if size not in _SIZES:
        raise Undecodable("The BMP's header is cut off or damaged.")
    if size == 12:
        width, height, _, depth = struct.unpack_from("<HHHH", data, 18)
        compression, colours = RGB, 0
    else:
        width, height, _, depth, compression = struct.unpack_from("<iiHHI", data, 18)
        (colours,) = struct.unpack_from("<I", data, 46)
    if depth not in _DEPTHS.get(compression, ()) or (size == 64 and compression > RLE4):
        raise UnsupportedKind(_UNREAD)
    masks = _masks(data, size, compression, depth)
    palette_at = 14 + size + (12 if size == 40 and compression == BITFIELDS else 0)
    palette, end = _palette(data, palette_at, depth, colours, 3 if size == 12 else 4)
    if offset in (0, 14 + size):  # some writers forget the palette between
        offset = end
    return Header(width, abs(height), height < 0, depth, compression, masks, palette, offset)


def read_profile(data: bytes) -> bytes:
    """Return the ICC profile of a BITMAPV5HEADER; empty where it is missing or cut off."""
    if int.from_bytes(data[14:18], "little") != _V5_BYTES:
        return b""
    try:
        (kind,) = struct.unpack_from("<I", data, 14 + 56)
        at, size = struct.unpack_from("<II", data, 14 + 112)
    except struct.error:
        return b""
    fits = kind == _EMBEDDED and size <= MAX_PROFILE_BYTES
    return data[14 + at : 14 + at + size] if fits else b""


def _masks(data: bytes, size: int, compression: int, depth: int) -> tuple[int, int, int, int]:
    if compression not in (BITFIELDS, ALPHA_BITFIELDS):
        return _PLAIN_MASKS.get(depth, (0, 0, 0, 0))
    has_alpha = size >= 56 or compression == ALPHA_BITFIELDS
    red, green, blue, alpha = struct.unpack_from("<IIII", data, 54)
    masks = (red, green, blue, alpha if has_alpha else 0)
    if not any(masks[:3]):
        return _PLAIN_MASKS[depth]
    used = 0
    for mask in masks:
        if used & mask or not _is_run(mask) or mask >> depth:
            raise UnsupportedKind("The BMP's colour masks make no sense.")
        used |= mask
    return masks


def _is_run(mask: int) -> bool:
    """Tell whether all bits of a mask are adjacent."""
    lowest = mask & -mask
    return not mask or (mask // lowest & (mask // lowest + 1)) == 0


def _palette(data: bytes, at: int, depth: int, colours: int, size: int) -> tuple[bytes, int]:
    """Return RGB and where the palette ends."""
    if depth > 8:
        return b"", at
    count = min(colours or 1 << depth, 1 << depth)
    raw = data[at : at + size * count]
    if len(raw) < size * count:
        raise Undecodable("The BMP's header is cut off or damaged.")
    palette = bytearray(3 * count)
    for channel in range(3):
        palette[channel::3] = raw[2 - channel :: size]
    return bytes(palette), at + size * count
