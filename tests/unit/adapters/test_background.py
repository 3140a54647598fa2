"""Test background work: once per key and never in parallel."""

import contextvars
import logging
import threading

import pytest

from circles.adapters.background import Background

pytestmark = pytest.mark.timeout(20)


def threads():
    return [thread for thread in threading.enumerate() if thread.name.startswith("background-")]


@pytest.fixture
def gate():
    """Yield an event that blocks work until the test sets it."""
    opened = threading.Event()
    yield opened
    opened.set()


def test_no_thread_starts_before_the_first_submit():
    before = threads()
    Background(threads=3)

    assert threads() == before


def test_submitted_work_is_done():
    background, done = Background(threads=2), []
    for number in range(50):
        background.submit(lambda number=number: done.append(number), key=str(number))

    assert background.drain(timeout_s=10)
    assert sorted(done) == list(range(50))


def test_waiting_work_of_one_key_is_merged(gate):
    background, done, begun = Background(threads=3), [], threading.Event()

    def first():
        begun.set()
        gate.wait(10)
        done.append("first")

    background.submit(first, key="k")
    assert begun.wait(10)
    for _ in range(5):
        background.submit(lambda: done.append("second"), key="k")
    gate.set()

    assert background.drain(timeout_s=10)
    assert done == ["first", "second"]


def test_work_of_one_key_never_overlaps(gate):
    background, running, most = Background(threads=3), [], []

    def work():
        running.append(1)
        most.append(len(running))
        gate.wait(0.01)
        running.pop()

    for _ in range(20):
        background.submit(work, key="k")
        gate.wait(0.002)

    assert background.drain(timeout_s=10)
    assert set(most) == {1}


def test_slow_key_does_not_delay_others(gate):
    background, done = Background(threads=2), threading.Event()
    background.submit(lambda: gate.wait(10), key="slow")
    background.submit(lambda: gate.wait(10), key="slow")
    background.submit(done.set, key="other")

    assert done.wait(5)
    assert not background.drain(timeout_s=0.01)


def test_failed_work_is_logged_and_the_next_runs(caplog):
    background, done = Background(threads=1), []
    background.submit(lambda: 1 / 0, key="a")
    background.submit(lambda: done.append(1), key="b")

    assert background.drain(timeout_s=10)
    assert done == [1]
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


def test_work_has_the_context_of_its_caller():
    variable, background, seen = contextvars.ContextVar("variable"), Background(threads=1), []
    for value in "ab":
        variable.set(value)
        background.submit(lambda: seen.append(variable.get()), key=value)

    assert background.drain(timeout_s=10)
    assert seen == ["a", "b"]


def test_work_beyond_the_queue_limit_is_dropped(gate):
    background, begun, done = Background(threads=1, most_waiting=3), threading.Event(), []
    background.submit(lambda: begun.set() or gate.wait(10), key="first")
    assert begun.wait(5)
    for number in range(10):
        background.submit(lambda number=number: done.append(number), key=str(number))
    gate.set()

    assert background.drain(timeout_s=10)
    assert done == [0, 1, 2]


def test_threads_start_only_as_needed(gate):
    before = len(threads())
    background = Background(threads=3)
    background.submit(lambda: None, key="a")
    assert background.drain(timeout_s=10)
    background.submit(lambda: None, key="b")
    assert background.drain(timeout_s=10)

    assert len(threads()) - before == 1
