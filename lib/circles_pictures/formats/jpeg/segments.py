"""A JPEG's markers (ITU-T T.81, annex B), walked without decoding anything."""

from dataclasses import dataclass, field

from circles_pictures.errors import Undecodable, UnsupportedKind
from circles_pictures.formats.jpeg.markers import EOI, Markers
from circles_pictures.limits import MAX_JPEG_SCANS, MAX_JPEG_TABLE_BYTES, MAX_PROFILE_BYTES

SOS, APP0, APP1, APP2, APP14 = 0xDA, 0xE0, 0xE1, 0xE2, 0xEE
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_TABLES = {0xC4, 0xCC, 0xDB, 0xDD}  # DHT, DAC, DQT, DRI
_READ_FRAMES = {0xC0, 0xC1, 0xC2, 0xC3, 0xC9, 0xCA}
"""Baseline, extended, progressive, lossless; the last two with arithmetic coding."""
_PROGRESSIVE = {0xC2, 0xCA}
_PROFILE = b"ICC_PROFILE\0"
"""Begins a part of a profile; its number, from 1, and the count of all follow (ICC.1:2022, B.4)."""


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
    profile has the parts of an ICC profile by their numbers, with that of all parts before each.
    """

    head: bytes
    frame: Frame
    exif: bytes
    scans_at: int
    scans: list[Scan] = field(default_factory=list)
    end: int = 0
    ended: bool = False
    profile: dict[int, memoryview] = field(default_factory=dict)

    def join_profile(self) -> bytes:
        """Return the ICC profile, empty unless every part is there and they are not too long."""
        count = len(self.profile)
        parts = [self.profile.get(number, b"") for number in range(1, count + 1)]
        complete = all(part[:1] == bytes([count]) for part in parts)
        fits = sum(map(len, parts)) - count <= MAX_PROFILE_BYTES
        return b"".join(part[1:] for part in parts) if complete and fits else b""

    @property
    def is_buffered(self) -> bool:
        """Whether libjpeg keeps all coefficients until the last scan."""
        return self.frame.progressive or self.scans[0].components != self.frame.components

    @property
    def is_refined(self) -> bool:
        """Whether the scans bring every coefficient of every component down to its last bit."""
        components = self.frame.components
        if not self.frame.progressive:
            return set(components) <= {each for scan in self.scans for each in scan.components}
        last = {
            (component, coefficient): scan.low_bit
            for scan in self.scans
            for component in scan.components
            for coefficient in range(scan.coefficients[0], min(scan.coefficients[1], 63) + 1)
        }
        expected = {
            (component, coefficient) for component in components for coefficient in range(64)
        }
        return expected <= last.keys() and not any(last.values())


def read_outline(data: bytes) -> Outline:
    """Walk to the end of image. Raises Undecodable, UnsupportedKind."""
    markers = Markers(data)
    outline = _read_head(data, markers)
    _read_scans(data, markers, outline)
    return outline


def _read_head(data: bytes, markers: Markers) -> Outline:
    kept, frame, exif, left = [b"\xff\xd8"], None, b"", MAX_JPEG_TABLE_BYTES
    profile: dict[int, memoryview] = {}
    for marker, start, end in markers.segments(2, len(data)):
        body = data[start + 4 : end]
        if marker == APP1 and not exif and body.startswith(b"Exif\0\0"):
            exif = body
        elif marker == APP2 and body.startswith(_PROFILE):
            number_at = start + 4 + len(_PROFILE)
            profile[data[number_at]] = memoryview(data)[number_at + 1 : end]
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
            scans = [_read_scan(body)]
            return Outline(b"".join(kept), frame, exif, end, scans, profile=profile)
    raise Undecodable("The JPEG's header is cut off or damaged.")


def _is_needed(marker: int, body: bytes) -> bool:
    """Whether decoding depends on it: tables, frame, and what tells the colour space."""
    if marker in (APP0, APP14):
        return body.startswith((b"JFIF", b"Adobe"))
    return marker in _TABLES or marker in _FRAMES or marker == SOS


def read_small_header(data: bytes, markers: Markers, at: int, end: int) -> bytes:
    """
    Return the header, up to the first scan's, of a JPEG inside a TIFF.

    Raises UnsupportedKind where libjpeg would keep all coefficients, and Undecodable.
    """
    components = 0
    for marker, start, last in markers.segments(at, end):
        if marker in _FRAMES:
            components = int.from_bytes(data[start + 9 : start + 10])
        several = marker == SOS and int.from_bytes(data[start + 4 : start + 5]) < components
        if several or marker in _PROGRESSIVE:
            raise UnsupportedKind(
                "This kind of TIFF is not read: progressive JPEG inside. Save it as JPEG."
            )
        if marker == SOS:
            return data[at:last]
    raise Undecodable("The TIFF is cut off or damaged.")


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


def _read_scans(data: bytes, markers: Markers, outline: Outline) -> None:
    """Find where the coded data ends, and count the scans on the way."""
    at = outline.scans_at
    while (start := markers.find(at, len(data))) < len(data):
        marker = data[start + 1]
        if marker == EOI:
            outline.end, outline.ended = start, True
            return
        at = start + 2 + int.from_bytes(data[start + 2 : start + 4])
        if marker == SOS:
            outline.scans.append(_read_scan(data[start + 4 : at]))
            if len(outline.scans) > MAX_JPEG_SCANS:
                raise Undecodable(f"The JPEG has more than {MAX_JPEG_SCANS} scans.")
    outline.end = len(data)
