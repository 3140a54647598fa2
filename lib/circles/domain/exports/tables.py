"""Tables of what was found, as a client asks for them."""

from dataclasses import dataclass
from enum import StrEnum
from typing import IO

from circles.domain.images import ImageFilter


class TableFormat(StrEnum):
    """How a table is written down."""

    CSV = "csv"
    CSV_IMAGES = "csv-images"
    COCO = "coco"
    YOLO = "yolo"
    LABEL_STUDIO = "label-studio"
    XLSX = "xlsx"
    REPORT = "report"


@dataclass(frozen=True, slots=True)
class TableFile:
    """How a table of a format is called and typed as a file."""

    name: str
    media_type: str


FILES = {
    TableFormat.CSV: TableFile("circles.csv", "text/csv; charset=utf-8"),
    TableFormat.CSV_IMAGES: TableFile("circles-images.csv", "text/csv; charset=utf-8"),
    TableFormat.COCO: TableFile("circles-coco.json", "application/json"),
    TableFormat.YOLO: TableFile("circles-yolo.zip", "application/zip"),
    TableFormat.LABEL_STUDIO: TableFile("circles-label-studio.json", "application/json"),
    TableFormat.XLSX: TableFile(
        "circles.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    ),
    TableFormat.REPORT: TableFile("circles-report.html", "text/html; charset=utf-8"),
}


@dataclass(frozen=True, slots=True)
class PictureFile:
    """An encoded picture in a temporary file, at its beginning."""

    media_type: str
    file: IO[bytes]


@dataclass(frozen=True, slots=True)
class Table:
    """
    A selection of images in a format.

    candidates adds what scored below the threshold, pictures the pictures themselves (YOLO).
    rectangles writes boxes instead of ellipses (Label Studio). url_base is where the pictures are
    read over HTTP; None names the objects in the bucket.
    """

    format: TableFormat
    wanted: ImageFilter
    candidates: bool = False
    pictures: bool = False
    rectangles: bool = False
    url_base: str | None = None
