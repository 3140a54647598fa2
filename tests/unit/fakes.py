"""Small stand-ins for the ports, with state. tests/contract/ holds the store and the catalogue to their contracts."""

import hashlib
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from circles.errors import Damaged, KeyTaken, NotFound, TooLarge, Unavailable, UnsupportedPicture
from circles.identifiers import new_id
from circles.images import Backlog, Circle, Detection, FoundObject, Picture, Status, StoredObject
from circles.keys import check_key
from circles.rules import Rules

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
    event_max_attempts=3,
)


class Faults:
    """What shall go wrong, by a method's name: an error to raise before it acts, or something to do before it acts."""

    def __init__(self, journal=None):
        self.journal = [] if journal is None else journal
        self.errors = {}
        self.meanwhile = {}

    def reach(self, method):
        self.journal.append(method)
        self.meanwhile.pop(method, lambda: None)()  # once: what it does may reach here too
        if method in self.errors:
            raise self.errors[method]


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


class FakeCatalogue(Faults):
    def __init__(self, journal=None):
        super().__init__(journal)
        self.images = {}
        self.served = {}
        self.found = {}

    def add(self, image):
        self.reach("add")
        if image.idempotency_key and any(
            each.idempotency_key == image.idempotency_key for each in self.images.values()
        ):
            raise KeyTaken
        self.images[image.image_id] = image
        self.served[image.image_id] = []

    def get(self, image_id):
        self.reach("look")
        return self._known(image_id)

    def find_by_idempotency_key(self, key):
        self.reach("find")
        return next((image for image in self.images.values() if image.idempotency_key == key), None)

    def claim(self, image_id, *, now, until):
        self.reach("claim")
        image = self.images.get(image_id)
        if image is None or image.status is not Status.PENDING or (image.claimed_until and image.claimed_until > now):
            return False
        self.images[image_id] = replace(image, claimed_until=until, attempts=image.attempts + 1)
        return True

    def record(self, image_id, detection, *, now):
        self.reach("record")
        image = self._known(image_id)
        model = (detection.model, detection.model_version)
        run = [FoundObject(new_id(), image_id, circle, *model) for circle in detection.circles]
        self.found |= {each.object_id: each for each in run}
        self.served[image_id] = run
        self.images[image_id] = replace(
            image, status=Status.DETECTED, claimed_until=None, error=None, object_count=len(run), model=model[0],
            model_version=model[1], detection_ms=detection.duration_ms, detected_at=now,
        )  # fmt: skip
        return self.images[image_id]

    def release(self, image_id, *, error):
        self.reach("release")
        self.images[image_id] = replace(self._known(image_id), claimed_until=None, error=error)
        return self.images[image_id]

    def objects(self, image_id, wanted):
        self.reach("objects")
        return self._known(image_id), [found for found in self.served[image_id] if _passes(found.circle, wanted)]

    def object(self, image_id, object_id):
        self.reach("object")
        found = self.found.get(object_id)
        if found is None or found.image_id != image_id:
            raise NotFound("This image has no such object.")
        return found

    def ping(self):
        self.reach("ping")

    def backlog(self):
        self.reach("backlog")
        pending = [image.created_at for image in self.images.values() if image.status is Status.PENDING]
        return Backlog(len(pending), min(pending, default=None))

    def close(self):
        pass

    def _known(self, image_id):
        if image_id not in self.images:
            raise NotFound("There is no such image.")
        return self.images[image_id]


class FakeDetector(Faults):
    def __init__(self, journal=None):
        super().__init__(journal)
        self.circles = (CIRCLE,)
        self.asked = []

    def detect(self, picture):
        self.reach("detect")
        self.asked.append(picture)
        return Detection("fake", "7", "none", 12.5, self.circles)


@dataclass
class FakeServices:
    """All ports on one journal, which is the order in which they were reached, and a clock that a test sets."""

    journal: list = field(default_factory=list)
    rules: Rules = RULES
    clock: datetime = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def __post_init__(self):
        self.pictures = FakePictures(self.journal)
        self.store = FakeStore(self.journal)
        self.catalogue = FakeCatalogue(self.journal)
        self.detector = FakeDetector(self.journal)

    def now(self):
        return self.clock


def away():
    """What a port raises that cannot be reached."""
    return Unavailable("It is away.")


def _etag(data):
    return hashlib.md5(data).hexdigest()


def _passes(circle, wanted):
    return (
        (wanted.min_score is None or (circle.score is not None and circle.score >= wanted.min_score))
        and (wanted.min_radius_px is None or circle.radius_px >= wanted.min_radius_px)
        and (wanted.max_radius_px is None or circle.radius_px <= wanted.max_radius_px)
    )
