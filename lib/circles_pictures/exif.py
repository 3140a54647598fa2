"""The orientation in an EXIF block (CIPA DC-008, 4.6.2): a small TIFF whose tag 274 tells it."""

import struct

UPRIGHT = 1
QUARTER_TURNED = (5, 6, 7, 8)
_ORIENTATION = 274
_KINDS = {3: "H", 4: "I"}
"""TIFF's SHORT, which the standard asks for, and LONG, which some write."""
_ORDERS = {b"II*\0": "<", b"MM\0*": ">"}


def read_orientation(block: bytes) -> int:
    """Return 1..8; 1 also where the block is damaged, missing the tag, or has another value."""
    block = block.removeprefix(b"Exif\0\0")
    order = _ORDERS.get(block[:4])
    if order is None:
        return UPRIGHT
    try:
        return checked(_find(block, order))
    except (struct.error, IndexError):
        return UPRIGHT


def checked(value: int) -> int:
    """Return an orientation that means something, else upright."""
    return value if value in range(1, 9) else UPRIGHT


def _find(block: bytes, order: str) -> int:
    (at,) = struct.unpack_from(order + "I", block, 4)
    (count,) = struct.unpack_from(order + "H", block, at)
    for entry in range(at + 2, at + 2 + 12 * count, 12):
        tag, kind = struct.unpack_from(order + "HH", block, entry)
        if tag == _ORIENTATION:
            value: int = struct.unpack_from(order + _KINDS.get(kind, "x"), block, entry + 8)[0]
            return value
    return UPRIGHT
