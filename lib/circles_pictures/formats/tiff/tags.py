"""
A TIFF's directories: tags and their values, in either byte order, classic or BigTIFF.

TIFF 6.0, section 2; https://www.awaresystems.be/imaging/tiff/bigtiff.html
"""

import struct
import sys
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from circles_pictures.errors import Undecodable
from circles_pictures.limits import MAX_TIFF_PAGES, MAX_TIFF_PIECES, MAX_TIFF_TAGS

Numbers = Sequence[int]
Values = Numbers | bytes
"""Whole numbers; of texts, opaque bytes and all other kinds the bytes."""

_ORDERS = {
    b"II*\0": ("<", False),
    b"MM\0*": (">", False),
    b"II\0*": ("<", False),  # wrong, and read by others
    b"MM*\0": (">", False),
    b"II+\0": ("<", True),
    b"MM\0+": (">", True),
}
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_SIZES |= {16: 8, 17: 8, 18: 8}
_BYTE, _OPAQUE = 1, 7
_NUMBERS = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}
_NATIVE = {"little": "<", "big": ">"}[sys.byteorder]
_DAMAGED = "The TIFF's header is cut off or damaged."


@dataclass(frozen=True, slots=True)
class Directory:
    """
    Tags of one page. order is struct's, "<" or ">".

    places has each tag's (kind, count, offset of its values). entries is how many tags there are,
    also those that come twice.
    """

    data: bytes = field(repr=False)
    order: str
    places: dict[int, tuple[int, int, int]]
    entries: int
    next_at: int

    def get(self, tag: int, most: int = MAX_TIFF_PIECES) -> Values | None:
        """Return a tag's first values. Raises Undecodable where any lie beyond the file."""
        place = self.places.get(tag)
        if place is None:
            return None
        kind, count, at = place
        if at + count * _SIZES[kind] > len(self.data) or count > MAX_TIFF_PIECES:
            raise Undecodable(_DAMAGED)
        letter, end = _NUMBERS.get(kind), at + min(count, most) * _SIZES[kind]
        if letter is None:
            return self.data[at:end]
        values = array(letter, self.data[at:end])
        if _NATIVE != self.order:
            values.byteswap()
        return values

    def numbers(self, tag: int, default: Numbers = (), most: int = MAX_TIFF_PIECES) -> Numbers:
        """Return a tag's first numbers, the default where it is missing or holds none."""
        values = self.get(tag, most)
        return values if isinstance(values, array) and values else default

    def number(self, tag: int, default: int) -> int:
        """Return a tag's first number."""
        return self.numbers(tag, (default,), most=1)[0]

    def block(self, tag: int, most: int) -> bytes:
        """Return a tag's opaque bytes; none where they are missing, cut off or more than most."""
        kind, count, at = self.places.get(tag, (_OPAQUE, 0, 0))
        whole = kind in (_BYTE, _OPAQUE) and count <= most and at + count <= len(self.data)
        return self.data[at : at + count] if whole else b""

    def text(self, tag: int) -> bytes:
        """Return a tag's bytes; none where it is missing or holds numbers."""
        values = self.get(tag)
        return values if isinstance(values, bytes) else b""


def read_directories(data: bytes) -> Iterator[Directory]:
    """Yield the pages in their order, each once. Raises Undecodable."""
    order, big = _ORDERS[data[:4]]
    at = _unpack(data, order + ("Q" if big else "I"), 8 if big else 4)
    seen: set[int] = set()
    while at and at not in seen and len(seen) < MAX_TIFF_PAGES:
        seen.add(at)
        directory = read_directory(data, at)
        yield directory
        at = directory.next_at


def read_directory(data: bytes, at: int) -> Directory:
    """Read the directory that begins at a place. Raises Undecodable."""
    order, big = _ORDERS[data[:4]]
    count = _unpack(data, order + ("Q" if big else "H"), at)
    if count > MAX_TIFF_TAGS:
        raise Undecodable(_DAMAGED)
    entry, inline = (20, 8) if big else (12, 4)
    start = at + (8 if big else 2)
    places = {}
    for place in range(start, start + count * entry, entry):
        tag, kind = _unpack_all(data, order + "HH", place)
        number = _unpack(data, order + ("Q" if big else "I"), place + 4)
        values_at = place + entry - inline
        if number * _SIZES.get(kind, 0) > inline:
            values_at = _unpack(data, order + ("Q" if big else "I"), values_at)
        if kind in _SIZES and tag not in places:
            places[tag] = (kind, number, values_at)
    end = start + count * entry
    try:
        next_at = _unpack(data, order + ("Q" if big else "I"), end)
    except Undecodable:  # the last page of some files ends with its tags
        next_at = 0
    return Directory(data, order, places, count, next_at)


def _unpack(data: bytes, form: str, at: int) -> int:
    value: int = _unpack_all(data, form, at)[0]
    return value


def _unpack_all(data: bytes, form: str, at: int) -> tuple[int, ...]:
    try:
        return struct.unpack_from(form, data, at)
    except (struct.error, OverflowError) as error:
        raise Undecodable(_DAMAGED) from error
