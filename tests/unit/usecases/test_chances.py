"""Test on fakes what uses up an image's chances, what delays repair, and what stops it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from circles.domain.errors import (
    DetectorFailed,
    DetectorRefused,
    DetectorUnavailable,
    ObjectRefused,
    Overloaded,
    TooLarge,
    UndecodablePicture,
)
from circles.domain.images import ImageFilter, Status
from circles.domain.pictures import Upload
from circles.usecases.detect import detect_again
from circles.usecases.register import register_object
from circles.usecases.upkeep.repair import repair_images
from circles.usecases.upload import upload_image
from tests.unit.fakes.faults import unavailable
from tests.unit.fakes.services import FakeServices
from tests.unit.usecases.test_register import PICTURE, drop
from tests.unit.usecases.test_repair import facts

POISON = b"picture of poison"
KEYED = Upload(PICTURE, idempotency_key="k")


@pytest.fixture
def services():
    services = FakeServices()
    services.rules = replace(services.rules, give_up_after=timedelta(days=1))
    return services


class Predictor:
    """Refuses poison, and is unavailable while away."""

    def __init__(self, services):
        self._detector, self.away, self.asked = services.detector, False, []
        services.detector = self

    def detect(self, picture):
        self.asked.append(picture.data)
        if self.away:
            raise DetectorUnavailable("The predictor cannot be reached.")
        if picture.data.endswith(POISON):
            raise DetectorRefused("The predictor answered 422.")
        return self._detector.detect(picture)


def statuses(services):
    images = services.catalogue.page(ImageFilter(), limit=99)
    return {status: [each.status for each in images].count(status) for status in Status}


# Outages and refusals


def test_poison_pictures_do_not_delay_good_ones(services):
    """30 that the predictor refuses, then three good ones whose upload met an outage."""
    predictor = Predictor(services)
    for _ in range(30):
        upload_image(Upload(POISON), services)
    predictor.away = True
    good = [upload_image(Upload(PICTURE), services) for _ in range(3)]
    services.clock += timedelta(minutes=5)
    assert facts(repair_images(services))["cut_short"]
    predictor.away = False
    services.clock += timedelta(minutes=5)
    repair_images(services)

    assert {services.catalogue.get(each.image_id).status for each in good} == {Status.DETECTED}


def test_pictures_on_which_the_predictor_fails_delay_no_others(services):
    """30 that look like an outage each, then three good ones that met one."""
    for _ in range(30):
        upload_image(Upload(POISON), services, wait=False)
    good = [upload_image(Upload(PICTURE), services, wait=False) for _ in range(3)]
    detect = services.detector.detect

    def fail_on_poison(picture):
        if picture.data.endswith(POISON):
            raise DetectorUnavailable("The predictor answered 500.")
        return detect(picture)

    services.detector.detect = fail_on_poison
    services.clock += timedelta(minutes=5)

    assert facts(repair_images(services)) == {"cut_short": True, "detected": 3, "put_off": 6}
    assert {services.catalogue.get(each.image_id).status for each in good} == {Status.DETECTED}


def test_refused_picture_is_tried_twice(services):
    predictor = Predictor(services)
    image = upload_image(Upload(POISON), services)
    assert (image.status, image.error) == (Status.PENDING, "The predictor answered 422.")
    for _ in range(9):
        services.clock += timedelta(hours=1)
        repair_images(services)

    assert services.catalogue.get(image.image_id).status is Status.FAILED
    assert len(predictor.asked) == 2


@pytest.mark.parametrize("error", [TooLarge, UndecodablePicture])
def test_picture_without_a_copy_is_tried_twice(services, error):
    services.pictures.errors["upright"] = error("It cannot be turned.")
    image = upload_image(Upload(PICTURE), services)
    for _ in range(9):
        services.clock += timedelta(hours=1)
        repair_images(services)

    image = services.catalogue.get(image.image_id)
    assert (image.status, image.attempts) == (Status.FAILED, 2)


def test_no_memory_at_this_moment_is_not_an_attempt(services):
    services.pictures.errors["upright"] = Overloaded("Other pictures need the memory.")
    image = upload_image(Upload(PICTURE), services)

    assert (image.status, image.attempts) == (Status.PENDING, 0)


def test_outages_are_not_refusals(services):
    predictor = Predictor(services)
    predictor.away = True
    image = upload_image(Upload(POISON), services)
    for _ in range(2):
        services.clock += timedelta(hours=1)
        repair_images(services)
    predictor.away = False
    services.clock += timedelta(hours=1)
    repair_images(services)

    image = services.catalogue.get(image.image_id)
    assert (image.status, image.refused_attempts, image.attempts) == (Status.PENDING, 1, 4)


@pytest.mark.parametrize(
    ("error", "stopped"),
    [
        (DetectorUnavailable("It is away."), True),
        (unavailable(), True),  # the store, from which the picture is read
        (DetectorRefused("It answered 422."), False),
        (DetectorFailed("Its answer cannot be used."), False),
    ],
)
def test_only_outages_stop_a_repair(services, error, stopped):
    services.detector.errors["detect"] = error
    for _ in range(10):
        upload_image(Upload(PICTURE), services)
    services.clock += timedelta(hours=2)
    report = facts(repair_images(services))

    assert report.get("cut_short", False) is stopped
    assert report.get("put_off", 0) + report.get("failed", 0) == (3 if stopped else 10)


def test_an_answer_between_outages_starts_the_count_anew(services):
    for _ in range(9):
        upload_image(Upload(PICTURE), services, wait=False)
    services.clock += timedelta(hours=2)
    answers = iter([True, True, False] * 3)

    class Unsteady:
        def detect(self, picture):
            if next(answers):
                raise DetectorUnavailable("It is away.")
            return steady.detect(picture)

    steady, services.detector = services.detector, Unsteady()

    assert facts(repair_images(services)) == {"detected": 3, "put_off": 6}


def test_store_or_catalogue_outage_costs_no_attempt(services):
    services.detector.errors["detect"] = DetectorUnavailable("It is away.")
    image = upload_image(Upload(PICTURE), services)
    services.store.errors["get"] = unavailable()
    services.clock += timedelta(hours=2)
    repair_images(services)
    after = services.catalogue.get(image.image_id)

    assert (after.attempts, after.status, after.error) == (1, Status.PENDING, str(unavailable()))
    assert after.due_at > services.clock


# What clients ask for


@pytest.mark.parametrize("how", ["keyed", "again", "event", "async"])
def test_requests_use_up_no_chance_and_delay_nothing(services, how):
    services.detector.errors["detect"] = DetectorUnavailable("It is away.")
    event = drop(services)
    first = register_object(*event, services) if how == "event" else upload_image(KEYED, services)
    services.clock = first.due_at
    for _ in range(50):
        if how == "keyed":
            upload_image(KEYED, services)
        elif how == "async":
            upload_image(KEYED, services, wait=False)
            services.run_background()
        elif how == "event":
            register_object(*event, services)
        else:
            with pytest.raises(DetectorUnavailable):
                detect_again(first.image_id, services)

    now = services.catalogue.get(first.image_id)
    assert (now.attempts, now.due_at, now.status) == (1, first.due_at, Status.PENDING)
    services.detector.errors.clear()
    assert repair_images(services).detected == 1


@pytest.mark.parametrize("how", ["keyed", "event", "async"])
def test_retry_of_a_failed_image_detects_it(services, how):
    services.rules = replace(services.rules, max_attempts=1, give_up_after=timedelta(0))
    services.detector.errors["detect"] = DetectorFailed("No answer.")
    event = drop(services)
    retry = {
        "keyed": lambda: upload_image(KEYED, services),
        "event": lambda: register_object(*event, services),
        "async": lambda: upload_image(KEYED, services, wait=False),
    }[how]
    image = retry()
    services.run_background()
    assert services.catalogue.get(image.image_id).status is Status.FAILED
    again = retry()
    services.run_background()
    assert services.catalogue.get(again.image_id).status is Status.FAILED

    services.detector.errors.clear()
    retry()
    services.run_background()
    assert services.catalogue.get(image.image_id).status is Status.DETECTED
    assert len(services.catalogue.images) == 1


def test_client_that_ends_the_process_uses_up_a_chance(services):
    image = upload_image(KEYED, services, wait=False)
    services.detector.errors["detect"] = KeyboardInterrupt()  # as good as a kill
    for number in range(1, 4):
        with pytest.raises(KeyboardInterrupt):
            detect_again(image.image_id, services)
        services.clock += services.rules.lease
        assert services.catalogue.get(image.image_id).attempts == number


# Giving up


def test_giving_up_takes_attempts_time_and_a_last_try(services):
    services.detector.errors["detect"] = DetectorUnavailable("It is away.")
    image = upload_image(Upload(PICTURE), services)
    began = services.clock
    while services.clock < began + timedelta(hours=23):
        services.clock += timedelta(minutes=30)
        repair_images(services)
    tired = services.catalogue.get(image.image_id)
    assert tired.status is Status.PENDING
    assert tired.attempts > services.rules.max_attempts

    asked = services.detector.journal.count("detector.detect")
    services.clock = began + timedelta(hours=26)
    assert repair_images(services).failed == 1
    assert services.detector.journal.count("detector.detect") == asked + 1
    assert services.catalogue.get(image.image_id).error == "It is away."


def test_last_try_may_succeed(services):
    services.detector.errors["detect"] = DetectorUnavailable("It is away.")
    image = upload_image(Upload(PICTURE), services)
    services.catalogue.images[image.image_id] = replace(image, attempts=99)
    services.detector.errors.clear()
    services.clock += timedelta(days=9)

    assert facts(repair_images(services)) == {"detected": 1}


def test_time_alone_gives_nothing_up(services):
    services.detector.errors["detect"] = DetectorUnavailable("It is away.")
    upload_image(Upload(PICTURE), services)
    services.clock += timedelta(days=9)

    assert facts(repair_images(services)) == {"put_off": 1}


# A clock that was ahead


def test_image_of_a_clock_ahead_is_detected_at_once(services):
    right = services.clock
    services.clock += timedelta(days=365)
    services.detector.errors["detect"] = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        upload_image(KEYED, services)
    services.detector.errors.clear()
    services.clock = right

    assert detect_again(next(iter(services.catalogue.images)), services).status is Status.DETECTED


def test_repair_believes_no_moment_of_a_clock_ahead(services):
    right = services.clock
    services.clock += timedelta(days=365)
    services.detector.errors["detect"] = DetectorUnavailable("It is away.")
    upload_image(Upload(PICTURE), services)
    services.upkeep.errors["end_lease"] = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        repair_images(services)
    services.detector.errors.clear(), services.upkeep.errors.clear()
    services.clock = right
    drop(services)

    report = facts(repair_images(services))
    assert (report["detected"], report["blobs_without_row_seen"]) == (1, 1)


# What ends processes


def killed(services, call, **more):
    """Let decoding end the process that does call, and another take its place."""
    services.pictures.errors["read"] = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        call()
    services.pictures.errors.clear()
    services.process_id = f"after {services.process_id}"


def test_object_that_ends_processes_is_refused(services):
    event = drop(services)

    def register():
        return register_object(*event, services)

    for _ in range(services.rules.max_looks):
        killed(services, register)
        services.clock += 2 * services.rules.lease
    with pytest.raises(UndecodablePicture, match="ended 3 processes"):
        register()
    services.journal.clear()
    with pytest.raises(UndecodablePicture):
        register()

    assert "pictures.read" not in services.journal
    assert services.catalogue.images == {}


def test_object_that_just_ended_processes_is_left_for_later(services):
    """Until their looks run out they may be at work still: refusing would be too early."""
    event = drop(services)
    for _ in range(services.rules.max_looks):
        killed(services, lambda: register_object(*event, services))
    services.journal.clear()
    with pytest.raises(type(unavailable())):
        register_object(*event, services)
    assert "pictures.read" not in services.journal
    assert services.catalogue.tables.refusals == {}

    services.clock += 2 * services.rules.lease
    with pytest.raises(UndecodablePicture):
        register_object(*event, services)


def test_adoption_survives_what_ends_processes(services):
    drop(services, key="incoming/a"), drop(services, PICTURE + b"2", key="incoming/b")
    services.clock += services.rules.adopt_after
    read, ended = services.pictures.read, []

    def read_or_die(data):
        if data == PICTURE:
            ended.append(data)
            raise KeyboardInterrupt
        return read(data)

    services.pictures.read = read_or_die
    for number in range(8):
        services.process_id = str(number)
        services.clock += timedelta(minutes=10)
        try:
            repair_images(services)
        except KeyboardInterrupt:
            continue

    assert len(ended) == services.rules.max_looks
    assert [image.key for image in services.catalogue.images.values()] == ["incoming/b"]
    assert [each.key for each in services.catalogue.tables.refusals.values()] == ["incoming/a"]


def test_adoption_goes_on_behind_what_ended_the_process(services):
    keys = [f"incoming/{number}" for number in range(4)]
    for number, key in enumerate(keys):
        drop(services, PICTURE + b"%d" % number, key=key)
    services.clock += services.rules.adopt_after
    for _ in keys[:-1]:
        killed(services, lambda: repair_images(services))
        services.clock += timedelta(minutes=10)
    repair_images(services)

    assert [image.key for image in services.catalogue.images.values()] == keys[-1:]


@pytest.mark.parametrize("error", [unavailable(), ValueError("ours"), MemoryError()])
def test_failed_look_does_not_count(services, error):
    event = drop(services)
    services.pictures.errors["read"] = error
    for number in range(9):
        services.process_id = str(number)
        services.clock += 2 * services.rules.lease
        with pytest.raises(type(error)):
            register_object(*event, services)
    services.pictures.errors.clear()

    assert register_object(*event, services).status is Status.DETECTED
    assert services.catalogue.tables.looks == {}


# Objects that the store refuses


def test_refused_object_is_recorded_with_its_reason(services):
    event = drop(services, key="incoming/a")
    services.store.key_errors["incoming/a"] = ObjectRefused("It is archived.")
    with pytest.raises(ObjectRefused, match="archived"):
        register_object(*event, services)

    [refusal] = services.catalogue.tables.refusals.values()
    assert (refusal.code, refusal.detail) == ("object-refused", "It is archived.")


def test_refused_object_is_asked_for_again_after_a_while(services):
    drop(services, key="incoming/a")
    services.store.key_errors["incoming/a"] = ObjectRefused("It is archived.")
    services.clock += services.rules.adopt_after
    assert facts(repair_images(services)) == {"refused": 1}
    services.store.key_errors.clear()
    assert facts(repair_images(services)) == {}

    services.clock += services.rules.adopt_after + timedelta(minutes=1)
    assert facts(repair_images(services)) == {"adopted": 1}
