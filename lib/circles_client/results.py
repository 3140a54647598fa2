"""The part of the class that takes results away: pictures, tables and statistics."""

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any

from circles_client.administration import Administration
from circles_client.errors import CirclesError
from circles_client.transport.calls import given, segment
from circles_client.transport.http import Download, Json

_LONGEST_POLL_S = 5.0


class Results(Administration):
    """Calls about pictures, tables and statistics. Client has them."""

    # Pictures

    def content(self, image_id: str) -> AbstractContextManager[Download]:
        """Return the stored bytes, to be read in pieces within `with`."""
        return self._http.stream(f"/images/{segment(image_id)}/content", {})

    def thumbnail(self, image_id: str, *, width: int = 256) -> AbstractContextManager[Download]:
        """Return a JPEG of at most width pixels a side: 256, 1024 or 2048."""
        return self._http.stream(f"/images/{segment(image_id)}/thumbnail", {"width": width})

    def overlay(self, image_id: str, **options: Any) -> AbstractContextManager[Download]:
        """Return the picture with its circles, to be read in pieces (format, size, min_score)."""
        return self._http.stream(f"/images/{segment(image_id)}/overlay", given(options))

    def crop(self, image_id: str, object_id: str) -> AbstractContextManager[Download]:
        """Return a JPEG of the pixels in one object's bbox, to be read in pieces."""
        path = f"/images/{segment(image_id)}/objects/{segment(object_id)}/crop"
        return self._http.stream(path, {})

    # Numbers

    def batches(self) -> Iterator[Json]:
        """Yield the batches, newest first."""
        yield from self._pages("/batches/", "batches", {})

    def stats(self, **filters: Any) -> Json:
        """Return numbers and sizes of what was found (measure, by, bins, and images' filters)."""
        found: Json = self._http.document("GET", "/stats", params=given(filters))
        return found

    # Tables

    def export(self, table: str, **filters: Any) -> AbstractContextManager[Download]:
        """
        Return a table of the images that match the filters, to be read in pieces within `with`.

        table: csv, csv-images, coco, yolo, label-studio, xlsx or report.
        exports.check_whole tells whether it is complete.
        """
        return self._http.stream("/export", given({"format": table, **filters}))

    def begin_export(self, table: str, **filters: Any) -> Json:
        """Let the server write a table into the bucket, and return the export."""
        wanted = given({"format": table, **filters})
        export: Json = self._http.document("POST", "/exports", params=wanted)
        return export

    def wait_for_export(self, export_id: str, timeout_s: float) -> Json:
        """
        Return the export once it is done, or the pending one after timeout_s.

        Raises CirclesError if the table cannot be written.
        """
        deadline, pause_s = time.monotonic() + timeout_s, 0.5
        while True:
            export = self._get(f"/exports/{segment(export_id)}")
            if export["status"] == "failed":
                raise CirclesError(f"The table cannot be written: {export['error']}")
            left_s = deadline - time.monotonic()
            if export["status"] == "done" or left_s <= 0:
                return export
            time.sleep(min(pause_s, left_s))
            pause_s = min(pause_s * 1.5, _LONGEST_POLL_S)

    def written_export(self, export_id: str) -> AbstractContextManager[Download]:
        """Return the table of an export that is done, to be read in pieces within `with`."""
        return self._http.stream(f"/exports/{segment(export_id)}/content", {})
