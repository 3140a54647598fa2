"""All fakes with one journal and one clock."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Semaphore

from circles.adapters.spool import Spool
from circles.domain.access.principals import AccessRules
from circles.domain.services import Rules
from tests.unit.fakes.batches import FakeBatches
from tests.unit.fakes.corrections import FakeCorrections
from tests.unit.fakes.detector import FakeDetector
from tests.unit.fakes.pictures import FakePictures
from tests.unit.fakes.records import FakeCatalogue, FakeOutbox, FakeUpkeep
from tests.unit.fakes.scales import FakeScales
from tests.unit.fakes.selections import FakeSelections
from tests.unit.fakes.store import FakeStore
from tests.unit.fakes.tokens import FakeTokens

RULES = Rules(
    lease=timedelta(seconds=60),
    incoming_prefix="incoming/",
    max_upload_bytes=1000,
    max_objects=30,
    max_attempts=4,
    give_up_after=timedelta(hours=1),
    keep_runs=10,
    repair_after=timedelta(seconds=90),
    repair_budget=timedelta(seconds=40),
    adopt_after=timedelta(days=1),
    event_type_prefix="org.example",
    event_source="/circles",
    event_timeout=timedelta(seconds=5),
    event_max_attempts=3,
    max_pending=20,
    batch_quiet=timedelta(minutes=2),
    sure_score=0.95,
)


@dataclass
class FakeServices:
    """All ports with one journal and a clock that tests set."""

    journal: list = field(default_factory=list)
    rules: Rules = RULES
    access: AccessRules = AccessRules()
    clock: datetime = datetime(2026, 3, 1, 12, tzinfo=UTC)
    process_id: str = "process"

    def __post_init__(self):
        self.pictures = FakePictures(self.journal)
        self.store = FakeStore(self.journal, self.now)
        self.catalogue = FakeCatalogue(self.journal)
        self.corrections = FakeCorrections(self.catalogue.tables, self.journal)
        self.scales = FakeScales(self.catalogue.tables, self.journal)
        self.batches = FakeBatches(self.catalogue.tables, self.journal)
        self.tokens = FakeTokens(self.catalogue.tables.usage)
        self.outbox = FakeOutbox(self.catalogue.tables, self.journal)
        self.upkeep = FakeUpkeep(self.catalogue.tables, self.journal)
        self.selections = FakeSelections(self.catalogue.tables, self.journal)
        self.detector = FakeDetector(self.journal)
        self.sinks = {}
        self.upload_forms = None
        self.background = {}
        self.costly_turns = Semaphore(1)
        self.export_turns = Semaphore(2)
        self.temporary = Spool()

    def soon(self, work, *, key):
        self.background.setdefault(key, work)

    def run_background(self):
        """Run all background work, including work submitted by it."""
        while self.background:
            self.background.pop(next(iter(self.background)))()

    def now(self):
        return self.clock
