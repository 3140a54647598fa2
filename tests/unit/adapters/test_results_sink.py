"""Test on fakes that results survive crashes, and that a late event does no harm."""

from datetime import timedelta

import pytest

from circles.adapters.results_sink import ResultsSink
from circles.domain.events import RESULTS
from circles.usecases.delete import delete_image
from circles.usecases.events.dispatch import dispatch_outbox
from circles.usecases.register import register_object
from circles.usecases.upkeep.repair import repair_images
from tests.unit.fakes.interruptions import Crash, Interruptions
from tests.unit.fakes.services import FakeServices
from tests.unit.usecases.test_register import drop

RESULT, SUMMARY = "results/d7/a.jpg.json", "results/d7/summary.csv"


@pytest.fixture
def services():
    services = FakeServices(journal=Interruptions())
    services.sinks = {RESULTS: ResultsSink(services, "results/")}
    return services


def results(services):
    return sorted(key for key in services.store.blobs if key.startswith("results/"))


def bring_in(services, key="incoming/d7/a.jpg"):
    return register_object(*drop(services, key=key), services)


def live_through(services, work, calls):
    """Do work that is killed before a call, then let repairs finish what it left."""
    services.journal.schedule((calls, "crash"))
    try:
        work()
        services.run_background()
        finished = True
    except Crash:
        finished = False
    services.background.clear()
    services.journal.schedule(None)
    for _ in range(4):
        services.clock += timedelta(hours=2)  # leases, claims and waits are over
        repair_images(services)
    services.background.clear()
    return finished


@pytest.mark.parametrize("calls", range(40))
def test_crash_before_any_call_loses_no_result(services, calls):
    event = drop(services, key="incoming/d7/a.jpg")

    live_through(services, lambda: register_object(*event, services), calls)
    services.clock += timedelta(days=2)  # a file whose event was lost is found by the sweep
    for _ in range(4):
        services.clock += timedelta(hours=2)
        repair_images(services)

    assert results(services) == [RESULT, SUMMARY]
    assert len(services.store.blobs[SUMMARY].splitlines()) == 2


@pytest.mark.parametrize("calls", range(30))
def test_crash_in_a_deletion_leaves_no_result(services, calls):
    image = bring_in(services)
    services.run_background()
    services.clock += timedelta(hours=1)
    repair_images(services)
    assert results(services) == [RESULT, SUMMARY]

    live_through(services, lambda: delete_image(image.image_id, services), calls)

    if image.image_id in services.catalogue.images:  # it was killed before
        assert results(services) == [RESULT, SUMMARY]
    else:
        assert results(services) == []


def test_late_event_of_a_deleted_image_writes_nothing(services):
    image = bring_in(services)
    sink = services.sinks[RESULTS]
    [row] = services.catalogue.tables.outbox
    services.run_background()
    delete_image(image.image_id, services)
    services.run_background()

    sink.send(row.queued.event)

    assert results(services) == []


def test_key_that_the_store_never_takes_is_laid_aside(services):
    key = "incoming/d7/" + "a" * 1010  # with results/ and .json it is too long
    bring_in(services, key)
    services.run_background()

    [row] = services.catalogue.tables.outbox
    assert (row.state, row.queued.attempts) == ("aside", 1)
    assert dispatch_outbox(services) == 0


def test_summary_is_not_written_again_for_each_deletion(services):
    images = [bring_in(services, f"incoming/d7/{number}.jpg") for number in range(5)]
    services.run_background()
    services.clock += timedelta(hours=1)
    repair_images(services)
    for image in images[:4]:
        delete_image(image.image_id, services)
    services.clock += timedelta(seconds=1)
    services.journal.clear()

    services.run_background()

    assert services.journal.count("store.put") == 1
    assert len(services.store.blobs[SUMMARY].splitlines()) == 2
