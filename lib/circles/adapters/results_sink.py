"""
Write what was found beside the files that it was found in: results/d7/a.jpg.json, summary.csv.

An event only names a key or a batch. What is written follows from the catalogue at that moment: a
repeated or late event does no harm.
"""

import hashlib
import json
from datetime import datetime
from typing import TYPE_CHECKING

from circles.domain.errors import Malformed, NotFound, ObjectRefused, Rejected
from circles.domain.events import OutgoingEvent
from circles.domain.exports.selections import read_selection
from circles.domain.images import ImageFilter
from circles.domain.services import Services
from circles.formats.documents import image_document, object_document

SUMMARY = "summary.csv"
_REMEMBERED = 100
"""Batches. One of which many images are deleted is not summarised again for each of them."""
_COMPLETED, _BATCH_SCALED = "batch.completed", "batch.scaled"


class ResultsSink:
    """Writes results. Only one process at a time sends to it, as to every sink."""

    def __init__(self, services: Services, prefix: str) -> None:
        self._services, self._prefix = services, prefix
        self._summarised: dict[str, datetime] = {}

    def send(self, event: OutgoingEvent) -> None:
        """
        Write or delete what follows from an event.

        Raises:
            Rejected: the store never takes such a key.
            Unavailable: the store or the catalogue is unavailable.
        """
        key, batch = event.data["key"], event.data["batch"]
        try:
            if key:
                self._write_result(key)
            if batch and event.type.endswith(_BATCH_SCALED):
                self._write_results_of(batch)
            if batch:
                self._update_summary(batch, event)
        except (Malformed, ObjectRefused) as error:
            raise Rejected(str(error)) from error

    def _write_result(self, key: str) -> None:
        """Write the result of the newest image of a key, or delete that of deleted ones."""
        path = f"{self._prefix}{key.removeprefix(self._services.rules.incoming_prefix)}.json"
        found = self._services.selections.entries(ImageFilter(key=key), limit=1)
        if not found:
            self._services.store.delete(path)
            return
        [entry] = found
        objects = [object_document(each, entry.image) for each in entry.objects]
        document = {**image_document(entry.image), "objects": objects}
        self._put(path, json.dumps(document, ensure_ascii=False) + "\n", "application/json")

    def _write_results_of(self, batch: str) -> None:
        incoming = self._services.rules.incoming_prefix
        for entry in read_selection(self._services.selections, ImageFilter(batch=batch)):
            if entry.image.key.startswith(incoming):
                self._write_result(entry.image.key)

    def _update_summary(self, batch: str, event: OutgoingEvent) -> None:
        """Write the summary of a batch, if it has one, unless that was done after the event."""
        now, done_at = self._services.now(), self._summarised.get(batch)
        if done_at and event.time < done_at <= now:
            return
        if event.type.endswith(_COMPLETED) or self._has_summary(batch):
            self._write_summary(batch)
            self._summarised = {**dict(list(self._summarised.items())[-_REMEMBERED:]), batch: now}

    def _has_summary(self, batch: str) -> bool:
        try:
            self._services.store.stat(self._summary_of(batch))
        except NotFound:
            return False
        return True

    def _write_summary(self, batch: str) -> None:
        """Write a row for each image of a batch, or delete the summary of an empty one."""
        from circles.formats.tables.comma_separated import Table
        from circles.formats.tables.rows import IMAGE_COLUMNS, image_row

        lines: list[str] = []
        table = Table(lines.append, IMAGE_COLUMNS)
        for entry in read_selection(self._services.selections, ImageFilter(batch=batch)):
            table.add(image_row(entry))
        if len(lines) > 1:
            self._put(self._summary_of(batch), "".join(lines), "text/csv; charset=utf-8")
        else:
            self._services.store.delete(self._summary_of(batch))

    def _summary_of(self, batch: str) -> str:
        return f"{self._prefix}{batch}/{SUMMARY}"

    def _put(self, path: str, text: str, media_type: str) -> None:
        data = text.encode()
        sha256 = hashlib.sha256(data).hexdigest()
        self._services.store.put(path, data, media_type=media_type, sha256=sha256)


if TYPE_CHECKING:
    from circles.domain.events import EventSink

    _: type[EventSink] = ResultsSink
