"""
Write tables of a selection of images.

Writers are imported when they are needed: a cold start that shows a picture needs none.
"""

import tempfile
from collections.abc import Callable, Generator, Iterator, Mapping
from itertools import islice
from pathlib import Path

from circles.domain.detections import ObjectFilter
from circles.domain.errors import CirclesError, NotPossible, Overloaded, Unavailable
from circles.domain.exports.renditions import Rendition
from circles.domain.exports.selections import Entry, read_selection
from circles.domain.exports.tables import PictureFile, Table, TableFormat
from circles.domain.images import Image
from circles.domain.services import Services
from circles.domain.temporary import disk_faults
from circles.usecases.content import read_content
from circles.usecases.exports.spool import Room, Spool

_SPOOLED_BYTES = 96 * 1024 * 1024
"""What a table may keep on disk; four are written at once."""
_WORKBOOK_BYTES = 256 * 1024 * 1024
"""50,000 objects take 150 MiB."""

_Pieces = Iterator[str] | Iterator[bytes]
_Write = Callable[[Table, Iterator[Entry], Services], _Pieces]


def write_table(table: Table, services: Services) -> Generator[bytes, None, None]:
    """
    Yield the bytes of a table in blocks.

    The client may read as slowly as it likes: half of the threads are kept for other requests.

    Raises:
        Overloaded: too many tables are being written. At once, like the following two.
        NotPossible: there are too many rows for this format.
        Unavailable: the catalogue is unavailable. After the first block this, too, ends the
            iteration without the end of the table.
    """
    from circles.formats.tables.pieces import join_pieces

    if not services.export_turns.acquire(blocking=False):
        raise Overloaded("Too many tables are being written. Try again in a few seconds.")
    try:
        entries = read_selection(services.selections, table.wanted, candidates=table.candidates)
        yield from join_pieces(_WRITERS[table.format](table, entries, services))
    finally:
        services.export_turns.release()


def _write_csv(table: Table, entries: Iterator[Entry], services: Services) -> _Pieces:
    from circles.formats.tables.comma_separated import write_object_rows

    return write_object_rows(entries)


def _write_csv_images(table: Table, entries: Iterator[Entry], services: Services) -> _Pieces:
    from circles.formats.tables.comma_separated import write_image_rows

    return write_image_rows(entries)


def _write_coco(table: Table, entries: Iterator[Entry], services: Services) -> Iterator[str]:
    from circles.formats.tables.coco import write_coco

    with Room(services.temporary, _SPOOLED_BYTES) as room, Spool(room) as spool:
        yield from write_coco(entries, spool)


def _write_yolo(table: Table, entries: Iterator[Entry], services: Services) -> Iterator[bytes]:
    from circles.formats.tables.yolo import write_yolo

    def read_picture(image: Image) -> PictureFile | None:
        return _read_upright(image, services)

    with Room(services.temporary, _SPOOLED_BYTES) as room, Spool(room) as spool:
        yield from write_yolo(entries, spool, read_picture if table.pictures else None)


def _write_label_studio(table: Table, entries: Iterator[Entry], services: Services) -> _Pieces:
    from circles.formats.tables.label_studio import write_label_studio

    def locate(image: Image) -> str:
        if table.url_base:
            return f"{table.url_base}/images/{image.image_id}/content"
        return f"s3://{services.store.bucket}/{image.key}"

    return write_label_studio(entries, locate, rectangles=table.rectangles)


def _write_xlsx(table: Table, entries: Iterator[Entry], services: Services) -> Iterator[bytes]:
    from circles.formats.tables.pieces import BLOCK_BYTES
    from circles.formats.tables.workbook import write_workbook

    with (
        disk_faults(),
        Room(services.temporary, _WORKBOOK_BYTES) as room,
        tempfile.TemporaryDirectory(prefix="circles-") as folder,
    ):
        path = Path(folder) / "table.xlsx"
        write_workbook(entries, path, room.grow)
        with path.open("rb") as file:
            while block := file.read(BLOCK_BYTES):
                yield block


def _write_report(table: Table, entries: Iterator[Entry], services: Services) -> Iterator[str]:
    from circles.formats.tables.report import MAX_IMAGES, write_report

    chosen = list(islice(entries, MAX_IMAGES + 1))
    if len(chosen) > MAX_IMAGES:
        raise NotPossible(f"A report has at most {MAX_IMAGES} images; select less, or take csv.")
    yield from write_report(chosen, lambda image: _draw(image, services), services.now())


_WRITERS: Mapping[TableFormat, _Write] = {
    TableFormat.CSV: _write_csv,
    TableFormat.CSV_IMAGES: _write_csv_images,
    TableFormat.COCO: _write_coco,
    TableFormat.YOLO: _write_yolo,
    TableFormat.LABEL_STUDIO: _write_label_studio,
    TableFormat.XLSX: _write_xlsx,
    TableFormat.REPORT: _write_report,
}


def _read_upright(image: Image, services: Services) -> PictureFile | None:
    """
    Return the picture as the detector reads it, None if it is gone or no longer accepted.

    It is a temporary file, because a slow client would occupy memory.
    """
    try:
        with services.pictures.hold(image.size_bytes):
            data = read_content(image, services.store)
            picture = services.pictures.upright(services.pictures.read(data))
            with services.temporary.filled(len(picture.data)) as file:
                file.write(picture.data)
            return PictureFile(picture.media_type, file)
    except Unavailable:
        raise
    except CirclesError:
        return None


def _draw(image: Image, services: Services) -> str | None:
    """Return the overlay of an image as SVG, None if its picture is gone or no longer accepted."""
    from circles.usecases.exports.overlays import draw_overlay, find_overlay

    try:
        overlay = find_overlay(image.image_id, ObjectFilter(), services)
        drawn = draw_overlay(overlay, "svg", False, services)
    except Unavailable:
        raise
    except CirclesError:
        return None
    return drawn.data.decode() if isinstance(drawn, Rendition) else None
