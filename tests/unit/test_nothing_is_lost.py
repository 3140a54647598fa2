"""
A property test: uploads, files, events, repairs, deletions, second detections in any order, interrupted anywhere.

After every step, and after repair has come to its end, what must never happen (DESIGN of the project, section 4, in
docs/architecture.md's words: an accepted image is never lost, a retry never doubles) has not happened.
"""

import hashlib
import re
import tempfile
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from circles.adapters.sqlite_catalogue import SqliteCatalogue
from circles.adapters.sqlite_outbox import SqliteOutbox
from circles.adapters.sqlite_upkeep import SqliteUpkeep
from circles.errors import CirclesError, DetectorFailed, KeyReused, NotFound, Unavailable
from circles.identifiers import object_id
from circles.images import ImageFilter, ObjectFilter, Status, Upload
from circles.usecases import (
    delete_image,
    detect_again,
    dispatch_outbox,
    register_object,
    repair_images,
    upload_image,
)
from tests.unit.fakes import FakeServices, FakeSink
from tests.unit.interruptions import Crash, Interruptions, Watched

PICTURES = [b"picture of coins", b"picture of buttons"]
FILES = [*PICTURES, b"no picture"]
KEYS = ["incoming/a.jpg", "incoming/b/c.jpg"]
LIFE = re.compile(r"((?:uploaded )(?:detected |failed )*(?:deleted |$))*")
"""What is told of one image, in order; the same file put again after its image was deleted has the same id."""

plans = st.none() | st.tuples(st.integers(0, 14), st.sampled_from(["crash", "crash", "away", "other"]))


class Machine(RuleBasedStateMachine):
    """One installation. What clients were told is kept in told; what they do not know, in nobody's books."""

    on_sqlite = False

    def __init__(self):
        super().__init__()
        self.journal = Interruptions()
        self.app = FakeServices(self.journal)
        self.app.rules = replace(self.app.rules, max_attempts=1000, event_max_attempts=1000)
        self.sink = self.app.sinks["broker"] = FakeSink(self.journal)
        self.folder = None
        self.records = (self.app.catalogue, self.app.outbox, self.app.upkeep)
        if self.on_sqlite:
            self._use_sqlite()
        self.told, self.keys, self.deleted = {}, {}, set()
        self.events = []
        self.disturbed = set()

    def _use_sqlite(self):
        self.folder = tempfile.TemporaryDirectory()
        path = Path(self.folder.name) / "catalogue.db"
        self.records = [each(path, busy_timeout_s=5) for each in (SqliteCatalogue, SqliteOutbox, SqliteUpkeep)]
        watched = [Watched(each, self.journal, names) for each, names in zip(self.records, SQLITE_NAMES, strict=True)]
        self.app.catalogue, self.app.outbox, self.app.upkeep = watched

    # What happens

    def act(self, plan, work, other=None):
        """Do work under a plan and return what it returns; None where it was cut off or refused."""
        if plan and plan[1] == "other":
            plan = (plan[0], lambda: self._quietly(other)) if other else None
        self.journal.schedule(plan)
        try:
            return work()
        except Crash:
            self.app.background.clear()  # it was in the memory of the process
        except CirclesError as error:
            assert plan or not isinstance(error, Unavailable), f"{error!r} without a reason"
            if isinstance(error, KeyReused | NotFound):
                return error
        finally:
            self.journal.schedule(None)
        return None

    def _quietly(self, other):
        try:
            other()
        except CirclesError:
            pass

    @rule(data=st.sampled_from(PICTURES), key=st.sampled_from([None, "k", "l"]), wait=st.booleans(), plan=plans)
    def upload(self, data, key, wait, plan):
        image = self.act(
            plan,
            lambda: upload_image(Upload(data, idempotency_key=key), self.app, wait=wait),
            other=lambda: self._upload_and_tell(data, key),
        )
        self._tell(image, key)

    def _upload_and_tell(self, data, key):
        self._tell(upload_image(Upload(data, idempotency_key=key), self.app), key)

    def _tell(self, image, key):
        if image is None or isinstance(image, CirclesError):
            return
        assert image.image_id not in self.deleted
        if key and self.keys.get(key) in self.told:
            assert image.image_id == self.keys[key], "a retry made a second image"
        if key:
            self.keys[key] = image.image_id
        self.told[image.image_id] = image.sha256

    @rule(data=st.sampled_from(FILES), key=st.sampled_from(KEYS))
    def drop_a_file(self, data, key):
        if self.app.store.blobs.get(key, data) != data:
            self.disturbed.add(key)
        self.app.store.drop(key, data)
        event = ("circles", key, hashlib.md5(data).hexdigest(), len(data))
        self.events.append(event)
        self.deleted.discard(object_id(*event[:3]))  # it may come to life again

    @rule(key=st.sampled_from(KEYS))
    def remove_a_file(self, key):
        self.app.store.blobs.pop(key, None)
        self.disturbed.add(key)

    @rule(number=st.integers(0, 7), plan=plans)
    def event(self, number, plan):
        """Events come in any order and any number of times."""
        if self.events:
            event = self.events[number % len(self.events)]
            self.act(plan, lambda: register_object(*event, self.app), other=lambda: register_object(*event, self.app))

    @rule(number=st.integers(0, 7), plan=plans)
    def delete(self, number, plan):
        if image := self._some_image(number):
            self.told.pop(image.image_id, None)  # from now on nobody counts on it
            done = self.act(
                plan,
                lambda: delete_image(image.image_id, self.app) or "done",
                other=lambda: detect_again(image.image_id, self.app),
            )
            if done == "done":
                self.deleted.add(image.image_id)

    @rule(number=st.integers(0, 7), plan=plans)
    def detect_again(self, number, plan):
        if image := self._some_image(number):
            self.act(
                plan,
                lambda: detect_again(image.image_id, self.app),
                other=lambda: detect_again(image.image_id, self.app),
            )

    @rule(plan=plans)
    def repair(self, plan):
        self.act(plan, lambda: repair_images(self.app), other=lambda: repair_images(self.app))

    @rule(plan=plans)
    def send(self, plan):
        self.act(plan, lambda: dispatch_outbox(self.app), other=lambda: dispatch_outbox(self.app))

    @rule(plan=plans)
    def work_in_the_background(self, plan):
        self.act(plan, self.app.in_the_background)

    @rule(passed=st.sampled_from([timedelta(seconds=7), timedelta(minutes=2), timedelta(hours=3), timedelta(days=2)]))
    def time_goes_by(self, passed):
        self.app.clock += passed

    @rule(away=st.booleans())
    def the_predictor_goes_and_comes(self, away):
        self._set(self.app.detector, "detect", DetectorFailed("No answer.") if away else None)

    @rule(away=st.booleans())
    def the_sink_goes_and_comes(self, away):
        self._set(self.sink, "send", Unavailable("It is away.") if away else None)

    def _set(self, fake, method, error):
        fake.errors.pop(method, None)
        if error:
            fake.errors[method] = error

    # What must hold

    def _images(self):
        return self.records[0].page(ImageFilter(), limit=10_000)

    def _some_image(self, number):
        images = self._images()
        return images[number % len(images)] if images else None

    def _blob_is_there(self, image):
        data = self.app.store.blobs.get(image.key)
        return data is not None and hashlib.sha256(data).hexdigest() == image.sha256

    @invariant()
    def an_accepted_image_is_never_lost(self):
        images = {image.image_id: image for image in self._images()}
        for image_id, sha256 in self.told.items():
            assert image_id in images, "an image that a client was told of is gone"
            assert images[image_id].sha256 == sha256 and self._blob_is_there(images[image_id])

    @invariant()
    def nothing_is_doubled(self):
        images = self._images()
        keys = Counter(image.idempotency_key for image in images if image.idempotency_key)
        assert all(count == 1 for count in keys.values())
        files = Counter((image.key, image.sha256) for image in images if image.source == "s3")
        assert all(count == 1 for count in files.values())

    @invariant()
    def what_was_deleted_stays_deleted(self):
        assert self.deleted.isdisjoint(image.image_id for image in self._images())

    @invariant()
    def a_status_agrees_with_what_is_served_and_what_is_pending_will_be_taken_up(self):
        for image in self._images():
            served, found = self.records[0].objects(image.image_id, ObjectFilter())
            assert len(found) == image.object_count
            assert (served.model is not None) or image.status is not Status.DETECTED
            assert (image.due_at is not None) is (image.status is Status.PENDING)

    @invariant()
    def nobodys_blob_is_marked_for_deletion(self):
        buried = {tombstone.key for tombstone in self.records[2].tombstones(limit=10_000) if tombstone.source != "s3"}
        assert buried.isdisjoint(image.key for image in self._images())

    @invariant()
    def every_image_is_told_of_in_order(self):
        lives, seen = {}, set()
        for event in self.sink.taken:
            if event.event_id not in seen:
                seen.add(event.event_id)
                kind = event.type.removeprefix("org.example.image.")
                lives[event.subject] = lives.get(event.subject, "") + kind + " "
        for life in lives.values():
            assert LIFE.fullmatch(life), life

    # What must hold in the end

    def teardown(self):
        try:
            self._settle()
            self._assert_settled()
        finally:
            for each in self.records:
                each.close()
            if self.folder:
                self.folder.cleanup()

    def _settle(self):
        """Everybody is back, no client does anything any more, and repair comes a few times."""
        self._set(self.app.detector, "detect", None)
        self._set(self.sink, "send", None)
        for _ in range(4):
            self.app.clock += timedelta(days=2)
            report = repair_images(self.app)
            self.app.in_the_background()
        assert not report.cut_short
        self.an_accepted_image_is_never_lost()
        self.nothing_is_doubled()
        self.what_was_deleted_stays_deleted()
        self.every_image_is_told_of_in_order()

    def _assert_settled(self):
        images = self._images()
        for image in images:
            assert image.status is not Status.PENDING
            assert image.status is Status.DETECTED or image.key in self.disturbed
        assert self.records[2].tombstones(limit=9) == []
        assert self.records[1].backlog().pending == 0
        rows = {(image.key, image.sha256) for image in images}
        for key, data in self.app.store.blobs.items():
            known = (key, hashlib.sha256(data).hexdigest()) in rows
            assert known is (data in PICTURES), f"{key} is {'' if known else 'no'} image"
        last = {event.subject: event.type.rpartition(".")[2] for event in self._first_deliveries()}
        assert last == {**dict.fromkeys(last, "deleted"), **{image.image_id: image.status for image in images}}

    def _first_deliveries(self):
        seen = set()
        for event in self.sink.taken:
            if event.event_id not in seen:
                seen.add(event.event_id)
                yield event


CATALOGUE_NAMES = {"get": "look", "find_by_idempotency_key": "find", "delete": "bury"}
OUTBOX_NAMES = {"due": "due events", "put_off": "put off", "lay_aside": "lay aside", "count_laid_aside": "count"}
UPKEEP_NAMES = {"unknown_ids": "unknown ids", "unknown_keys": "unknown keys", "key_in_use": "key",
                "bury": "bury blob", "is_buried": "buried", "finish_tombstone": "finish",
                "forget_tombstones": "forget", "end_lease": "end lease", "set_bookmark": "set bookmark"}  # fmt: skip
SQLITE_NAMES = (CATALOGUE_NAMES, OUTBOX_NAMES, UPKEEP_NAMES)


class OnSqlite(Machine):
    on_sqlite = True


@pytest.mark.parametrize(("machine", "examples"), [(Machine, 150), (OnSqlite, 25)], ids=["fake", "sqlite"])
def test_whatever_is_interrupted_nothing_is_lost_doubled_or_left_behind(machine, examples):
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
