"""
Test any order of client actions and repairs, interrupted at any call.

After every step, and after repair is done: an accepted image is never lost, a retry never makes a
second one, a deleted image stays deleted, the events of each image are in order, and each revision
of a batch is announced once.
"""

import hashlib
import logging
import re
import tempfile
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from circles.adapters.sqlite.catalogue import SqliteCatalogue
from circles.adapters.sqlite.counting.batches import SqliteBatches
from circles.adapters.sqlite.counting.corrections import SqliteCorrections
from circles.adapters.sqlite.counting.scales import SqliteScales
from circles.adapters.sqlite.outbox import SqliteOutbox
from circles.adapters.sqlite.upkeep.upkeep import SqliteUpkeep
from circles.domain.counting.corrections import Correction, Drawn, Kept, Restore
from circles.domain.counting.scales import NewScale
from circles.domain.detections import ObjectFilter
from circles.domain.errors import (
    Backlogged,
    CirclesError,
    DetectorUnavailable,
    ObjectRefused,
    Unavailable,
)
from circles.domain.identifiers import object_id
from circles.domain.images import ImageFilter, Status
from circles.domain.pictures import Upload
from circles.usecases.counting.correct import change_run
from circles.usecases.counting.measure import scale_image
from circles.usecases.delete import delete_image
from circles.usecases.detect import detect_again
from circles.usecases.events.dispatch import dispatch_outbox
from circles.usecases.register import register_object
from circles.usecases.upkeep.repair import repair_images
from circles.usecases.upload import upload_image
from tests.unit.fakes.detector import CIRCLE
from tests.unit.fakes.interruptions import Crash, Interruptions, Watched
from tests.unit.fakes.services import FakeServices
from tests.unit.fakes.sink import FakeSink

PICTURES = [b"picture of coins", b"picture of buttons"]
FILES = [*PICTURES, b"no picture"]
KEYS = ["incoming/a.jpg", "incoming/b/c.jpg"]
IDEMPOTENCY_KEYS = [None, "k", "l"]
BATCHES = {None: None, "k": "b", "l": "c"}
"""The batch of an upload by its idempotency key; b is a folder of the bucket, too."""
LIFE = re.compile(r"(uploaded (detected |failed |corrected |scaled )*(deleted |$))*")
"""Allowed event orders of an image. A file that is put again after its deletion has the same id."""

YEAR = timedelta(days=365)
number = st.integers(0, 11)
CALLS = {
    "upload": 8,
    "event": 14,
    "delete": 5,
    "detect_again": 6,
    "correct": 6,
    "restore": 5,
    "scale": 3,
    "repair": 36,
    "send": 8,
    "background": 6,
}
"""Approximate number of port calls, and so of places for an interruption."""
PORTS = {
    "catalogue": SqliteCatalogue,
    "outbox": SqliteOutbox,
    "upkeep": SqliteUpkeep,
    "corrections": SqliteCorrections,
    "scales": SqliteScales,
    "batches": SqliteBatches,
}
OTHERS = [
    "upload",
    "delete",
    "event",
    "repair",
    "send",
    "detect_again",
    "correct",
    "restore",
    "scale",
]


def plans(action, *others):
    """Draw None, or the number of a call and what interrupts it."""
    what = st.sampled_from(["crash", "crash", "unavailable", *(others or OTHERS)])
    return st.one_of(st.tuples(st.integers(0, CALLS[action] - 1), what, number), st.none())


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def version(key, data):
    return object_id("circles", key, hashlib.md5(data).hexdigest())


class Machine(RuleBasedStateMachine):
    """One installation. Clients rely on the images in promised and on files."""

    on_sqlite = False

    def __init__(self):
        super().__init__()
        self.journal = Interruptions()
        self.services = FakeServices(self.journal)
        self.services.rules = replace(
            self.services.rules,
            max_attempts=1000,
            event_max_attempts=1000,
            max_looks=1000,
            keep_runs=2,
            max_pending=3,
        )
        self.services.detector.threshold = 0.5
        self.services.detector.candidates = (replace(CIRCLE, score=0.4),)
        self.sink = self.services.sinks["broker"] = FakeSink(self.journal)
        self.records = tuple(getattr(self.services, port) for port in PORTS)
        self.folder = None
        if self.on_sqlite:
            self._use_sqlite()
        self.promised, self.keys, self.deleted = {}, {}, set()
        self.files, self.events, self.disturbed = {}, [], set()
        self.human, self.scales = {}, {}
        self.processes = count()

    def _use_sqlite(self):
        self.folder = tempfile.TemporaryDirectory()
        path = Path(self.folder.name) / "catalogue.db"
        self.records = [each(path, busy_timeout_s=5) for each in PORTS.values()]
        for port, adapter in zip(PORTS, self.records, strict=True):
            setattr(self.services, port, Watched(adapter, port, self.journal))

    # Actions of clients, other programs and time

    @rule(pick=number, wait=st.booleans(), plan=plans("upload"))
    def upload(self, pick, wait, plan):
        self._interrupted(plan, lambda: self._upload(pick, wait=wait))

    @rule(
        key=st.sampled_from(KEYS),
        data=st.sampled_from(FILES),
        plan=plans("event", "replace", "delete", "event"),
    )
    def put_a_file_and_deliver_its_event(self, key, data, plan):
        self._drop(key, data)
        self._interrupted(plan, lambda: register_object(*self.events[-1], self.services))

    @rule(key=st.sampled_from(KEYS), data=st.sampled_from(FILES))
    def put_a_file(self, key, data):
        self._drop(key, data)

    @rule(pick=number, plan=plans("event", "replace", "delete", "event", "repair"))
    def deliver_an_event_again(self, pick, plan):
        """Deliver an event again, in any order."""
        self._interrupted(plan, lambda: self._event(pick))

    @rule(key=st.sampled_from(KEYS))
    def remove_a_file(self, key):
        self.services.store.blobs.pop(key, None)
        self.files.pop(key, None)
        self.disturbed.add(key)

    @rule(pick=number, plan=plans("delete"))
    def delete(self, pick, plan):
        self._interrupted(plan, lambda: self._delete(pick))

    @rule(pick=number, plan=plans("detect_again"))
    def detect_again(self, pick, plan):
        self._interrupted(plan, lambda: self._detect_again(pick))

    @rule(pick=number, plan=plans("correct"))
    def correct(self, pick, plan):
        self._interrupted(plan, lambda: self._correct(pick))

    @rule(pick=number, plan=plans("restore"))
    def restore(self, pick, plan):
        self._interrupted(plan, lambda: self._restore(pick))

    @rule(pick=number, plan=plans("scale"))
    def scale(self, pick, plan):
        self._interrupted(plan, lambda: self._scale(pick))

    @rule(plan=plans("repair"))
    def repair(self, plan):
        self._interrupted(plan, lambda: repair_images(self.services))

    @rule(plan=plans("send"))
    def send(self, plan):
        self._interrupted(plan, lambda: dispatch_outbox(self.services))

    @rule(plan=plans("background"))
    def run_background_work(self, plan):
        self._interrupted(plan, self.services.run_background)

    @rule(
        passed=st.sampled_from(
            [timedelta(seconds=7), timedelta(minutes=2), timedelta(hours=3), timedelta(days=2)]
        )
    )
    def let_time_pass(self, passed):
        self.services.clock += passed

    @rule(
        what=st.sampled_from(["upload", "event", "repair", "detect_again", "send"]),
        pick=number,
        crash_at=st.one_of(st.none(), st.integers(0, 12)),
    )
    def act_with_a_clock_ahead(self, what, pick, crash_at):
        """A process whose clock is a year ahead acts, and perhaps dies in the middle of it."""
        self.services.clock += YEAR
        plan = None if crash_at is None else (crash_at, "crash")
        self._interrupted(plan, lambda: self._act(what, pick))
        self.services.clock -= YEAR

    @rule(key=st.sampled_from(KEYS), refused=st.booleans())
    def the_store_refuses_a_file(self, key, refused):
        self.services.store.key_errors.pop(key, None)
        if refused:
            self.services.store.key_errors[key] = ObjectRefused("It is archived.")

    @rule(predictor=st.booleans(), sink=st.booleans())
    def dependencies_fail_or_recover(self, predictor, sink):
        self._set(
            self.services.detector,
            "detect",
            None if predictor else DetectorUnavailable("No answer."),
        )
        self._set(self.sink, "send", None if sink else Unavailable("It is unavailable."))

    # Implementation of the actions

    def _interrupted(self, plan, work):
        if plan and plan[1] not in ("crash", "unavailable"):
            plan = (
                plan[0],
                lambda other=plan[1], pick=plan[2]: self._act_as_another_process(other, pick),
            )
        self.journal.schedule(plan and plan[:2])
        try:
            work()
        except Crash:
            self.services.background.clear()  # it was in the memory of the killed process
            self.services.process_id = f"process {next(self.processes)}"
        except CirclesError as error:
            expected = plan or isinstance(error, Backlogged)
            assert expected or not isinstance(error, Unavailable), f"{error!r} without a reason"
        finally:
            self.journal.schedule(None)

    def _act_as_another_process(self, other, pick):
        """Let another process act completely between two calls of the first."""
        first, self.services.process_id = self.services.process_id, f"other {next(self.processes)}"
        try:
            self._act(other, pick)
        except CirclesError:
            pass
        finally:
            self.services.process_id = first

    def _act(self, what, pick):
        acts = {
            "upload": lambda: self._upload(pick),
            "delete": lambda: self._delete(pick),
            "event": lambda: self._event(pick),
            "replace": lambda: self._drop(KEYS[pick % 2], FILES[pick % 3]),
            "detect_again": lambda: self._detect_again(pick),
            "correct": lambda: self._correct(pick),
            "restore": lambda: self._restore(pick),
            "scale": lambda: self._scale(pick),
            "repair": lambda: repair_images(self.services),
            "send": lambda: dispatch_outbox(self.services),
        }
        acts[what]()

    def _upload(self, pick, wait=True):
        data, key = PICTURES[pick % 2], IDEMPOTENCY_KEYS[pick % 3]
        upload = Upload(data, idempotency_key=key, batch=BATCHES[key])
        image = upload_image(upload, self.services, wait=wait)
        if image.image_id in self.deleted:
            return  # deleted by another process before the answer
        if key and self.keys.get(key) in self.promised:
            assert image.image_id == self.keys[key], "a retry made a second image"
        self.promised[image.image_id] = sha256(data)
        self.keys[key] = image.image_id

    def _drop(self, key, data):
        """Put a file. It is promised unless a deletion of the same version is unfinished."""
        if self.services.store.blobs.get(key, data) != data:
            self.disturbed.add(key)
        self.services.store.drop(key, data)
        self.files.pop(key, None)
        if not self.records[2].is_buried(version(key, data)):
            self.files[key] = data
            self.deleted.discard(version(key, data))
        self.events.append(("circles", key, hashlib.md5(data).hexdigest(), len(data)))

    def _event(self, pick):
        if self.events:
            register_object(*self.events[pick % len(self.events)], self.services)

    def _delete(self, pick):
        if image := self._some_image(pick):
            self._forget(image)
            try:
                delete_image(image.image_id, self.services)
            finally:
                self._forget(image)  # a concurrent retry may have promised it again
            self.deleted.add(image.image_id)

    def _forget(self, image):
        """Stop promising this image to clients."""
        self.promised.pop(image.image_id, None)
        if image.key in self.files and version(image.key, self.files[image.key]) == image.image_id:
            del self.files[image.key]

    def _detect_again(self, pick):
        if image := self._some_image(pick):
            detect_again(image.image_id, self.services)

    def _correct(self, pick):
        """Keep some objects and draw one. Half the picks come with an idempotency key."""
        image = self._some_image(pick)
        if image is None or image.detection_id is None:
            return
        objects, candidates = self.records[3].entries(image.image_id, image.detection_id)
        kept = [Kept(each.object_id) for each in (*objects, *candidates)][pick % 2 :]
        drawn = [Drawn((5.0, 5.0), 1.0 + pick)][: pick % 3]
        key = f"key {pick}" if pick % 2 else None
        wanted = Correction(image.detection_id, (*kept, *drawn), key, image.detection_id)
        served = image.detection_id
        run = change_run(image.image_id, wanted, lambda each: each == served, self.services)
        self._remember_run(image.image_id, run.detection_id)

    def _restore(self, pick):
        if image := self._some_image(pick):
            runs = [None, *(run.detection_id for run in self.records[0].runs(image.image_id))]
            wanted = Restore(runs[pick % len(runs)])
            served = image.detection_id
            change_run(image.image_id, wanted, lambda each: each == served, self.services)

    def _scale(self, pick):
        """Mark an object, give the size of a pixel, or remove the scale."""
        image = self._some_image(pick)
        if image is None:
            return
        _, objects = self.records[0].objects(image.image_id, ObjectFilter())
        wanted = [None, NewScale(mm_per_px=1.0 + pick)][pick % 2]
        if objects and pick % 3:
            wanted = NewScale(objects[-1].object_id, 20.0 + pick)
        self.scales.pop(image.image_id, None)  # unknown if this is interrupted
        scaled = scale_image(image.image_id, wanted, self.services)
        self.scales[image.image_id] = scaled.scale and scaled.scale.mm_per_px

    def _remember_run(self, image_id, detection_id):
        """A person relies on the run, and on its parent."""
        self.human.setdefault(image_id, set()).add(detection_id)

    def _set(self, fake, method, error):
        fake.errors.pop(method, None)
        if error:
            fake.errors[method] = error

    # Invariants

    def _images(self):
        return self.records[0].page(ImageFilter(), limit=10_000)

    def _some_image(self, pick):
        images = self._images()
        return images[pick % len(images)] if images else None

    @invariant()
    def an_accepted_image_is_never_lost(self):
        images = {image.image_id: image for image in self._images()}
        for image_id, promised in self.promised.items():
            assert image_id in images, "an image that was promised to a client is gone"
            assert images[image_id].sha256 == promised

    @invariant()
    def what_people_corrected_is_never_lost(self):
        images = {image.image_id: image for image in self._images()}
        for image_id in self.human.keys() & images.keys() & self.promised.keys():
            runs = {run.detection_id: run for run in self.records[0].runs(image_id)}
            assert self.human[image_id] <= runs.keys()
            for run in runs.values():
                assert not run.is_human or run.parent_id in runs

    @invariant()
    def a_scale_is_kept_and_stale_without_its_circle(self):
        for image in self._images():
            if image.image_id not in self.promised:
                continue
            scale = image.scale
            if image.image_id in self.scales:
                assert (scale and scale.mm_per_px) == self.scales[image.image_id]
            if scale and scale.reference:
                _, found = self.records[0].objects(image.image_id, ObjectFilter())
                marked = (scale.reference.centroid, scale.reference.radius_px)
                served = {(each.circle.centroid, each.circle.radius_px) for each in found}
                assert scale.stale is (marked not in served)

    @invariant()
    def one_run_is_served_and_it_is_the_pinned_one(self):
        for image in self._images():
            runs = self.records[0].runs(image.image_id)
            served = [run.detection_id for run in runs if run.served]
            assert served == ([image.detection_id] if image.detection_id else [])
            assert image.pinned_id in (None, image.detection_id)

    @invariant()
    def a_row_has_its_blob(self):
        for image in self._images():
            if image.source == "upload":
                assert sha256(self.services.store.blobs[image.key]) == image.sha256
            else:
                [data] = [data for data in FILES if sha256(data) == image.sha256]
                assert image.image_id == version(image.key, data)

    @invariant()
    def a_clients_file_is_never_changed(self):
        for key, data in self.files.items():
            assert self.services.store.blobs.get(key) == data

    @invariant()
    def nothing_is_doubled(self):
        images = self._images()
        keys = Counter(image.idempotency_key for image in images if image.idempotency_key)
        assert all(count == 1 for count in keys.values())
        own_blobs = Counter(image.key for image in images if image.source == "upload")
        assert all(count == 1 for count in own_blobs.values())

    @invariant()
    def deleted_images_stay_deleted(self):
        assert self.deleted.isdisjoint(image.image_id for image in self._images())

    @invariant()
    def a_status_matches_the_objects_and_pending_images_are_due(self):
        for image in self._images():
            _, found = self.records[0].objects(image.image_id, ObjectFilter())
            assert len(found) == image.object_count
            assert (image.model is not None) or image.status is not Status.DETECTED
            assert (image.due_at is not None) is (image.status is Status.PENDING)

    @invariant()
    def an_image_keeps_its_batch(self):
        batches = {batch.name: batch for batch in self.records[5].page(limit=9)}
        for image in self._images():
            if image.source == "s3":
                assert image.batch == ("b" if image.key == KEYS[1] else None)
            elif image.image_id in self.promised and image.idempotency_key:
                assert image.batch == BATCHES[image.idempotency_key]
            assert image.batch is None or image.batch in batches

    @invariant()
    def each_revision_of_a_batch_is_announced_once(self):
        told = {}
        for event in self._first_deliveries():
            if event.type.endswith("batch.completed"):
                told.setdefault(event.subject, []).append(event.data["revision"])
                assert event.data["pending"] == 0
        for batch in self.records[5].page(limit=9):
            revisions = told.get(batch.name, [])
            assert revisions == list(range(1, len(revisions) + 1))
            assert len(revisions) <= batch.revision

    @invariant()
    def events_of_each_image_are_in_order(self):
        lives = {}
        for event in self._first_deliveries():
            if ".batch." in event.type:
                continue
            lives[event.subject] = (
                lives.get(event.subject, "") + event.type.rpartition(".")[2] + " "
            )
        for life in lives.values():
            assert LIFE.fullmatch(life), life

    def _first_deliveries(self):
        first = {}
        for event in self.sink.taken:
            first.setdefault(event.event_id, event)
        return first.values()

    # Final invariants

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
        """Run repair repeatedly with all dependencies available."""
        self.dependencies_fail_or_recover(predictor=True, sink=True)
        self.services.store.key_errors.clear()
        for _ in range(4):
            self.services.clock += timedelta(days=2)
            report = repair_images(self.services)
            self.services.run_background()
        assert not report.cut_short
        for each in self.invariants:
            each.function(self)

    def _assert_settled(self):
        images = self._images()
        for image in images:
            assert image.status is Status.DETECTED or (
                image.status is Status.FAILED and image.key in self.disturbed
            )
        assert self.records[2].tombstones(limit=9) == []
        assert self.records[1].backlog().pending == 0
        rows = {(image.key, image.sha256) for image in images}
        for key, data in self.services.store.blobs.items():
            known = (key, sha256(data)) in rows
            assert known is (data in PICTURES), f"{key} is {'an' if known else 'no'} image"
        first = list(self._first_deliveries())
        last = {
            event.subject: event.type.rpartition(".")[2]
            for event in first
            if ".batch." not in event.type
        }
        told = Counter(event.subject for event in first if ".batch." in event.type)
        for batch in self.records[5].page(limit=9):
            assert (batch.open, batch.pending) == (False, 0)
            assert told[batch.name] == batch.revision >= 1
        for image_id in last.keys() - {image.image_id for image in images}:
            assert last[image_id] == "deleted"
        for image in images:
            told = last[image.image_id]
            changed = told in ("corrected", "scaled") and image.status == "detected"
            assert told == image.status or changed or told == "scaled"


class OnSqlite(Machine):
    on_sqlite = True


@pytest.mark.parametrize(
    ("machine", "examples"), [(Machine, 400), (OnSqlite, 30)], ids=["fake", "sqlite"]
)
def test_interruptions_lose_or_double_nothing(machine, examples):
    logging.disable()  # thousands of lines that add nothing to the example that hypothesis prints
    try:
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=examples,
                stateful_step_count=30,
                derandomize=True,  # always the same; 4,000 others were tried once
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
    finally:
        logging.disable(logging.NOTSET)
