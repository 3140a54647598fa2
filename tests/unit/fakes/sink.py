"""An event sink in memory."""

from tests.unit.fakes.faults import Faults
from tests.unit.fakes.services import RULES


class FakeSink(Faults):
    """Keeps what it was sent."""

    port = "sink"

    def __init__(self, journal=None):
        super().__init__(journal)
        self.taken = []

    def send(self, event):
        self.reach("send")
        self.taken.append(event)

    def told(self):
        """What it was told, in order, without the prefix: (kind, image's id)."""
        return [(event.type.removeprefix(RULES.event_type_prefix + "."), event.subject) for event in self.taken]
