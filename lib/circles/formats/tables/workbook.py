"""Write a workbook (XLSX). Only this module imports xlsxwriter."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from circles.domain.errors import NotPossible
from circles.domain.exports.selections import Entry
from circles.formats.tables.rows import IMAGE_COLUMNS, OBJECT_COLUMNS, Row, image_row, object_rows

MAX_ROWS = 50_000
"""A workbook cannot be sent before its last row, and this many take as long as a client waits."""


def write_workbook(entries: Iterable[Entry], path: Path) -> None:
    """
    Write the sheets objects, images and complete, which has the totals.

    Memory does not grow with the rows. Text is never a formula or a link.

    Raises:
        NotPossible: there are more than MAX_ROWS objects or images.
    """
    from xlsxwriter import Workbook  # type: ignore[import-untyped]

    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "tmpdir": str(path.parent),
    }
    with Workbook(path, options) as book:
        objects = _Sheet(book.add_worksheet("objects"), OBJECT_COLUMNS)
        images = _Sheet(book.add_worksheet("images"), IMAGE_COLUMNS)
        for entry in entries:
            images.add(image_row(entry))
            for row in object_rows(entry):
                objects.add(row)
        totals = _Sheet(book.add_worksheet("complete"), ("objects", "images"))
        totals.add((objects.rows, images.rows))


class _Sheet:
    """One sheet, written row by row. rows counts those below its head."""

    def __init__(self, sheet: Any, columns: Iterable[str]) -> None:
        self._sheet, self.rows = sheet, 0
        sheet.write_row(0, 0, columns)

    def add(self, row: Row) -> None:
        """Write a row. Raises NotPossible."""
        self.rows += 1
        if self.rows > MAX_ROWS:
            raise NotPossible(
                f"A workbook has at most {MAX_ROWS:,} rows; select less, or take csv."
            )
        self._sheet.write_row(self.rows, 0, row)
