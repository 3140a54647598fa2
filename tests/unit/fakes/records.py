"""
Fake catalogue, outbox and upkeep on shared tables.

tests/contract/ runs the contract tests against them.
"""

from dataclasses import dataclass, field, replace
from itertools import chain

from circles.domain.catalogue import NO_DOUBT
from circles.domain.counting.batches import Batch
from circles.domain.counting.runs import Run
from circles.domain.detections import FoundObject, touches_edge
from circles.domain.errors import BlobTaken, Buried, IdTaken, KeyTaken, NotFound, ObjectRefused
from circles.domain.events import Delivery, DeliveryState, QueuedEvent, SinkBacklog, nobody
from circles.domain.identifiers import new_id
from circles.domain.images import Backlog, Order, Review, Status, Tombstone
from circles.domain.upkeep import LOOKS_KEPT
from tests.unit.fakes.faults import Faults


@dataclass
class Tables:
    """Hold the rows that the three fakes share."""

    images: dict = field(default_factory=dict)
    runs: dict = field(default_factory=dict)
    scales: dict = field(default_factory=dict)
    batches: dict = field(default_factory=dict)
    tombstones: dict = field(default_factory=dict)
    finished: dict = field(default_factory=dict)
    refusals: dict = field(default_factory=dict)
    leases: dict = field(default_factory=dict)
    looks: dict = field(default_factory=dict)
    tried: dict = field(default_factory=dict)
    bookmarks: dict = field(default_factory=dict)
    usage: dict = field(default_factory=dict)
    outbox: list = field(default_factory=list)
    events: int = 0

    def tell(self, image, announce):
        self.queue(announce(image))
        return image

    def queue(self, events):
        for sink, event in events:
            self.events += 1
            self.outbox.append(Waiting(sink, QueuedEvent(self.events, event, 0), event.time))

    def open_batch(self, image):
        """Open the batch of a new image, if it has one."""
        name, now = image.batch, image.created_at
        if name:
            batch = self.batches.get(name) or Batch(name, now, now)
            self.batches[name] = replace(batch, open=True, arrived_at=now)

    def image(self, image_id):
        """Return an image as it is shown. Raises NotFound."""
        if image_id not in self.images:
            raise NotFound("There is no such image.")
        return self.show(self.images[image_id])

    def show(self, image):
        """Return an image with its scale, or that of its batch."""
        shared = [each for each in self.scales.values() if each.batch and each.batch == image.batch]
        scale = self.scales.get(image.scale_id) or (shared[0] if shared else None)
        return replace(image, scale=scale and self.show_scale(scale))

    def show_scale(self, scale):
        """Return a scale with its reference as it is served now."""
        reference = scale.reference
        if reference is None:
            return scale
        image = self.images.get(reference.image_id)
        for each in self.run(image.image_id, image.detection_id).objects if image else ():
            circle = each.circle
            if (circle.radius_px, circle.centroid) == (reference.radius_px, reference.centroid):
                return replace(scale, reference=replace(reference, object_id=each.object_id))
        return replace(scale, stale=True, reference=replace(reference, warnings=()))

    def run(self, image_id, detection_id):
        for held in self.runs.get(image_id, []):
            if held.run.detection_id == detection_id:
                return held
        raise NotFound("This image has no such run.")

    def revealed(self, held):
        """Return the candidates that a run can still reveal."""
        machine = held
        while machine.run.is_human:
            machine = self.run(held.run.image_id, machine.run.parent_id)
        taken = {each.origin_id for each in held.objects if each.origin_id != each.object_id}
        return [each for each in machine.candidates if each.object_id not in taken]

    def serve(self, image, held, announce):
        """Add a run and serve it unless another is pinned. Nothing changes if announcing fails."""
        before, runs = self.images[image.image_id], self.runs[image.image_id]
        self.runs[image.image_id] = [*runs, *([held] if held not in runs else [])]
        run = held.run
        if image.pinned_id not in (None, run.detection_id):
            run = self.run(image.image_id, image.pinned_id).run
        served = replace(
            image,
            detection_id=run.detection_id,
            object_count=run.object_count,
            model=run.model,
            model_version=run.model_version,
            detection_ms=run.duration_ms,
            detected_at=run.created_at,
            threshold=run.threshold,
            sure_count=run.sure_count,
            doubtful_count=run.doubtful_count,
            review=run.review,
        )
        self.images[image.image_id] = served
        try:
            return self.tell(self.show(served), announce)
        except BaseException:
            self.images[image.image_id], self.runs[image.image_id] = before, runs
            raise

    def bury(self, tombstone):
        self.finished.pop(tombstone.image_id, None)
        self.tombstones[tombstone.image_id] = tombstone

    def all_tombstones(self):
        return [*self.tombstones.values(), *(tombstone for tombstone, _ in self.finished.values())]

    def forget_looks(self, object_id):
        for each in [each for each in self.looks if each[0] == object_id]:
            del self.looks[each]

    def has_key(self, key):
        return any(image.key == key for image in self.images.values())


@dataclass
class Waiting:
    """A row of the outbox."""

    sink: str
    queued: QueuedEvent
    due_at: object
    state: str = "waiting"
    error: str | None = None


@dataclass
class HeldRun:
    """A run with its objects and candidates."""

    run: Run
    objects: list
    candidates: list = field(default_factory=list)
    floor: float | None = None


def found_objects(run, circles):
    """Return new objects of a run."""
    ids = [new_id() for _ in circles]
    return [
        FoundObject(each, run.image_id, circle, run.model, run.model_version, each)
        for each, circle in zip(ids, circles, strict=True)
    ]


def show_run(run, image):
    """Return a run with what its image says of it."""
    served, pinned = (run.detection_id == each for each in (image.detection_id, image.pinned_id))
    return replace(run, served=served, pinned=pinned)


class FakeCatalogue(Faults):
    port = "catalogue"

    def __init__(self, journal=None):
        super().__init__(journal)
        self.tables = Tables()
        self.images = self.tables.images

    @property
    def found(self):
        """Return the objects of all runs by id."""
        runs = chain.from_iterable(self.tables.runs.values())
        return {each.object_id: each for held in runs for each in held.objects}

    def add(self, image, *, announce=nobody, quota=None):
        self.reach("add")
        own = [
            each
            for each in self.tables.all_tombstones()
            if each.source == "upload" and each.key == image.key
        ]
        if own or image.image_id in self.tables.tombstones:
            raise Buried
        if image.image_id in self.images:
            raise IdTaken
        if image.idempotency_key and any(
            each.idempotency_key == image.idempotency_key for each in self.images.values()
        ):
            raise KeyTaken
        if image.source == "upload" and self.tables.has_key(image.key):
            self._give_key_to_adopted(image)
        events = announce(image)
        self._spend(quota)
        self.tables.open_batch(image)
        self.tables.forget_looks(image.image_id)
        self.images[image.image_id] = image
        self.tables.runs[image.image_id] = []
        self.tables.tell(image, lambda _: events)

    def _give_key_to_adopted(self, image):
        [other] = [each for each in self.images.values() if each.key == image.key]
        if other.idempotency_key or not image.idempotency_key:
            raise BlobTaken
        name = other.file_name or image.file_name
        key, batch = image.idempotency_key, image.batch
        by = image.created_by
        self._set(other, idempotency_key=key, file_name=name, batch=batch, created_by=by)
        self.tables.open_batch(image)
        raise KeyTaken

    def get(self, image_id):
        self.reach("get")
        return self.tables.image(image_id)

    def find_by_idempotency_key(self, key):
        self.reach("find_by_idempotency_key")
        shown = map(self.tables.show, self.images.values())
        return next((image for image in shown if image.idempotency_key == key), None)

    def page(self, wanted, *, limit, before=None, order=Order.NEWEST):
        self.reach("page")
        place = _newest if order is Order.NEWEST else _doubt
        passing = [
            self.tables.show(image)
            for image in self.images.values()
            if _matches(image, wanted) and (before is None or place(image) < _end(before, order))
        ]
        return sorted(passing, key=place, reverse=True)[:limit]

    def claim(self, image_id, *, now, until, again=False, quota=None):
        self.reach("claim")
        image = self.images.get(image_id)
        if image is None or not (again or image.status is Status.PENDING):
            return None
        if image.claimed_until and now < image.claimed_until <= latest(now, until):
            return None
        self._spend(quota)
        return self._set(
            image, claimed_until=until, attempts=image.attempts + 1, claim=image.claim + 1
        )

    def _spend(self, quota):
        if quota:
            used = self.tables.usage.setdefault((quota.principal, quota.kind, quota.minute), 0)
            if used >= quota.limit:
                raise quota.refuse()
            self.tables.usage[quota.principal, quota.kind, quota.minute] += 1

    def record(
        self, image_id, detection, *, claim, now, counts=True, keep_runs=None, announce=nobody
    ):
        self.reach("record")
        image = self.tables.image(image_id)
        if image.claim != claim:
            return image
        run = Run(
            new_id(),
            image_id,
            detection.model,
            detection.model_version,
            detection.protocol,
            detection.duration_ms,
            len(detection.circles),
            now,
            detection.threshold,
            detection.sure_count,
            detection.doubtful_count,
        )
        detected = replace(
            image,
            status=Status.DETECTED,
            claimed_until=None,
            due_at=None,
            error=None,
            attempts=image.attempts - (not counts),
        )
        objects, candidates = (
            found_objects(run, each) for each in (detection.circles, detection.candidates)
        )
        held = HeldRun(run, objects, candidates, detection.floor)
        detected = self.tables.serve(detected, held, announce)
        if keep_runs is not None:
            self._prune(detected, keep_runs)
        return detected

    def _prune(self, image, keep_runs):
        runs = self.tables.runs[image.image_id]
        kept = {image.detection_id, *(held.run.parent_id for held in runs)}
        machine = [held for held in runs if not held.run.is_human]
        for held in machine[: max(len(machine) - keep_runs, 0)]:
            if held.run.detection_id not in kept:
                runs.remove(held)

    def release(self, image_id, *, claim, error, due_at, counts=True, refused=False):
        self.reach("release")
        image = self.tables.image(image_id)
        if image.claim != claim:
            return image
        return self._set(
            image,
            claimed_until=None,
            error=error,
            due_at=due_at or image.due_at,
            attempts=image.attempts - (not counts),
            refused_attempts=image.refused_attempts + refused,
        )

    def give_up(self, image_id, *, claim, error, announce=nobody):
        self.reach("give_up")
        image = self.tables.image(image_id)
        if image.claim != claim or image.status is not Status.PENDING:
            return image
        failed = self._set(
            image, status=Status.FAILED, claimed_until=None, error=error, due_at=None
        )
        return self.tables.tell(failed, announce)

    def delete(self, image_id, *, now, announce=nobody):
        self.reach("delete")
        image = self.tables.image(image_id)
        tombstone = Tombstone(image_id, image.key, image.source, now)
        self.tables.tell(image, announce)
        self.tables.scales.pop(image.scale_id, None)
        del self.images[image_id]
        self.tables.runs.pop(image_id, None)
        self.tables.bury(tombstone)
        return tombstone

    def objects(self, image_id, wanted):
        self.reach("objects")
        image = self.tables.image(image_id)
        if wanted.detection_id is None and image.detection_id is None:
            return image, []
        held = self.tables.run(image_id, wanted.detection_id or image.detection_id)
        found = held.objects
        threshold = held.run.threshold
        if None not in (threshold, wanted.min_score) and wanted.min_score < threshold:
            found = [*found, *self.tables.revealed(held)]
        return image, [each for each in found if _passes(each, wanted, image, held.run)]

    def object(self, image_id, object_id):
        self.reach("object")
        for held in self.tables.runs.get(image_id, []):
            for found in (*held.objects, *held.candidates):
                if found.object_id == object_id:
                    return found
        raise NotFound("This image has no such object.")

    def runs(self, image_id):
        self.reach("runs")
        image = self.tables.image(image_id)
        return [show_run(held.run, image) for held in reversed(self.tables.runs[image_id])]

    def measure(self):
        return {}

    def ping(self):
        self.reach("ping")

    def backlog(self):
        self.reach("backlog")
        pending = [
            image.created_at for image in self.images.values() if image.status is Status.PENDING
        ]
        return Backlog(len(pending), min(pending, default=None))

    def has_more_pending(self, limit):
        self.reach("has_more_pending")
        return sum(each.status is Status.PENDING for each in self.images.values()) > limit

    def close(self):
        pass

    def _set(self, image, **changes):
        changed = replace(image, **changes)
        if changed.status is not Status.PENDING:
            changed = replace(changed, due_at=None)
        self.images[image.image_id] = changed
        return changed


class FakeOutbox(Faults):
    port = "outbox"

    def __init__(self, tables, journal=None):
        super().__init__(journal)
        self.tables = tables

    def due(self, sink, *, now, latest_due, limit):
        self.reach("due")
        first = {}
        for row in self.tables.outbox:
            if row.sink == sink and row.state == "waiting":
                first.setdefault(row.queued.event.subject, row)
        due = [row for row in first.values() if row.due_at <= now]
        void = [row for row in first.values() if row.due_at > latest_due]
        return [row.queued for row in sorted(due or void, key=lambda row: row.due_at)[:limit]]

    def sent(self, queued):
        self.reach("sent")
        if (row := self._row(queued)) in self.tables.outbox:
            self.tables.outbox.remove(row)

    def put_off(self, queued, *, until, error):
        self.reach("put_off")
        row = self._row(queued)
        row.queued = replace(row.queued, attempts=row.queued.attempts + 1)
        row.due_at, row.error = until, error

    def lay_aside(self, queued, *, error):
        self.reach("lay_aside")
        row = self._row(queued)
        row.queued = replace(row.queued, attempts=row.queued.attempts + 1)
        row.state, row.error = "aside", error

    def backlog(self):
        self.reach("backlog")
        waiting = [row.queued.event.time for row in self.tables.outbox if row.state == "waiting"]
        return Backlog(len(waiting), min(waiting, default=None))

    def count_laid_aside(self):
        self.reach("count_laid_aside")
        return sum(row.state == "aside" for row in self.tables.outbox)

    def deliveries(self, *, sink=None, state=None, limit, before=None):
        self.reach("deliveries")
        found = [
            _delivery(row)
            for row in reversed(self.tables.outbox)
            if sink in (None, row.sink) and state in (None, row.state)
        ]
        return [each for each in found if before is None or each.position < before][:limit]

    def backlogs(self):
        self.reach("backlogs")
        return [
            SinkBacklog(
                sink,
                *(
                    sum(row.sink == sink and row.state == state for row in self.tables.outbox)
                    for state in DeliveryState
                ),
            )
            for sink in sorted({row.sink for row in self.tables.outbox})
        ]

    def replay(self, event_id, sinks, *, now, attempts):
        self.reach("replay")
        found = [
            row
            for row in self.tables.outbox
            if row.queued.event.event_id == event_id and row.sink in sinks
        ]
        for row in found:
            if row.state == "aside":
                row.queued = replace(row.queued, attempts=max(row.queued.attempts, attempts))
            row.state, row.due_at = "waiting", now
        return [_delivery(row) for row in found]

    def close(self):
        pass

    def _row(self, queued):
        same = [row for row in self.tables.outbox if row.queued.position == queued.position]
        return same[0] if same else Waiting("", queued, None)


class FakeUpkeep(Faults):
    port = "upkeep"

    def __init__(self, tables, journal=None):
        super().__init__(journal)
        self.tables = tables

    def due(self, *, now, latest_claim, latest_due, limit):
        self.reach("due")
        due = [
            image
            for image in self.tables.images.values()
            if image.status is Status.PENDING
            and image.due_at is not None
            and not now < image.due_at <= latest_due
            and not (image.claimed_until and now < image.claimed_until <= latest_claim)
        ]
        return sorted(due, key=lambda image: (image.attempts, image.due_at))[:limit]

    def images(self, *, after, limit):
        self.reach("images")
        return [self.tables.images[each] for each in sorted(self.tables.images) if each > after][
            :limit
        ]

    def without_candidates(self, *, after, limit):
        self.reach("without_candidates")
        held = {run.run.detection_id: run for runs in self.tables.runs.values() for run in runs}
        images = [self.tables.images[each] for each in sorted(self.tables.images) if each > after]
        served = [(each, held[each.detection_id]) for each in images if each.detection_id]
        return [image for image, run in served if run.floor is None and not run.run.is_human][
            :limit
        ]

    def unknown_ids(self, object_ids, *, now, refused_for):
        self.reach("unknown_ids")
        refused = {
            object_id
            for object_id, refusal in self.tables.refusals.items()
            if refusal.code != ObjectRefused.code or abs(refusal.refused_at - now) <= refused_for
        }
        return set(object_ids) - set(self.tables.images) - refused - set(self.tables.tombstones)

    def unknown_keys(self, keys):
        self.reach("unknown_keys")
        buried = {tombstone.key for tombstone in self.tables.all_tombstones()}
        return {key for key in keys if not self.tables.has_key(key)} - buried

    def key_in_use(self, key):
        self.reach("key_in_use")
        return self.tables.has_key(key)

    def refuse(self, refusal):
        self.reach("refuse")
        self.tables.refusals[refusal.object_id] = refusal
        self.tables.forget_looks(refusal.object_id)

    def refusal(self, object_id):
        self.reach("refusal")
        return self.tables.refusals.get(object_id)

    def refusals(self, *, key=None, since=None, limit, before=None):
        self.reach("refusals")
        found = [
            each
            for each in self.tables.refusals.values()
            if key in (None, each.key)
            and (since is None or each.refused_at >= since)
            and (before is None or (each.refused_at, each.object_id) < before)
        ]
        return sorted(found, key=lambda each: (each.refused_at, each.object_id), reverse=True)[
            :limit
        ]

    def fill_in_counts(self, *, limit):
        self.reach("fill_in_counts")
        return 0

    def fill_in_sizes(self, *, limit):
        self.reach("fill_in_sizes")
        return 0

    def begin_look(self, object_id, holder, *, now, until):
        self.reach("begin_look")
        for each in [each for each, ends in self.tables.looks.items() if ends < now - LOOKS_KEPT]:
            del self.tables.looks[each]
        others = [
            moment
            for (each, by), moment in self.tables.looks.items()
            if each == object_id and by != holder
        ]
        running = sum(now < moment <= latest(now, until) for moment in others)
        self.tables.looks[object_id, holder] = until
        return len(others) - running, running

    def end_look(self, object_id, holder):
        self.reach("end_look")
        self.tables.looks.pop((object_id, holder), None)

    def bury(self, tombstone):
        self.reach("bury")
        if self.tables.has_key(tombstone.key):
            return False
        self.tables.bury(tombstone)
        return True

    def is_buried(self, image_id):
        self.reach("is_buried")
        return image_id in self.tables.tombstones

    def tombstones(self, *, limit):
        self.reach("tombstones")
        return sorted(self.tables.tombstones.values(), key=self._last_try)[:limit]

    def _last_try(self, tombstone):
        return self.tables.tried.get(tombstone.image_id, tombstone.deleted_at)

    def put_off_tombstone(self, image_id, *, now):
        self.reach("put_off_tombstone")
        self.tables.tried[image_id] = now

    def finish_tombstone(self, image_id, *, now):
        self.reach("finish_tombstone")
        if tombstone := self.tables.tombstones.pop(image_id, None):
            self.tables.finished[image_id] = (tombstone, now)

    def forget_tombstones(self, *, before):
        self.reach("forget_tombstones")
        for image_id, (_, finished_at) in list(self.tables.finished.items()):
            if finished_at < before:
                del self.tables.finished[image_id]

    def lease(self, name, holder, *, now, until):
        self.reach("lease")
        other, ends = self.tables.leases.get(name, (holder, now))
        if other != holder and now < ends <= latest(now, until):
            return False
        self.tables.leases[name] = (holder, until)
        return True

    def end_lease(self, name, holder):
        self.reach("end_lease")
        if self.tables.leases.get(name, (None,))[0] == holder:
            del self.tables.leases[name]

    def bookmark(self, name):
        self.reach("bookmark")
        return self.tables.bookmarks.get(name, "")

    def set_bookmark(self, name, place):
        self.reach("set_bookmark")
        self.tables.bookmarks[name] = place

    def compact(self):
        self.reach("compact")

    def close(self):
        pass


def _delivery(row):
    queued = row.queued
    return Delivery(
        queued.position,
        row.sink,
        DeliveryState(row.state),
        queued.event,
        queued.attempts,
        row.due_at,
        row.error,
    )


def latest(now, until):
    """The latest end of a claim, lease or look of this length that is believed."""
    return until + (until - now)


def _newest(image):
    return (image.created_at, image.image_id)


def _doubt(image):
    doubt = NO_DOUBT if image.doubtful_count is None else image.doubtful_count
    return (doubt, *_newest(image))


def _end(before, order):
    at, image_id, doubt = before
    return (at, image_id) if order is Order.NEWEST else (doubt, at, image_id)


def _matches(image, wanted):
    served = image.detection_id is not None
    low, high = wanted.min_count, wanted.max_count
    return (
        all(
            getattr(wanted, name) in (None, getattr(image, name))
            for name in ("status", "sha256", "batch", "source", "key", "model_version")
        )
        and wanted.review in (None, image.review or Review.NONE)
        and (wanted.since is None or image.created_at >= wanted.since)
        and (wanted.until is None or image.created_at < wanted.until)
        and (low is None or (served and image.object_count >= low))
        and (high is None or (served and image.object_count <= high))
    )


def _passes(found, wanted, image, run):
    circle = found.circle
    scored = run.is_human if circle.score is None else circle.score >= (wanted.min_score or 0)
    return (
        (wanted.min_score is None or scored)
        and (wanted.min_radius_px is None or circle.radius_px >= wanted.min_radius_px)
        and (wanted.max_radius_px is None or circle.radius_px <= wanted.max_radius_px)
        and wanted.on_edge in (None, touches_edge(circle.bbox, image.width, image.height))
    )
