"""A JPEG's markers (ITU-T T.81, B.1.1.2), searched for in C, a piece at a time."""

import re
from collections.abc import Iterator

from circles_pictures.errors import Undecodable
from circles_pictures.limits import MAX_JPEG_ESCAPES, MAX_JPEG_SEGMENTS

EOI = 0xD9
_MARKER = re.compile(rb"\xff[\x02-\xcf\xd9-\xfe]")
"""
What begins a segment, or the end of image.

FF is also followed by 00 in coded data, by FF as a fill byte, and belongs to markers that stand
alone: TEM (01), RST0..7 (D0..D7), SOI (D8).
"""
_PIECE_BYTES = 64 * 1024
"""Between two pieces another thread may have the interpreter."""
_FILL = b"\xff" * 4096


class Markers:
    """Where the markers of one file are, at a cost that the file cannot raise."""

    def __init__(self, data: bytes, max_segments: int = MAX_JPEG_SEGMENTS) -> None:
        self._data = data
        self._max_segments = self._segments_left = max_segments
        self._escapes_left = MAX_JPEG_ESCAPES

    def find(self, at: int, end: int) -> int:
        """
        Return the place of the next marker, or end.

        Long runs of fill bytes are stepped over. Each other FF makes the search begin anew, so
        their number is limited, and that of the calls. Raises Undecodable.
        """
        data = self._data
        self._segments_left -= 1
        if self._segments_left < 0:
            raise Undecodable(f"The JPEG has more than {self._max_segments} segments.")
        if _MARKER.match(data, at, end):  # usually one segment follows the other
            return at
        while at < end:
            if data.startswith(_FILL, at, end):
                at += len(_FILL) - 1
                continue
            piece_end = min(at + _PIECE_BYTES, end)
            found = _MARKER.search(data, at, min(piece_end + 1, end))
            start, at = at, found.start() if found else piece_end
            self._escapes_left -= data.count(b"\xff", start, at)
            if self._escapes_left < 0:
                raise Undecodable("The JPEG has more fill bytes and restarts than a picture needs.")
            if found:
                return at
        return end

    def segments(self, at: int, end: int) -> Iterator[tuple[int, int, int]]:
        """Yield (marker, start, end) of segments up to the end of image; junk is skipped."""
        data = self._data
        while (start := self.find(at, end)) < end and data[start + 1] != EOI:
            at = start + 2 + int.from_bytes(data[start + 2 : start + 4])
            if at < start + 4 or at > end:
                raise Undecodable("The JPEG's header is cut off or damaged.")
            yield data[start + 1], start, at
