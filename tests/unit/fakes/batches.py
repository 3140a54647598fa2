"""Fake batches on the tables of the fake catalogue."""

from dataclasses import replace

from circles.domain.errors import NotFound
from circles.domain.images import Status
from tests.unit.fakes.faults import Faults


class FakeBatches(Faults):
    port = "batches"

    def __init__(self, tables, journal=None):
        super().__init__(journal)
        self.tables = tables

    def page(self, *, limit, before=None):
        self.reach("page")
        found = sorted(self.tables.batches.values(), key=_place, reverse=True)
        return [self._count(each) for each in found if before is None or _place(each) < before][
            :limit
        ]

    def get(self, name):
        self.reach("get")
        if name not in self.tables.batches:
            raise NotFound("There is no such batch.")
        return self._count(self.tables.batches[name])

    def quiet(self, *, arrived_before, arrived_after, limit):
        self.reach("quiet")
        found = sorted(self.tables.batches.values(), key=lambda each: each.arrived_at)
        return [each.name for each in found if self._is_quiet(each, arrived_before, arrived_after)][
            :limit
        ]

    def complete(self, name, *, now, arrived_before, arrived_after, announce):
        self.reach("complete")
        batch = self.tables.batches[name]
        if not self._is_quiet(batch, arrived_before, arrived_after):
            return None
        closed = replace(batch, open=False, revision=batch.revision + 1, quiet_at=now)
        self.tables.queue(announce(self._count(closed)))
        self.tables.batches[name] = closed
        return self._count(closed)

    def close(self):
        pass

    def _is_quiet(self, batch, arrived_before, arrived_after):
        arrived = arrived_before < batch.arrived_at <= arrived_after
        return batch.open and not arrived and not self._count(batch).pending

    def _count(self, batch):
        images = self.tables.images.values()
        counts = {
            status.value: sum(each.status is status and each.batch == batch.name for each in images)
            for status in Status
        }
        return replace(batch, **counts)


def _place(batch):
    return (batch.created_at, batch.name)
