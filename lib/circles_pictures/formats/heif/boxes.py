"""The boxes of a HEIC or AVIF that tell size and depth (ISO/IEC 14496-12, 23008-12)."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from circles_pictures.errors import Undecodable, UnsupportedKind
from circles_pictures.limits import MAX_HEIF_BOXES

_DAMAGED = "The header of the HEIC or AVIF is cut off or damaged."
_PROFILES = (b"prof", b"rICC")
_CHROMA = (1.0, 1.5, 2.0, 3.0)
"""Samples a pixel by HEVC's chroma_format_idc: none, halved in both directions, in one, in none."""

Box = tuple[bytes, memoryview]


@dataclass(frozen=True, slots=True)
class Outline:
    """
    What a file says of its main picture: codec is "HEIC" or "AVIF"; the size is upright.

    largest is the number of pixels of its largest part. sample_bytes is what a pixel takes in the
    coded planes: 1.5 for 8 bits with chroma halved in both directions. profile is an ICC profile.
    """

    codec: str
    width: int
    height: int
    largest: int
    sample_bytes: float
    profile: memoryview


def read_outline(data: bytes) -> Outline:
    """Raises Undecodable, and UnsupportedKind where neither HEVC nor AV1 is inside."""
    meta = _named(_boxes(_first(_boxes(memoryview(data)), b"meta")[4:]))
    properties = list(_boxes(_first(_boxes(meta.get(b"iprp", _NOTHING)), b"ipco")))
    extents = [_extent(body) for name, body in properties if name == b"ispe"]
    if not extents:
        raise Undecodable(_DAMAGED)
    main = _properties_of_main(meta, properties)
    width, height = next((_extent(body) for name, body in main if name == b"ispe"), extents[0])
    if any(name == b"irot" and body[:1] and body[0] & 1 for name, body in main):
        width, height = height, width
    codec, sample_bytes = _codec(properties)
    largest = max(w * h for w, h in extents)
    return Outline(codec, width, height, largest, sample_bytes, _find_profile(main))


_NOTHING = memoryview(b"")


def _boxes(body: memoryview) -> Iterator[Box]:
    """Yield name and body of the boxes; the last body may be cut off."""
    at = 0
    for _ in range(MAX_HEIF_BOXES):
        head = bytes(body[at : at + 16])
        size, start = int.from_bytes(head[:4]), 8
        if size == 1:
            size, start = int.from_bytes(head[8:16]), 16
        elif size == 0:
            size = len(body) - at
        if len(head) < start or size < start:
            return
        yield head[4:8], body[at + start : at + size]
        at += size
    raise Undecodable(_DAMAGED)


def _first(boxes: Iterator[Box], wanted: bytes) -> memoryview:
    return next((body for name, body in boxes if name == wanted), _NOTHING)


def _named(boxes: Iterator[Box]) -> dict[bytes, memoryview]:
    return dict(boxes)


def _extent(body: memoryview) -> tuple[int, int]:
    if len(body) < 12:
        raise Undecodable(_DAMAGED)
    width, height = struct.unpack_from(">II", body, 4)
    return width, height


def _properties_of_main(meta: dict[bytes, memoryview], properties: list[Box]) -> list[Box]:
    """Return what is associated with the main item; nothing where the file does not tell."""
    try:
        main = _main_item(meta[b"pitm"])
        associations = _first(_boxes(meta[b"iprp"]), b"ipma")
        indices = _associated(associations, main)
        return [properties[index - 1] for index in indices if 1 <= index <= len(properties)]
    except (KeyError, struct.error, IndexError):
        return []


def _main_item(body: memoryview) -> int:
    item: int = struct.unpack_from(">H" if body[0] == 0 else ">I", body, 4)[0]
    return item


def _associated(body: memoryview, wanted: int) -> list[int]:
    """Return the numbers, from 1 on, of an item's properties. Raises struct.error, IndexError."""
    wide_items, wide_numbers = body[0] > 0, body[3] & 1
    (count,) = struct.unpack_from(">I", body, 4)
    at, width = 8, 2 if wide_numbers else 1
    for _ in range(min(count, MAX_HEIF_BOXES)):
        (item,) = struct.unpack_from(">I" if wide_items else ">H", body, at)
        at += 5 if wide_items else 3
        end = at + width * body[at - 1]
        if item == wanted:
            # The highest bit says that a reader must know the property.
            mask = 0x7FFF if wide_numbers else 0x7F
            return [int.from_bytes(body[n : n + width]) & mask for n in range(at, end, width)]
        at = end
    return []


def _find_profile(main: list[Box]) -> memoryview:
    """Return the ICC profile (ISO/IEC 14496-12, 12.1.5), restricted or not."""
    colours = (body for name, body in main if name == b"colr")
    return next((each[4:] for each in colours if bytes(each[:4]) in _PROFILES), _NOTHING)


def _codec(properties: list[Box]) -> tuple[str, float]:
    """Return codec and sample_bytes, the most that any part needs."""
    planes = {b"hvcC": _hevc_bytes, b"av1C": _av1_bytes}
    codecs = {b"hvcC": "HEIC", b"av1C": "AVIF"}
    found = [(codecs[name], planes[name](body)) for name, body in properties if name in codecs]
    if not found:
        raise UnsupportedKind("This kind of HEIF is not read: send it as HEIC, AVIF or JPEG.")
    return found[0][0], max(size for _, size in found)


def _hevc_bytes(body: memoryview) -> float:
    """Read chroma_format_idc and bit_depth_luma_minus8 (ISO/IEC 14496-15, 8.3.3.1)."""
    if len(body) < 18:
        raise Undecodable(_DAMAGED)
    return _CHROMA[body[16] & 3] * (2 if body[17] & 7 else 1)


def _av1_bytes(body: memoryview) -> float:
    """Read the flags of AV1CodecConfigurationBox (AV1 in ISOBMFF, 2.3.3)."""
    if len(body) < 4:
        raise Undecodable(_DAMAGED)
    flags = body[2]
    halved = (flags >> 3 & 1) + (flags >> 2 & 1)
    chroma = 1.0 if flags & 0x10 else _CHROMA[3 - halved]
    return chroma * (2 if flags & 0x40 else 1)
