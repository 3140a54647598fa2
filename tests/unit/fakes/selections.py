"""Fake selections on the tables of the fake catalogue."""

from circles.domain.exports.selections import Entry
from tests.unit.fakes.faults import Faults
from tests.unit.fakes.records import FakeCatalogue


class FakeSelections(Faults):
    port = "selections"

    def __init__(self, tables, journal=None):
        super().__init__(journal)
        self.tables = tables

    def entries(self, wanted, *, limit, before=None, candidates=False):
        self.reach("entries")
        catalogue = FakeCatalogue()
        catalogue.tables = self.tables
        catalogue.images = self.tables.images
        images = catalogue.page(wanted, limit=limit, before=before)
        return [self._entry(image, candidates) for image in images]

    def _entry(self, image, candidates):
        if image.detection_id is None:
            return Entry(image, ())
        held = self.tables.run(image.image_id, image.detection_id)
        revealed = self.tables.revealed(held) if candidates else ()
        return Entry(image, held.objects, revealed, held.run.created_by)

    def close(self):
        pass
