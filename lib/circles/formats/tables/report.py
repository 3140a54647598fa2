"""
Write a report: one HTML file with pictures, circles, sizes and checksums.

It needs nothing else and runs nothing. Every text of others is escaped.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from html import escape
from typing import Any

from circles.domain.exports.selections import Entry
from circles.domain.images import Image
from circles.formats.documents import measure_diameter, object_document
from circles.formats.fields import format_time
from circles.formats.tables.histogram import write_histogram

MAX_IMAGES = 100
"""Each picture is half a megabyte: more would be no file to open."""

Draw = Callable[[Image], str | None]
"""Returns an image's overlay as SVG, or None if its picture is gone."""

_STYLE = """
body{font:14px/1.5 sans-serif;max-width:70em;margin:2em auto;padding:0 1em;color:#111}
svg.overlay,svg.histogram{max-width:100%;height:auto}
table{border-collapse:collapse;margin:1em 0}
th,td{border:1px solid #bbb;padding:.2em .6em;text-align:right}
th:first-child,td:first-child{text-align:left}
code{word-break:break-all}
section{break-inside:avoid;border-top:2px solid #111;margin-top:2em}
"""


def write_report(entries: Sequence[Entry], draw: Draw, made_at: datetime) -> Iterator[str]:
    """Yield the report. Its last line says that it is complete, with the totals."""
    yield (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>Circles: {len(entries)} images</title><style>{_STYLE}</style></head><body>\n"
        f"<h1>Circles</h1>\n<p>Made at {format_time(made_at)}. Lengths are in pixels of the upright"
        " picture unless they say mm; errors are relative.</p>\n"
    )
    for entry in entries:
        yield from _write_image(entry, draw)
    objects = sum(len(entry.objects) for entry in entries)
    diameters, unit = _collect_diameters(entries)
    yield f"<section><h2>Diameters ({unit})</h2>{write_histogram(diameters, unit)}</section>\n"
    yield f"<p>Complete: {objects} objects of {len(entries)} images.</p>\n</body></html>\n"


def _write_image(entry: Entry, draw: Draw) -> Iterator[str]:
    image = entry.image
    yield f"<section><h2>{_text(image.file_name or image.image_id)}</h2>\n"
    svg = draw(image)
    yield svg.replace("<svg ", '<svg class="overlay" ', 1) if svg else "<p>No picture.</p>\n"
    facts = "".join(
        f"<tr><th>{name}</th><td>{value}</td></tr>\n" for name, value in _describe(entry)
    )
    yield f"<table>{facts}</table>\n"
    if entry.objects:
        heads = ("#", "x", "y", "diameter", "diameter, mm", "error", "score", "edge")
        yield f"<table><tr>{''.join(f'<th>{head}</th>' for head in heads)}</tr>\n"
        yield from _write_objects(entry)
        yield "</table>\n"
    yield "</section>\n"


def _describe(entry: Entry) -> Iterator[tuple[str, str]]:
    """Yield names and values of what is known of an image, the latter as HTML."""
    image, scale = entry.image, entry.image.scale
    yield "image", f"<code>{image.image_id}</code>"
    yield "batch", _text(image.batch)
    yield "state", _text(image.status if image.error is None else f"{image.status}: {image.error}")
    yield "objects", str(image.object_count) if image.detection_id else "not known"
    yield "model", _text(f"{image.model} {image.model_version}" if image.model else None)
    yield "threshold", _text(image.threshold)
    yield "review", _text(image.review)
    yield "author", _text(entry.created_by)
    if scale:
        stale = ", stale: its reference has changed" if scale.stale else ""
        yield "scale", f"{scale.mm_per_px:.6g} mm a pixel, error {scale.error:.4f}{stale}"
    yield "SHA-256 of the picture", f"<code>{image.sha256}</code>"
    yield "SHA-256 of the result", f"<code>{_digest(entry)}</code>"


def _write_objects(entry: Entry) -> Iterator[str]:
    for number, row in enumerate(_rows(entry), start=1):
        cells = "".join(f"<td>{_text(cell)}</td>" for cell in row)
        yield f"<tr><td>{number}</td>{cells}</tr>\n"


def _rows(entry: Entry) -> Iterator[tuple[Any, ...]]:
    for found in entry.objects:
        document = object_document(found, entry.image)
        yield (
            *(f"{at:.2f}" for at in found.circle.centroid),
            f"{2 * found.circle.radius_px:.2f}",
            document["diameter_mm"],
            document["diameter_error"],
            found.circle.score,
            "yes" if document["edge"] else "no",
        )


def _digest(entry: Entry) -> str:
    """Return the SHA-256 of the body of GET /images/{image_id}/objects?fields=full."""
    documents = [object_document(found, entry.image) for found in entry.objects]
    body = json.dumps(documents, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(body.encode()).hexdigest()


def _collect_diameters(entries: Sequence[Entry]) -> tuple[list[float], str]:
    """Return all diameters, in mm if every image with objects has a scale that is not stale."""
    found = [(entry.image, each.circle) for entry in entries for each in entry.objects]
    in_mm = [measure_diameter(circle, image.scale)[0] for image, circle in found]
    known = [diameter for diameter in in_mm if diameter is not None]
    if found and len(known) == len(found):
        return known, "mm"
    return [2 * circle.radius_px for _, circle in found], "px"


def _text(value: Any) -> str:
    return "" if value is None else escape(str(value))
