"""Test that a header's cost does not grow with the number of a file's smallest units."""

import sys
from contextlib import suppress

import pytest

from circles_pictures.errors import PictureError
from circles_pictures.formats.jpeg import markers
from circles_pictures.limits import MAX_JPEG_ESCAPES, MAX_PICTURE_BYTES
from circles_pictures.opening import open_picture
from tests.pictures.units import READ, REFUSED

MOST_LINES = 1_000_000
"""About a tenth of a second. The files have between 4,096 units and 15 million."""


def count_lines(work):
    """Return how many lines of Python run in work, the interpreter's measure of its own part."""
    lines = 0

    def trace(frame, event, argument):
        nonlocal lines
        lines += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return lines


@pytest.mark.parametrize("name", READ)
def test_header_of_many_units(name):
    data = READ[name]()
    assert len(data) <= MAX_PICTURE_BYTES

    assert count_lines(lambda: open_picture(data)) < MOST_LINES


@pytest.mark.parametrize("name", REFUSED)
def test_too_many_units(name):
    data = REFUSED[name]()
    assert len(data) <= MAX_PICTURE_BYTES

    def refuse():
        with pytest.raises(PictureError):
            open_picture(data)

    assert count_lines(refuse) < MOST_LINES


class Counted:
    """A pattern that counts the bytes FF it is shown, each of which makes its search begin anew."""

    def __init__(self, pattern):
        self.pattern = pattern
        self.match = pattern.match
        self.shown = 0

    def search(self, data, start, end):
        found = self.pattern.search(data, start, end)
        self.shown += data.count(b"\xff", start, found.end() if found else end)
        return found


@pytest.mark.parametrize("name", [name for name in READ | REFUSED if name.startswith("JPEG")])
def test_search_begins_anew(monkeypatch, name):
    pattern = Counted(markers._MARKER)
    monkeypatch.setattr(markers, "_MARKER", pattern)

    with suppress(PictureError):
        open_picture((READ | REFUSED)[name]())

    assert pattern.shown < MAX_JPEG_ESCAPES + 100_000
