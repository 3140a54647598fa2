"""Fake event sink in memory."""

from tests.unit.fakes.faults import Faults
from tests.unit.fakes.services import RULES


class FakeSink(Faults):
    """Keep every event that was sent."""

    port = "sink"

    def __init__(self, journal=None):
        super().__init__(journal)
        self.taken = []

    def send(self, event):
        self.reach("send")
        self.taken.append(event)

    def announced(self):
        """Return (kind, image id) of every event, without the type prefix."""
        return [
            (event.type.removeprefix(RULES.event_type_prefix + "."), event.subject)
            for event in self.taken
        ]
