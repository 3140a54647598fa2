"""A JPEG's markers (ITU-T T.81, annex B), walked without decoding anything."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from circles_pictures.errors import Undecodable, UnsupportedKind
from circles_pictures.limits import (
    MAX_JPEG_SCANS,
    MAX_JPEG_SEGMENTS,
    MAX_JPEG_TABLE_BYTES,
)

EOI, SOS, APP0, APP1, APP14 = 0xD9, 0xDA, 0xE0, 0xE1, 0xEE
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_TABLES = {0xC4, 0xCC, 0xDB, 0xDD}  # DHT, DAC, DQT, DRI
_READ_FRAMES = {0xC0, 0xC1, 0xC2, 0xC3, 0xC9, 0xCA}
"""Baseline, extended, progressive, lossless; the last two with arithmetic coding."""
_PROGRESSIVE = {0xC2, 0xCA}
_NEXT_MARKER = re.compile(rb"\xff[\x02-\xcf\xd9-\xfe]")
"""
What begins a segment, or the end of image.

FF is also followed by 00 in coded data, by FF as a fill byte, and belongs to markers that stand
alone: TEM (01), RST0..7 (D0..D7), SOI (D8).
"""
_TOO_MANY = f"The JPEG has more than {MAX_JPEG_SEGMENTS} segments."


@dataclass(frozen=True, slots=True)
class Frame:
    """The start of frame: sizes in samples; sampling has (horizontal, vertical) per component."""

    progressive: bool
    width: int
    height: int
    components: tuple[int, ...]
    sampling: tuple[tuple[int, int], ...]

    @property
    def blocks(self) -> int:
        """Blocks of 8 x 8 samples, all components together."""
        widest, highest = (max(each) for each in zip(*self.sampling, strict=True))
        across, down = -(-self.width // (8 * widest)), -(-self.height // (8 * highest))
        blocks: int = across * down * sum(h * v for h, v in self.sampling)
        return blocks


@dataclass(frozen=True, slots=True)
class Scan:
    """One start of scan: which components, which coefficients (first, last), down to which bit."""

    components: tuple[int, ...]
    coefficients: tuple[int, int]
    low_bit: int


@dataclass(slots=True)
class Outline:
    """
    What a JPEG consists of.

    head holds the segments that decoding needs, from the start of image up to the first scan's
    header; the coded data lies at scans_at up to end, where the end of image stands, if it does.
    """

    head: bytes
    frame: Frame
    exif: bytes
    scans_at: int
    scans: list[Scan] = field(default_factory=list)
    end: int = 0
    ended: bool = False


def read_outline(data: bytes) -> Outline:
    """Walk to the end of image. Raises Undecodable, UnsupportedKind."""
    outline = _read_head(data)
    _read_scans(data, outline)
    return outline


def _read_head(data: bytes) -> Outline:
    kept, frame, exif, left = [b"\xff\xd8"], None, b"", MAX_JPEG_TABLE_BYTES
    for number, (marker, start, end) in enumerate(_segments(data, 2)):
        if number > MAX_JPEG_SEGMENTS:
            raise Undecodable(_TOO_MANY)
        body = data[start + 4 : end]
        if marker == APP1 and not exif and body.startswith(b"Exif\0\0"):
            exif = body
        elif marker in _FRAMES:
            frame = _read_frame(marker, body)
        if _is_needed(marker, body):
            kept.append(data[start:end])
            left -= end - start
            if left < 0:
                raise Undecodable("The JPEG has more tables than a picture needs.")
        if marker == SOS:
            if frame is None:
                break
            return Outline(b"".join(kept), frame, exif, end, [_read_scan(body)])
    raise Undecodable("The JPEG's header is cut off or damaged.")


def _is_needed(marker: int, body: bytes) -> bool:
    """Whether decoding depends on it: tables, frame, and what tells the colour space."""
    if marker in (APP0, APP14):
        return body.startswith((b"JFIF", b"Adobe"))
    return marker in _TABLES or marker in _FRAMES or marker == SOS


def _segments(data: bytes, at: int) -> Iterator[tuple[int, int, int]]:
    """Yield (marker, start, end) of the segments from at on; junk between them is skipped."""
    while found := _NEXT_MARKER.search(data, at):
        start, marker = found.start(), data[found.start() + 1]
        if marker == EOI:
            return
        at = start + 2 + int.from_bytes(data[start + 2 : start + 4])
        if at < start + 4 or at > len(data):
            raise Undecodable("The JPEG's header is cut off or damaged.")
        yield marker, start, at


def _read_frame(marker: int, body: bytes) -> Frame:
    count = body[5] if len(body) > 5 else 0
    if len(body) < 6 + 3 * count:
        raise Undecodable("The JPEG's header is cut off or damaged.")
    if marker not in _READ_FRAMES or body[0] != 8 or count not in (1, 3, 4):
        raise UnsupportedKind(
            "This kind of JPEG is not read: save it with 8 bits and 1, 3 or 4 channels."
        )
    sampling = tuple(divmod(body[at], 16) for at in range(7, 6 + 3 * count, 3))
    if not all(1 <= factor <= 4 for pair in sampling for factor in pair):
        raise Undecodable("The JPEG's header is cut off or damaged.")
    return Frame(
        progressive=marker in _PROGRESSIVE,
        width=int.from_bytes(body[3:5]),
        height=int.from_bytes(body[1:3]),
        components=tuple(body[6 : 6 + 3 * count : 3]),
        sampling=sampling,
    )


def _read_scan(body: bytes) -> Scan:
    count = body[0] if body else 0
    if not 1 <= count <= 4 or len(body) < 4 + 2 * count:
        raise Undecodable("The JPEG's header is cut off or damaged.")
    first, last, bits = body[1 + 2 * count : 4 + 2 * count]
    return Scan(tuple(body[1 : 1 + 2 * count : 2]), (first, last), bits & 15)


def _read_scans(data: bytes, outline: Outline) -> None:
    """Find where the coded data ends, and count the scans on the way."""
    at, segments = outline.scans_at, 0
    while found := _NEXT_MARKER.search(data, at):
        start, marker = found.start(), data[found.start() + 1]
        if marker == EOI:
            outline.end, outline.ended = start, True
            return
        segments += 1
        if segments > MAX_JPEG_SEGMENTS:
            raise Undecodable(_TOO_MANY)
        at = start + 2 + int.from_bytes(data[start + 2 : start + 4])
        if marker == SOS:
            outline.scans.append(_read_scan(data[start + 4 : at]))
            if len(outline.scans) > MAX_JPEG_SCANS:
                raise Undecodable(f"The JPEG has more than {MAX_JPEG_SCANS} scans.")
    outline.end = len(data)
