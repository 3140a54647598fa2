"""Write CSV (RFC 4180), a row an object or a row an image."""

import csv
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from circles.domain.exports.selections import Entry
from circles.formats.tables.rows import IMAGE_COLUMNS, OBJECT_COLUMNS, Row, image_row, object_rows

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""Spreadsheets take text that begins so for a formula (OWASP, "CSV Injection")."""


class Table:
    """
    Writes rows as lines of CSV.

    All text is quoted: a reader that skips the comment at the end must not find one in a name.
    """

    def __init__(self, write: Callable[[str], object], columns: Iterable[str]) -> None:
        self._writer = csv.writer(_Writable(write), quoting=csv.QUOTE_NONNUMERIC)
        self._writer.writerow(columns)

    def add(self, row: Row) -> None:
        """Write a row. No spreadsheet takes its texts for formulas."""
        self._writer.writerow(map(_make_harmless, row))


def write_object_rows(entries: Iterable[Entry]) -> Iterator[str]:
    """Yield CSV with a row an object. The last line is a comment with the totals."""
    lines: list[str] = []
    table = Table(lines.append, OBJECT_COLUMNS)
    objects = images = 0
    for entry in entries:
        images += 1
        objects += len(entry.objects) + len(entry.candidates)
        for row in object_rows(entry):
            table.add(row)
        yield _take(lines)
    yield _take(lines) + f"# complete: {objects} objects of {images} images\r\n"


def write_image_rows(entries: Iterable[Entry]) -> Iterator[str]:
    """Yield CSV with a row an image. The last line is a comment with the total."""
    lines: list[str] = []
    table = Table(lines.append, IMAGE_COLUMNS)
    images = 0
    for entry in entries:
        images += 1
        table.add(image_row(entry))
        yield _take(lines)
    yield _take(lines) + f"# complete: {images} images\r\n"


class _Writable:
    """A file of which csv needs nothing but write."""

    def __init__(self, write: Callable[[str], object]) -> None:
        self.write = write


def _take(lines: list[str]) -> str:
    text = "".join(lines)
    lines.clear()
    return text


def _make_harmless(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    if isinstance(value, bool):
        return "true" if value else "false"
    return value
