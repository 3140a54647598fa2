"""cut_off calls its end once it is due, and never after its block."""

import gc
import threading
import time
import weakref

from circles.adapters.deadlines import _cuts, cut_off

WAIT_S = 30
"""Longer than any of these takes."""


def test_calls_end_once_it_is_due():
    called = threading.Event()
    with cut_off(0.01, called.set):
        assert called.wait(WAIT_S)


def test_calls_end_at_once_if_it_is_overdue():
    called = threading.Event()
    with cut_off(-1, called.set):
        assert called.wait(WAIT_S)


def test_does_not_call_end_after_its_block():
    calls = []
    with cut_off(0.05, lambda: calls.append("early")):
        pass
    called = threading.Event()
    with cut_off(0.1, called.set):
        assert called.wait(WAIT_S)
    assert not calls


def test_calls_the_earlier_one_first():
    order, last = [], threading.Event()
    with (
        cut_off(WAIT_S * 10, lambda: order.append("late")),
        cut_off(0.06, last.set),
        cut_off(0.01, lambda: order.append("soon")),
    ):
        assert last.wait(WAIT_S)
    assert order == ["soon"]


def test_an_end_that_fails_does_not_stop_others():
    called = threading.Event()
    with cut_off(0.01, lambda: 1 / 0), cut_off(0.02, called.set):
        assert called.wait(WAIT_S)


def test_a_cancelled_end_is_forgotten():
    class Socket:
        def shutdown(self):
            pass

    used = Socket()
    known = weakref.ref(used)
    with cut_off(WAIT_S * 10, used.shutdown):
        pass
    del used
    gc.collect()
    assert known() is None


def test_one_thread_serves_many_callers():
    called = [threading.Event() for _ in range(50)]

    def wait_for(event):
        with cut_off(0.01, event.set):
            assert event.wait(WAIT_S)

    callers = [threading.Thread(target=wait_for, args=[event]) for event in called]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert all(event.is_set() for event in called)
    assert sum(thread.name == "cuts" for thread in threading.enumerate()) == 1


def test_a_queue_of_cancelled_ones_is_emptied():
    for _ in range(1000):
        with cut_off(WAIT_S * 10, time.time):
            pass
    for _ in range(2):  # what the first one's end leaves is removed before the second's
        called = threading.Event()
        with cut_off(0, called.set):
            assert called.wait(WAIT_S)
    assert len(_cuts._queue) <= 2
