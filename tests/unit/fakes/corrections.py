"""Fake corrections on the tables of the fake catalogue."""

from dataclasses import replace

from circles.domain.counting.runs import Run
from circles.domain.detections import HUMAN, FoundObject
from circles.domain.errors import KeyReused, PreconditionFailed
from circles.domain.events import nobody
from circles.domain.identifiers import new_id
from tests.unit.fakes.faults import Faults
from tests.unit.fakes.records import HeldRun, show_run


class FakeCorrections(Faults):
    port = "corrections"

    def __init__(self, tables, journal=None):
        super().__init__(journal)
        self.tables = tables

    def run(self, image_id, detection_id):
        self.reach("run")
        run = self.tables.run(image_id, detection_id).run
        return show_run(run, self.tables.images[image_id])

    def entries(self, image_id, detection_id):
        self.reach("entries")
        held = self.tables.run(image_id, detection_id)
        return held.objects, self.tables.revealed(held)

    def correct(self, image_id, run, *, expected, now, announce=nobody):
        self.reach("correct")
        image = self.tables.image(image_id)
        runs = self.tables.runs[image_id]
        for held in runs:
            if held.run.detection_id == run.detection_id:
                if held.run.request_digest != run.request_digest:
                    raise KeyReused
                return image
        self._check(image, expected)
        self.tables.run(image_id, run.parent_id)
        stored = Run(
            run.detection_id,
            image_id,
            HUMAN,
            now.isoformat(timespec="microseconds"),
            HUMAN,
            0.0,
            len(run.objects),
            now,
            run.threshold,
            *((len(run.objects), 0) if run.threshold is not None else (None, None)),
            parent_id=run.parent_id,
            created_by=run.created_by,
            request_digest=run.request_digest,
            review=run.review,
        )
        ids = [new_id() for _ in run.objects]
        objects = [
            FoundObject(each, image_id, circle, HUMAN, stored.model_version, origin_id or each)
            for each, (circle, origin_id) in zip(ids, run.objects, strict=True)
        ]
        pinned = replace(image, pinned_id=run.detection_id)
        return self.tables.serve(pinned, HeldRun(stored, objects), announce)

    def restore(self, image_id, detection_id, *, expected, announce=nobody):
        self.reach("restore")
        image = self.tables.image(image_id)
        if detection_id:
            self.tables.run(image_id, detection_id)
        if image.pinned_id == detection_id:
            return image
        self._check(image, expected)
        machine = [held for held in self.tables.runs[image_id] if not held.run.is_human]
        held = self.tables.run(image_id, detection_id) if detection_id else machine[-1]
        return self.tables.serve(replace(image, pinned_id=detection_id), held, announce)

    def close(self):
        pass

    def _check(self, image, expected):
        if not expected(image.detection_id):
            raise PreconditionFailed
