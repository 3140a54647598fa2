"""Test batches on fakes: their names, their announcement and backpressure."""

import hashlib
from dataclasses import replace
from datetime import timedelta

import pytest

from circles.domain.counting.batches import find_batch
from circles.domain.errors import Backlogged, KeyReused, Malformed, UnsupportedPicture
from circles.domain.identifiers import MAX_BATCH, parse_batch
from circles.domain.images import Status
from circles.domain.pictures import Upload
from circles.usecases.counting.batches import complete_batches
from circles.usecases.register import register_object
from circles.usecases.upkeep.repair import repair_images
from circles.usecases.upload import upload_image
from tests.unit.fakes.faults import unavailable
from tests.unit.fakes.services import FakeServices
from tests.unit.fakes.sink import FakeSink

PICTURE, OTHER = b"picture of coins", b"picture of buttons"
QUIET = timedelta(minutes=2)


@pytest.fixture
def services():
    services = FakeServices()
    services.sinks["broker"] = FakeSink(services.journal)
    return services


def drop(services, key, data=PICTURE):
    """Put a file and return the arguments of its event."""
    services.store.drop(key, data)
    return ("circles", key, hashlib.md5(data).hexdigest(), len(data))


def told(services):
    """Return the data of the events batch.completed that were sent."""
    services.run_background()
    taken = services.sinks["broker"].taken
    return [each.data for each in taken if each.type == "org.example.batch.completed"]


def complete(services):
    return complete_batches(services.now() + timedelta(hours=1), services)


# Names


@pytest.mark.parametrize("name", ["a", "Lieferung 7 (münzen)", "...", "a" * MAX_BATCH, "%2F"])
def test_names_of_folders_are_batches(name):
    assert parse_batch(name) == name
    assert find_batch(f"incoming/{name}/b/c.jpg", "incoming/") == name


WRONG = ["", ".", "..", "a/b", "a\\b", "a\x00", "a\nb", "\u202ea", "a\ufffd", "a" * 101, "a" * 1000]


@pytest.mark.parametrize("name", WRONG)
def test_other_names_are_refused(name):
    with pytest.raises(Malformed):
        parse_batch(name)


@pytest.mark.parametrize("name", ["a\\b", "a\nb", "\u202ea", "a\ufffd", "a" * 101, "a" * 1000])
def test_file_in_such_a_folder_has_no_batch(services, name):
    image = register_object(*drop(services, f"incoming/{name}/c.jpg"), services)

    assert (image.status, image.batch) == (Status.DETECTED, None)


@pytest.mark.parametrize("key", ["incoming/c.jpg", "images/a/c.jpg", "other/incoming/a/c.jpg"])
def test_only_folders_of_the_prefix_are_batches(key):
    assert find_batch(key, "incoming/") is None


# Arrivals


def test_first_folder_of_a_file_is_its_batch(services):
    image = register_object(*drop(services, "incoming/d7/left/c.jpg"), services)

    assert image.batch == "d7"
    assert services.catalogue.tables.batches["d7"].open


def test_adopted_file_has_the_batch_of_its_folder(services):
    drop(services, "incoming/d7/c.jpg")
    services.clock += services.rules.adopt_after
    repair_images(services)

    [image] = services.catalogue.images.values()
    assert (image.batch, image.status) == ("d7", Status.DETECTED)


def test_refused_file_opens_no_batch(services):
    with pytest.raises(UnsupportedPicture):
        register_object(*drop(services, "incoming/d7/c.txt", b"text"), services)

    assert services.catalogue.tables.batches == {}


def test_upload_names_its_batch(services):
    image = upload_image(Upload(PICTURE, batch="d7"), services)

    assert (image.batch, image.status) == ("d7", Status.DETECTED)


def test_same_key_with_another_batch_is_refused(services):
    first = upload_image(Upload(PICTURE, idempotency_key="k", batch="a"), services)
    for other in ("b", None):
        with pytest.raises(KeyReused, match="another batch"):
            upload_image(Upload(PICTURE, idempotency_key="k", batch=other), services)

    assert upload_image(Upload(PICTURE, idempotency_key="k", batch="a"), services) == first
    assert len(services.catalogue.images) == 1


# Completion


def test_quiet_batch_is_announced_once(services):
    upload_image(Upload(PICTURE, batch="a"), services)
    services.clock += QUIET - timedelta(seconds=1)
    assert complete(services) == 0

    services.clock += timedelta(seconds=1)
    assert [complete(services), complete(services)] == [1, 0]
    [data] = told(services)
    assert (data["batch"], data["revision"], data["open"]) == ("a", 1, False)
    assert (data["pending"], data["detected"], data["failed"]) == (0, 1, 0)


def test_more_images_are_another_revision(services):
    upload_image(Upload(PICTURE, batch="a"), services)
    services.clock += QUIET
    complete(services)
    upload_image(Upload(OTHER, batch="a"), services)
    assert complete(services) == 0

    services.clock += QUIET
    repair_images(services)
    assert [(each["revision"], each["detected"]) for each in told(services)] == [(1, 1), (2, 2)]


def test_pending_image_delays_the_announcement(services):
    services.detector.errors["detect"] = unavailable()
    upload_image(Upload(PICTURE, batch="a"), services)
    services.clock += QUIET
    assert complete(services) == 0

    services.detector.errors.clear()
    services.clock += timedelta(hours=1)
    repair_images(services)
    assert complete(services) == 1


def test_batch_without_sinks_gets_its_revision(services):
    services.sinks.clear()
    upload_image(Upload(PICTURE, batch="a"), services)
    services.clock += QUIET

    assert complete(services) == 1
    [batch] = services.batches.page(limit=9)
    assert (batch.revision, batch.open) == (1, False)


def test_no_batch_is_begun_after_the_limit(services):
    upload_image(Upload(PICTURE, batch="a"), services)
    services.clock += QUIET

    assert complete_batches(services.now(), services) == 0


# Backpressure


@pytest.fixture
def backlogged(services):
    """Return services with as many pending images as are allowed, and one more."""
    services.rules = replace(services.rules, max_pending=1)
    services.detector.errors["detect"] = unavailable()
    for data in (PICTURE, OTHER):
        upload_image(Upload(data), services)
    services.detector.errors.clear()
    services.detector.asked.clear()
    services.run_background()
    return services


@pytest.mark.parametrize("wait", [True, False])
def test_upload_does_not_ask_the_predictor(backlogged, wait):
    image = upload_image(Upload(PICTURE), backlogged, wait=wait)
    backlogged.run_background()

    assert (image.status, image.claimed_until, image.attempts) == (Status.PENDING, None, 0)
    assert backlogged.detector.asked == []


def test_retried_upload_does_not_ask_it_either(backlogged):
    first, again = (upload_image(Upload(PICTURE, idempotency_key="k"), backlogged) for _ in "ab")

    assert again == first and first.status is Status.PENDING
    assert backlogged.detector.asked == []


def test_repair_detects_deferred_uploads(backlogged):
    image = upload_image(Upload(PICTURE), backlogged)
    backlogged.clock += timedelta(hours=1)
    repair_images(backlogged)

    assert backlogged.catalogue.get(image.image_id).status is Status.DETECTED
    assert upload_image(Upload(PICTURE), backlogged).status is Status.DETECTED


def test_as_many_as_allowed_defer_nothing(backlogged):
    backlogged.rules = replace(backlogged.rules, max_pending=2)

    assert upload_image(Upload(PICTURE), backlogged).status is Status.DETECTED


def test_event_of_a_new_file_is_to_be_sent_again(backlogged):
    event = drop(backlogged, "incoming/a/c.jpg")
    with pytest.raises(Backlogged) as raised:
        register_object(*event, backlogged)

    assert (raised.value.event_status, raised.value.retry_after_s) == (503, 30)
    assert len(backlogged.catalogue.images) == 2
    backlogged.clock += timedelta(hours=1)
    repair_images(backlogged)
    assert register_object(*event, backlogged).batch == "a"


def test_event_of_a_known_file_is_done(backlogged):
    backlogged.rules = replace(backlogged.rules, max_pending=2)
    event = drop(backlogged, "incoming/a/c.jpg")
    first = register_object(*event, backlogged)
    backlogged.rules = replace(backlogged.rules, max_pending=1)

    assert register_object(*event, backlogged) == first
