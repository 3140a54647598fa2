"""Write a workbook (XLSX). Only this module imports xlsxwriter."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from circles.domain.errors import NotPossible
from circles.domain.exports.selections import Entry
from circles.formats.tables.rows import IMAGE_COLUMNS, OBJECT_COLUMNS, Row, image_row, object_rows

MAX_ROWS = 50_000
"""A workbook cannot be sent before its last row, and this many take as long as a client waits."""

_MEASURED_EVERY = 20
"""Images; 20 with 300 objects are 8 MiB."""
_UNWRITTEN_BYTES = 8 * 1024 * 1024
"""What is added until it is measured again."""
_COPIES = 2.25
"""Rows are copied into their sheets before these are packed to a tenth."""


def write_workbook(
    entries: Iterable[Entry], path: Path, make_room: Callable[[int], None] = lambda _: None
) -> None:
    """
    Write the sheets objects, images and complete, which has the totals.

    Memory does not grow with the rows. Text is never a formula or a link.

    Args:
        path: in a folder that has nothing else in it.
        make_room: called with the bytes that all files in the folder may take together.

    Raises:
        NotPossible: there are more than MAX_ROWS objects or images.
        OSError: the disk is full.
    """
    from xlsxwriter import Workbook  # type: ignore[import-untyped]
    from xlsxwriter.exceptions import FileCreateError  # type: ignore[import-untyped]

    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "tmpdir": str(path.parent),
    }
    book = Workbook(path, options)
    try:
        _fill(book, entries, lambda: make_room(_foresee_bytes(path.parent)))
        book.close()
    except FileCreateError as error:
        raise OSError("The workbook cannot be written.") from error
    finally:  # a with block would write the whole workbook after an error
        for file in (each for sheet in book.worksheets() for each in (sheet.row_data_fh, sheet.fh)):
            with suppress(OSError):
                file.close()


def _fill(book: Any, entries: Iterable[Entry], make_room: Callable[[], None]) -> None:
    objects = _Sheet(book.add_worksheet("objects"), OBJECT_COLUMNS)
    images = _Sheet(book.add_worksheet("images"), IMAGE_COLUMNS)
    for number, entry in enumerate(entries):
        if number % _MEASURED_EVERY == 0:
            make_room()
        images.add(image_row(entry))
        for row in object_rows(entry):
            objects.add(row)
    make_room()
    totals = _Sheet(book.add_worksheet("complete"), ("objects", "images"))
    totals.add((objects.rows, images.rows))


def _foresee_bytes(folder: Path) -> int:
    """Return what a workbook takes in the end: its rows, their copy as sheets, and the archive."""
    rows_bytes = sum(file.stat().st_size for file in folder.iterdir())
    return round(_COPIES * (rows_bytes + _UNWRITTEN_BYTES))


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
