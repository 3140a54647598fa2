"""Small stand-ins for the ports, with state. tests/contract/ holds the store and the catalogue to their contracts."""

import hashlib
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from circles.domain.blobs import StoredObject, check_key
from circles.domain.detections import Circle, Detection
from circles.domain.errors import Damaged, NotFound, TooLarge, Unavailable, UnsupportedPicture
from circles.domain.pictures import Picture
from circles.domain.services import Rules
from tests.unit.fake_records import FakeCatalogue, FakeOutbox, FakeUpkeep
from tests.unit.faults import Faults

CIRCLE = Circle(bbox=(10, 20, 30, 30), centroid=(25.0, 35.0), radius_px=15.0, score=0.9, label="coin")


RULES = Rules(
    lease=timedelta(seconds=60),
    incoming_prefix="incoming/",
    max_upload_bytes=1000,
    max_attempts=4,
    repair_after=timedelta(seconds=90),
    repair_budget=timedelta(seconds=40),
    adopt_after=timedelta(days=1),
    event_type_prefix="org.example",
    event_source="/circles",
    event_timeout=timedelta(seconds=5),
    event_max_attempts=3,
)


class FakePictures(Faults):
    """Takes whatever begins with b"picture"; the byte after that is the orientation, if it is a digit."""

    def read(self, data):
        self.reach("read")
        if not data.startswith(b"picture"):
            raise UnsupportedPicture("This is no picture.")
        turned = data[7:8]
        return Picture(data, "image/jpeg", width=80, height=60, orientation=int(turned) if turned.isdigit() else 1)

    def upright(self, picture):
        self.reach("upright")
        return replace(picture, data=b"upright " + picture.data, orientation=1)


class FakeStore(Faults):
    bucket = "circles"

    def __init__(self, journal=None, now=lambda: datetime.now(UTC)):
        super().__init__(journal)
        self.blobs = {}
        self.modified = {}
        self.now = now

    def put(self, key, data, *, media_type, sha256):
        check_key(key)
        self.reach("put")
        self.drop(key, data)

    def drop(self, key, data):
        """What another program puts."""
        self.blobs[key], self.modified[key] = data, self.now()

    def get(self, key, *, sha256=None, etag=None, max_bytes=None):
        check_key(key)
        self.reach("get")
        data = self.blobs.get(key)
        if data is None or (etag and _etag(data) != etag):
            raise NotFound("The stored picture is gone.")
        if max_bytes is not None and len(data) > max_bytes:
            raise TooLarge("The picture is too large.")
        if sha256 and hashlib.sha256(data).hexdigest() != sha256:
            raise Damaged("The stored picture is not the one that was uploaded.")
        return data

    def stat(self, key):
        check_key(key)
        self.reach("stat")
        if key not in self.blobs:
            raise NotFound("The stored picture is gone.")
        data = self.blobs[key]
        return StoredObject(self.bucket, key, _etag(data), len(data), self.modified.get(key, self.now()))

    def list(self, prefix, *, after=None):
        self.reach("list")
        for key in sorted(self.blobs):
            if key.startswith(prefix) and key > (after or ""):
                yield self.stat(key)

    def delete(self, key):
        check_key(key)
        self.reach("delete")
        self.blobs.pop(key, None)

    def ping(self):
        self.reach("ping")


class FakeDetector(Faults):
    def __init__(self, journal=None):
        super().__init__(journal)
        self.circles = (CIRCLE,)
        self.asked = []

    def detect(self, picture):
        self.reach("detect")
        self.asked.append(picture)
        return Detection("fake", "7", "none", 12.5, self.circles)


class FakeSink(Faults):
    """Keeps what it was sent."""

    def __init__(self, journal=None):
        super().__init__(journal)
        self.taken = []

    def send(self, event):
        self.reach("send")
        self.taken.append(event)

    def told(self):
        """What it was told, in order, without the prefix: (kind, image's id)."""
        return [(event.type.removeprefix(RULES.event_type_prefix + "."), event.subject) for event in self.taken]


@dataclass
class FakeServices:
    """All ports on one journal, which is the order in which they were reached, and a clock that a test sets."""

    journal: list = field(default_factory=list)
    rules: Rules = RULES
    clock: datetime = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def __post_init__(self):
        self.pictures = FakePictures(self.journal)
        self.store = FakeStore(self.journal, self.now)
        self.catalogue = FakeCatalogue(self.journal)
        self.outbox = FakeOutbox(self.catalogue.tables, self.journal)
        self.upkeep = FakeUpkeep(self.catalogue.tables, self.journal)
        self.detector = FakeDetector(self.journal)
        self.sinks = {}
        self.background = {}

    def soon(self, work, *, key):
        self.background.setdefault(key, work)

    def in_the_background(self):
        """Do now what waits for the background, also what comes to wait meanwhile."""
        while self.background:
            self.background.pop(next(iter(self.background)))()

    def now(self):
        return self.clock


def away():
    """What a port raises that cannot be reached."""
    return Unavailable("It is away.")


def _etag(data):
    return hashlib.md5(data).hexdigest()
