"""What is printed: documents and tables on stdout, progress and notes on stderr."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import click


def print_document(document: Any) -> None:
    """Print a document as one line of NDJSON, in ASCII so that every pipe takes it."""
    import json

    click.echo(json.dumps(document, separators=(",", ":")))


def readable(text: object) -> str:
    """Return a text in which control and format characters, such as U+202E, are escaped."""
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in str(text)
    )


def minutes(time: str | None) -> str:
    """Return a time of the API to the minute, in UTC as it is there."""
    return f"{time[:10]} {time[11:16]}Z" if time else "-"


def number(value: float | None, digits: int = 1) -> str:
    """Return a number with its decimals, or a dash for none."""
    return "-" if value is None else f"{value:.{digits}f}"


def count_of(number: int, noun: str) -> str:
    """Return "1 image", "2,000 images"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def describe_scale(scale: dict[str, Any]) -> str:
    """Return a scale in words, with what the API warns of."""
    told = [f"{scale['mm_per_px']:.6g} mm per px"]
    told += [f"of batch {scale['batch']}"] if scale["batch"] else []
    told += ["stale: mark a circle again"] if scale["stale"] else []
    return ", ".join([*told, *scale["warnings"]])


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its title, its width in characters, and whether it holds numbers."""

    title: str
    width: int = 0
    is_number: bool = False


class Table:
    """
    Print rows as they come, in columns of fixed width; the last one is as wide as it needs.

    On a terminal a row is cut at its edge. The titles come with the first row.
    """

    def __init__(self, *columns: Column) -> None:
        self._columns = columns
        self._rows = 0
        self._edge = _terminal_width() if sys.stdout.isatty() else None

    def add(self, *cells: object) -> None:
        if not self._rows:
            self._print([column.title for column in self._columns])
        self._rows += 1
        self._print([readable("-" if cell is None else cell) for cell in cells])

    def _print(self, cells: Sequence[str]) -> None:
        line = "  ".join(
            _fit(cell, column) for cell, column in zip(cells, self._columns, strict=True)
        )
        line = line.rstrip()
        cut = self._edge is not None and len(line) > self._edge
        click.echo(f"{line[: (self._edge or 0) - 1]}…" if cut else line)


def _terminal_width() -> int:
    import shutil

    return shutil.get_terminal_size().columns


def _fit(cell: str, column: Column) -> str:
    if not column.width:
        return cell
    if len(cell) > column.width:
        cell = cell[: column.width - 1] + "…"
    return cell.rjust(column.width) if column.is_number else cell.ljust(column.width)


class Progress:
    """
    Show on a terminal how many of how many are done, below what else is printed there.

    Without a terminal nothing is shown. total may be unknown (None).
    """

    def __init__(self, total: int | None = None) -> None:
        self._total, self._done, self._failed = total, 0, 0
        self._shown = sys.stderr.isatty()

    def __enter__(self) -> "Progress":
        self._draw()
        return self

    def __exit__(self, *_: object) -> None:
        self.clear()

    def step(self, *, failed: bool = False) -> None:
        """Count one more, and draw."""
        self._done += 1
        self._failed += failed
        self._draw()

    def clear(self) -> None:
        """Make room for a line; the next step draws again."""
        if self._shown:
            click.echo("\r\033[K", err=True, nl=False)

    def _draw(self) -> None:
        if self._shown:
            of = "" if self._total is None else f" of {self._total:,}"
            failed = f", {self._failed:,} failed" if self._failed else ""
            click.echo(f"\r\033[K{self._done:,}{of} done{failed}", err=True, nl=False)
