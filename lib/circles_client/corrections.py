"""
Read corrections from a table: CSV with commas, semicolons or tabs, as any spreadsheet saves it.

Of each image that the table names, its rows are all circles that stay. A row with an object_id and
the geometry that the object has keeps it; with another geometry it is moved; a row without an
object_id is a new circle. A row with an image_id alone says that the image has no circles. Rows of
candidates (kind) are not circles, nor are lines that begin with #.
"""

import csv
import io
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from circles_client.errors import CirclesError
from circles_client.transport.http import Json

_NEEDED = ("image_id", "object_id", "centroid_x", "centroid_y", "radius")
_RUN = "detection_id"
_ALIASES = {"x": "centroid_x", "y": "centroid_y"}
_SAME_PX = 0.02
"""Tables hold two decimals: what differs by less was not moved."""


class BadTable(CirclesError):
    """The table cannot be read. The message names the line."""

    exit_code = 2


@dataclass(slots=True)
class Row:
    """A circle as the table has it; geometry is x, y and radius in px."""

    line: int
    object_id: str | None
    geometry: tuple[float, float, float]


@dataclass(slots=True)
class Correction:
    """What the table says of one image. run: the run it was made from, if the table tells."""

    image_id: str
    run: str | None = None
    rows: list[Row] = field(default_factory=list)

    def objects(self, known: Mapping[str, Json]) -> list[Json]:
        """
        Return the body of a correction, given the run's objects and candidates by id.

        Raises BadTable for an object that the run does not have.
        """
        return [_entry(row, known) for row in self.rows]


def read_corrections(data: bytes) -> list[Correction]:
    """Return the corrections of a table, in its order. Raises BadTable."""
    found: dict[str, Correction] = {}
    for line, cells, has_decimal_commas in _rows(_decode(data)):
        image_id = cells["image_id"]
        if not image_id:
            raise BadTable(f"Line {line} has no image_id.")
        image = found.setdefault(image_id, Correction(image_id, cells.get(_RUN) or None))
        if (cells.get(_RUN) or None) != image.run:
            raise BadTable(f"Line {line}: the rows of image {image_id} name different runs.")
        if any(cells[name] for name in _NEEDED[1:]) and cells.get("kind") != "candidate":
            image.rows.append(_row(line, cells, has_decimal_commas))
    return list(found.values())


def _decode(data: bytes) -> str:
    """Return the text. Its bytes outside of names are ASCII, so a wrong encoding harms none."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    return data.decode("utf-8-sig", "replace")


def _rows(text: str) -> Iterator[tuple[int, dict[str, str], bool]]:
    """Yield number, cells by column and whether numbers have decimal commas, of each line."""
    head = text.partition("\n")[0]
    delimiter = max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        names = _names(next(reader, []))
        for values in reader:
            if any(value.strip() for value in values) and not values[0].startswith("#"):
                cells = {name: value.strip() for name, value in zip(names, values, strict=False)}
                _check_length(reader.line_num, names, values)
                yield reader.line_num, cells, delimiter != ","
    except csv.Error as error:
        raise BadTable(f"Line {reader.line_num} is not CSV: {error}.") from None


def _names(head: Sequence[str]) -> list[str]:
    names = [name.strip().lower() for name in head]
    names = [_ALIASES.get(name, name) for name in names]
    missing = [name for name in _NEEDED if name not in names]
    if missing:
        raise BadTable(
            f"The first line lacks {_list(missing)}; it has {_list(names) or 'nothing'}. "
            "Start from the table of circles export."
        )
    doubled = [name for name in (*_NEEDED, _RUN) if names.count(name) > 1]
    if doubled:
        raise BadTable(f"The first line has {_list(doubled)} twice.")
    return names


def _check_length(line: int, names: Sequence[str], values: Sequence[str]) -> None:
    last = max(names.index(name) for name in _NEEDED)
    if last >= len(values) > 1 or len(values) > len(names):
        raise BadTable(
            f"Line {line} has {len(values)} cells, and the first line {len(names)}. "
            "Decimal commas need semicolons between the cells."
        )


def _row(line: int, cells: Mapping[str, str], has_decimal_commas: bool) -> Row:
    x, y, radius = (_number(line, name, cells[name], has_decimal_commas) for name in _NEEDED[2:])
    if radius <= 0:
        raise BadTable(f"Line {line}: the radius must be above 0.")
    return Row(line, cells["object_id"] or None, (x, y, radius))


def _number(line: int, name: str, text: str, has_decimal_commas: bool) -> float:
    try:
        value = float(text.replace(",", ".") if has_decimal_commas else text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise BadTable(f"Line {line}: {name} is not a number: {text!r}.")
    return value


def _entry(row: Row, known: Mapping[str, Json]) -> Json:
    x, y, radius = row.geometry
    drawn = {"centroid": [x, y], "radius": radius}
    if row.object_id is None:
        return drawn
    if row.object_id not in known:
        raise BadTable(f"Line {row.line}: the run has no object {row.object_id}.")
    had = known[row.object_id]
    before = (*had["centroid"], had["radius"])
    if all(abs(a - b) < _SAME_PX for a, b in zip(row.geometry, before, strict=True)):
        return {"object_id": row.object_id}
    return {**drawn, "replaces": row.object_id}


def _list(names: Sequence[str]) -> str:
    return ", ".join(repr(name) for name in names)
